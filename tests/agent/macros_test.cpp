// The command macros against what wandb 0.31.0 itself makes of the same commands (golden/), and the rules
// that are ours: nothing reaches a shell, secrets are not shown, programs can be restricted.
#include "controller/agent/command_macros.hpp"
#include "controller/agent/config_text.hpp"
#include "controller/base/json_text.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

using namespace sweepd;
using namespace sweepd::agent;
namespace bj = boost::json;

namespace {

bj::value parsed(std::string_view text) {
  auto v = json::parse(text);
  REQUIRE(v);
  return *v;
}

bj::value golden() {
  std::ifstream in(SWEEPD_SOURCE_DIR "/tests/agent/golden/command_macros.json");
  return parsed(std::string{std::istreambuf_iterator<char>(in), {}});
}

macro_input small_input() {
  macro_input in;
  in.program = "train.py";
  in.config = parsed(R"({"lr": {"value": 0.1}})").get_object();
  return in;
}

}  // namespace

TEST_CASE("command_macros: every golden command becomes exactly what wandb agent makes of it") {
  const auto cases = golden();
  REQUIRE(cases.get_array().size() >= 15);
  for (const auto& one : cases.get_array()) {
    const auto& c = one.get_object();
    CAPTURE(c.at("name").get_string().c_str());
    macro_input in;
    for (const auto& word : c.at("command").get_array()) in.command.emplace_back(word.get_string());
    in.program = c.at("program").get_string().c_str();
    in.config = c.at("config").get_object();
    in.args_json_file = "/tmp/run/args.json";
    const auto& env = c.at("env").get_object();
    in.env = [&env](const std::string& name) -> result<std::optional<std::string>> {
      const auto* v = env.if_contains(name);
      if (v == nullptr) return std::optional<std::string>{};
      return std::optional<std::string>(v->get_string().c_str());
    };
    const auto out = expand_command(in);
    REQUIRE(out);
    const auto& wanted = c.at("argv").get_array();
    REQUIRE(out->argv.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const std::string text(wanted[i].get_string());
      CHECK(out->argv[i] == text);
    }
  }
}

TEST_CASE("command_macros: args_json_file asks for a file with the text of args_json") {
  auto in = small_input();
  in.command = {"${program}", "${args_json_file}"};
  in.args_json_file = "/x/args.json";
  const auto out = expand_command(in);
  REQUIRE(out);
  CHECK(out->argv == std::vector<std::string>{"train.py", "/x/args.json"});
  CHECK(out->args_json_file_text == "{\"lr\": 0.1}");
}

TEST_CASE("command_macros: a missing program, value or command is an error that says so") {
  auto in = small_input();
  in.program.clear();
  CHECK(expand_command(in).error().message.find("names no program") != std::string::npos);
  in = small_input();
  in.config = parsed(R"({"lr": {"min": 1}})").get_object();
  CHECK(expand_command(in).error().message == "parameter 'lr' has no value");
  in = small_input();
  in.command = {"${nothing_known}"};
  CHECK(expand_command(in).error().message.find("nothing to run") != std::string::npos);
  in = small_input();
  in.config["s"] = parsed(R"({"value": "a\u0000b"})");
  CHECK(expand_command(in).error().message.find("NUL") != std::string::npos);
}

TEST_CASE("command_macros: a variable that may not be handed out ends the expansion") {
  auto in = small_input();
  in.command = {"${program}", "${envvar:AWS_SECRET}"};
  in.env = [](const std::string&) -> result<std::optional<std::string>> {
    return fail(errc::forbidden, "not that one");
  };
  CHECK(expand_command(in).error().code == errc::forbidden);
}

TEST_CASE("command_macros: the display hides secrets and quotes what a shell would take apart") {
  const std::vector<std::string> argv{"python",  "a b.py", "--api_key=abc", "--token", "xyz",
                                      "--s=it's", R"({"password": "p", "lr": 0.1})", ""};
  CHECK(display_command(argv) ==
        "python 'a b.py' '--api_key=***' --token '***' '--s=it'\\''s' "
        R"('{"password": "***", "lr": 0.1}' '')");
}

TEST_CASE("command_macros: allow-program judges the first word that is not env or interpreter") {
  const auto allowed = [](std::vector<std::string> command, const std::vector<std::string>& patterns) {
    auto in = small_input();
    in.program = "jobs/train.py";
    in.command = std::move(command);
    const auto out = expand_command(in);
    REQUIRE(out);
    return program_allowed(*out, patterns);
  };
  CHECK(allowed({}, {}));
  CHECK(allowed({}, {"jobs/*.py"}));
  CHECK_FALSE(allowed({}, {"*.py"}));  // * stops at a slash
  CHECK_FALSE(allowed({"${env}", "bash", "-c", "id", "${program}"}, {"jobs/*.py"}));
  CHECK_FALSE(allowed({"${env}", "${interpreter}", "-c", "import os"}, {"jobs/*.py"}));
  CHECK_FALSE(allowed({"${env}", "${args_no_hyphens}", "${program}"}, {"jobs/*.py"}));  // LD_PRELOAD=...
  CHECK_FALSE(allowed({"jobs/../etc/x.py"}, {"jobs/*/*/*.py", "jobs/*"}));
  CHECK_FALSE(allowed({"${env}"}, {"*"}));
}

TEST_CASE("config_text: the parameter file is YAML whose floats and odd texts survive") {
  const auto config = parsed(R"({"lr":{"value":1e-05},"n":{"value":3},"t":{"value":"a: \"b\"\né😀"},)"
                            R"("no: key":{"value":null},"opt":{"value":{"mom":1.0,"l":[true,"x"]}}})");
  CHECK(sweep_param_yaml(config.get_object()) ==
        "wandb_version: 1\n"
        "\n\"lr\":\n  value: 1.0e-05\n"
        "\n\"n\":\n  value: 3\n"
        "\n\"t\":\n  value: \"a: \\\"b\\\"\\x0aé😀\"\n"
        "\n\"no: key\":\n  value: null\n"
        "\n\"opt\":\n  value: {\"mom\": 1.0, \"l\": [true, \"x\"]}\n");
}
