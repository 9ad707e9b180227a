// Dispatch, help, completion, exit codes: what needs no server.
#include "controller/cli/arguments.hpp"
#include "controller/cli/completion.hpp"
#include "controller/cli/errors.hpp"
#include "controller/cli/help.hpp"
#include "controller/core/types.hpp"
#include "tests/cli/scripted_server.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

using namespace sweepd;
using namespace sweepd::cli;
using test::session;

TEST_CASE("help: the overview names every command and the server's own") {
  session s;
  CHECK(s.run({"help"}) == 0);
  for (const auto& c : commands()) CHECK_MESSAGE(s.out.find(c.name) != std::string::npos, c.name);
  for (const auto* name : {"serve", "agent SWEEP", "exit-codes", "settings"})
    CHECK(s.out.find(name) != std::string::npos);
  CHECK(s.err.empty());
  const auto overview_text = s.out;
  CHECK(s.run({"--help"}) == 0);
  CHECK(s.out == overview_text);
}

TEST_CASE("help: every command has a page with usage, options and an example") {
  session s;
  for (const auto& c : commands()) {
    std::vector<std::string> words{"help"};
    words.emplace_back(c.name);
    INFO(c.name);
    CHECK(s.run(words) == 0);
    CHECK(s.out.starts_with("usage: sweepd " + std::string(c.name)));
    CHECK(s.out.find("\nExamples\n  ") != std::string::npos);
    for (const auto& o : c.options)
      CHECK(s.out.find("--" + std::string(o.name)) != std::string::npos);
    for (std::istringstream lines(s.out); lines;) {
      std::string line;
      std::getline(lines, line);
      CHECK_MESSAGE(line.size() <= 110, line);
    }
  }
}

TEST_CASE("help: COMMAND --help and the words of two-word commands work too") {
  session s;
  CHECK(s.run({"policy", "set", "--help"}) == 0);
  CHECK(s.out.starts_with("usage: sweepd policy set SWEEP FILE"));
  CHECK(s.run({"help", "policy", "set"}) == 0);
  CHECK(s.out.starts_with("usage: sweepd policy set SWEEP FILE"));
  CHECK(s.run({"help", "policy"}) == 0);
  CHECK(s.out.find("sweepd policy replay") != std::string::npos);
  CHECK(s.run({"help", "serve"}) == 0);
}

TEST_CASE("exit codes: the documented table is the one that is used") {
  session s;
  CHECK(s.run({"help", "exit-codes"}) == 0);
  std::vector<int> documented;
  for (const auto& row : exit_codes()) {
    documented.push_back(row.code);
    CHECK(s.out.find(std::to_string(row.code) + "  " + std::string(row.meaning)) !=
          std::string::npos);
  }
  CHECK(documented == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 65, 69, 130});
  CHECK(exit_code_of(errc::invalid) == 65);
  CHECK(exit_code_of(errc::too_large) == 65);
  CHECK(exit_code_of(errc::not_found) == 5);
  CHECK(exit_code_of(errc::conflict) == 6);
  CHECK(exit_code_of(errc::unauthorized) == 4);
  CHECK(exit_code_of(errc::forbidden) == 4);
  CHECK(exit_code_of(errc::busy) == 69);
  CHECK(exit_code_of(errc::unavailable) == 69);
  CHECK(exit_code_of(errc::disk_full) == 69);
  CHECK(exit_code_of(errc::internal) == 1);
}

TEST_CASE("typos: the nearest command, second word and option are named, and it is a usage error") {
  session s;
  CHECK(s.run({"sweps"}) == 2);
  CHECK(s.err ==
        "error: there is no command 'sweps'; did you mean 'sweeps'? — 'sweepd help' lists them\n");
  CHECK(s.run({"policy", "shwo"}) == 2);
  CHECK(s.err.find("did you mean 'show'?") != std::string::npos);
  CHECK(s.run({"policy"}) == 2);
  CHECK(s.err.find("show, set, preview and replay") != std::string::npos);
  CHECK(s.run({"runs", "--older-then", "30m"}) == 2);
  CHECK(s.err.find("did you mean '--older-than'?") != std::string::npos);
  CHECK(s.run({"runs", "--state", "crased"}) == 2);
  CHECK(s.err.find("did you mean 'crashed'?") != std::string::npos);
  CHECK(s.run({"help", "expain"}) == 2);
  CHECK(s.err.find("did you mean 'explain'?") != std::string::npos);
  CHECK(s.out.empty());
}

TEST_CASE("usage errors: missing and superfluous words, bad numbers, durations and formats") {
  session s;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"--no-headers"},
                                             {"show"},
                                             {"show", "a", "b"},
                                             {"runs", "--older-than", "30"},
                                             {"runs", "--limit", "x"},
                                             {"sweeps", "-o", "xml"},
                                             {"sweeps", "--color", "green"},
                                             {"sweeps", "-o"},
                                             {"sweeps", "--state", "runing"},
                                             {"tune", "k3f9"},
                                             {"tune", "k3f9", "--run-cap", "0"},
                                             {"mark-failed"},
                                             {"wait", "k3f9", "--for", "godot"},
                                             {"keys", "create", "x"},
                                             {"keys", "create", "x", "--role", "king"},
                                             {"completion", "tcsh"}}) {
    INFO(words.size(), " ", words.empty() ? "" : words.front());
    CHECK(s.run(words) == 2);
    CHECK_FALSE(s.err.empty());
    CHECK(s.out.empty());
  }
}

TEST_CASE("options: the words offered for states, causes, health and roles are the core's own") {
  const auto words = []<class E>(E) {
    std::string out;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
      const auto word = sweepd::json::enum_name(d.value);
      if (word != "none") out += (out.empty() ? "" : " ") + std::string(word);
    });
    return out;
  };
  const auto choices = [](std::string_view name, std::string_view option_name) {
    for (const auto& o : find_command(name)->options)
      if (o.name == option_name) return std::string(o.choices);
    return std::string{};
  };
  CHECK(choices("runs", "state") == words(core::run_state{}));
  CHECK(choices("export", "state") == words(core::run_state{}));
  CHECK(choices("mark-failed", "cause") == words(core::cause{}));
  CHECK(choices("runs", "health") == words(core::run_health{}));
  CHECK(choices("sweeps", "state") == words(core::sweep_state{}));
  CHECK(choices("keys create", "role") == words(core::role{}));
}

TEST_CASE("version: the flag and the command agree") {
  session s;
  CHECK(s.run({"--version"}) == 0);
  CHECK(s.out == "sweepd " SWEEPD_VERSION "\n");
  CHECK(s.run({"version"}) == 0);
  CHECK(s.out == "sweepd " SWEEPD_VERSION "\n");
}

TEST_CASE("split_command_line: common options may stand before the command") {
  auto line = split_command_line({"--url", "http://a:1", "-o", "json", "policy", "show", "k3"});
  CHECK(line.name == "policy show");
  CHECK(line.words == std::vector<std::string>{"--url", "http://a:1", "-o", "json", "k3"});
  line = split_command_line({"show", "policy"});
  CHECK(line.name == "show");
  line = split_command_line({"-q"});
  CHECK(line.name.empty());
}

TEST_CASE("completion: every command, second word and long option is in every shell's script") {
  session s;
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    CHECK(s.run({"completion", shell}) == 0);
    for (const auto& c : commands()) {
      std::istringstream words{std::string(c.name)};
      for (std::string word; words >> word;)
        CHECK_MESSAGE(s.out.find(word) != std::string::npos, shell << " " << c.name);
      for (const auto& o : c.options)
        CHECK_MESSAGE(s.out.find(std::string(o.name)) != std::string::npos,
                      shell << " " << c.name << " --" << o.name);
    }
    for (const auto* word : {"serve", "agent", "help"})
      CHECK(s.out.find(word) != std::string::npos);
  }
  CHECK(completion_script("tcsh").empty());
}

TEST_CASE(
    "completion: the bash script completes commands, second words, options and their values") {
  session s;
  REQUIRE(s.run({"completion", "bash"}) == 0);
  const auto completed = [&](const std::string& line) {
    // Runs the function as bash does: COMP_WORDS split at blanks, the last one being typed.
    const std::string script = s.out + "COMP_WORDS=(" + line +
                               "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
                               "_sweepd; printf '%s ' \"${COMPREPLY[@]}\"";
    std::string path = "/tmp/sweepd-completion-XXXXXX";
    const int fd = mkstemp(path.data());
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, script.data(), script.size()) == static_cast<ssize_t>(script.size()));
    close(fd);
    FILE* out = popen(("bash --norc " + path).c_str(), "r");
    REQUIRE(out != nullptr);
    std::string text;
    for (int c = fgetc(out); c != EOF; c = fgetc(out)) text += static_cast<char>(c);
    CHECK(pclose(out) == 0);
    unlink(path.c_str());
    return text;
  };
  CHECK(completed("sweepd expl") == "explain ");
  CHECK(completed("sweepd policy re") == "replay ");
  CHECK(completed("sweepd policy set --if") == "--if-hash ");
  CHECK(completed("sweepd runs --older") == "--older-than ");
  CHECK(completed("sweepd runs --state cr") == "crashed ");
  CHECK(completed("sweepd sweeps -o js") == "json jsonl ");
}

TEST_CASE("config view: shows origins and never a whole key") {
  session s;
  s.env["SWEEPD_API_KEY"] = "local-abcdefghijklmnopqrstuvwxyz0123456789";
  s.env["SWEEPD_URL"] = "http://10.0.0.1:8088";
  CHECK(s.run({"config", "view", "--show-origin", "--project", "team/x"}) == 0);
  CHECK(s.out.find("SWEEPD_URL") != std::string::npos);
  CHECK(s.out.find("--project") != std::string::npos);
  CHECK(s.out.find("built in") != std::string::npos);
  CHECK(s.out.find("local-abcd...") != std::string::npos);
  CHECK(s.out.find("efghijklmnop") == std::string::npos);
  CHECK(s.run({"config", "view", "-o", "json"}) == 0);
  CHECK(s.out.find("efghijklmnop") == std::string::npos);
}

TEST_CASE("settings errors: a broken file is bad input, a broken flag a usage error") {
  session s;
  s.env["SWEEPD_URL"] = "ftp://x";
  CHECK(s.run({"sweeps"}) == 65);
  CHECK(s.err.find("SWEEPD_URL") != std::string::npos);
  s.env.clear();
  CHECK(s.run({"sweeps", "--url", "ftp://x"}) == 2);
}
