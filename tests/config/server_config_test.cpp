#include "controller/config/server_config.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

using namespace sweepd;
using namespace sweepd::config;
using namespace std::chrono_literals;

namespace {

std::string problems_of(const config_inputs& in) {
  const auto c = load_server_config(in);
  if (c) return "accepted";
  std::string out;
  for (const auto& p : c.error()) out += p.where + " " + p.message + "\n";
  return out;
}
std::string file_problems(const std::string& text) { return problems_of({{}, {}, {{"f", text}}}); }

setting setting_of(const server_config& c, const std::string& key) {
  for (const auto& s : settings(c))
    if (s.key == key) return s;
  FAIL("no such setting: " << key);
  return {};
}

struct temporary_directory {
  std::filesystem::path path;
  temporary_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "sweepd-config-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~temporary_directory() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
  }
};

}  // namespace

TEST_CASE(
    "server_config: flags override the environment, that overrides the files, highest first") {
  const config_inputs in{
      {{"data", "/flag"}},
      {{"SWEEPD_DATA", "/variable"}, {"SWEEPD_LOG_LEVEL", "warn"}, {"HOME", "/root"}},
      {{"sweepd.yaml", "data: /one\nlog_level: error\ndrain: 1m\n"},
       {"/etc/sweepd/config.yaml",
        "drain: 2m\nlisten: 0.0.0.0:80\nlimits: {connections_max: 5}\ncrash_policy: {crash_after: "
        "7m}\n"}}};
  const auto c = load_server_config(in);
  REQUIRE(c);
  CHECK(c->data == "/flag");
  CHECK(c->log_level == "warn");
  CHECK(c->drain == 1min);
  CHECK(c->listen == std::vector<std::string>{"0.0.0.0:80"});
  CHECK(c->connections_max == 5);
  CHECK(c->crash_policy.crash_after == 7min);
  CHECK(c->header_bytes_max == 16384);
  CHECK(setting_of(*c, "data").origin == "flag --data");
  CHECK(setting_of(*c, "log_level").origin == "SWEEPD_LOG_LEVEL");
  CHECK(setting_of(*c, "drain").origin == "sweepd.yaml:3:8");
  CHECK(setting_of(*c, "listen").origin == "/etc/sweepd/config.yaml:2:9");
  CHECK(setting_of(*c, "listen").value == "[0.0.0.0:80]");
  CHECK(setting_of(*c, "limits.connections_max").origin == "/etc/sweepd/config.yaml:3:27");
  CHECK(setting_of(*c, "crash_policy").origin == "/etc/sweepd/config.yaml:4:1");
  CHECK(setting_of(*c, "limits.header_bytes_max").value == "16KB");
  CHECK(setting_of(*c, "limits.header_bytes_max").origin == "default");
}

TEST_CASE("server_config: values of every type come from flags and variables too") {
  const auto c = load_server_config({{{"listen", "127.0.0.1:0,unix:/run/s.sock,[::1]:8088"},
                                      {"limits-header-bytes-max", "4KB"},
                                      {"deadlines-idle", "5m"},
                                      {"insecure-plaintext", "true"},
                                      {"public-url", "https://x.example"}},
                                     {{"SWEEPD_LIMITS_CONNECTIONS_MAX", "7"},
                                      {"SWEEPD_DATA", "123"},
                                      {"SWEEPD_LATE_TICK", "30s"}},
                                     {}});
  REQUIRE(c);
  CHECK(c->listen == std::vector<std::string>{"127.0.0.1:0", "unix:/run/s.sock", "[::1]:8088"});
  CHECK(c->header_bytes_max == 4096);
  CHECK(c->idle_deadline == 5min);
  CHECK(c->insecure_plaintext);
  CHECK(c->connections_max == 7);
  CHECK(c->data == "123");
  CHECK(c->late_tick == 30s);
}

TEST_CASE(
    "server_config: unknown keys are refused with a suggestion and their place, all at once") {
  CHECK(file_problems("listn: 127.0.0.1:1\nlimits:\n  connection_max: 5\n  header_bytes_max: 1\n"
                      "drain: 10\nlog_level: verbose\ncrash_policy:\n  fail_aftr: 1m\n") ==
        "f:1:1 listn: unknown key; did you mean 'listen'?\n"
        "f:3:3 limits.connection_max: unknown key; did you mean 'connections_max'?\n"
        "f:4:21 limits.header_bytes_max: must be between 1KB and 1GB, not 1\n"
        "f:5:8 drain: 10 has no unit; write 10s, 10m or 10h\n"
        "f:6:12 log_level: unknown word 'verbose'; it must be debug, info, warn, error or off\n"
        "f:8:3 crash_policy.fail_aftr: unknown key; did you mean 'fail_after'?\n");
  CHECK(file_problems("limits: 5\n") ==
        "f:1:9 limits: must be a mapping of keys to values, not 5\n");
  CHECK(file_problems("- a\n") == "f:1:1 must be a mapping of keys to values, not a list\n");
  CHECK(file_problems("listen: [8088]\n") ==
        "f:1:10 listen[0]: must be a text, not 8088; put it in quotes\n");
  CHECK(file_problems("listen: [localhost, 'x:99999']\n").find("'x:99999' is not an address") !=
        std::string::npos);
  CHECK(file_problems("listen: []\n").find("lists no address") != std::string::npos);
  CHECK(file_problems("insecure_plaintext: 1\n") ==
        "f:1:21 insecure_plaintext: must be true or false, not 1\n");
  CHECK(file_problems("a: [\n").find("f:1:4 ") == 0);
  CHECK(
      file_problems("limits: {inflight_body_bytes_max: 99999999999GB}\n").find("must be a size") !=
      std::string::npos);
  CHECK(problems_of({{{"liste", "x"}, {"drain", "10"}}, {{"SWEEPD_DRAIN", "x"}}, {}}) ==
        "SWEEPD_DRAIN drain: 'x' is not a duration: a whole number is expected at 'x'; write 90s, "
        "15m "
        "or 2h30m\n"
        "flag --drain drain: 10 has no unit; write 10s, 10m or 10h\n"
        "flag --liste unknown flag; did you mean 'listen'?\n");
}

TEST_CASE("server_config: what must hold between values is judged after all is known") {
  CHECK(problems_of({{{"tls-key", "k.pem"}}, {}, {}}) ==
        "flag --tls-key tls_key: needs tls_certificate as well\n");
  CHECK(file_problems("tls_certificate: c.pem\n") ==
        "f:1:18 tls_certificate: needs tls_key as well\n");
  CHECK(problems_of({{{"tls-key", "k.pem"}}, {}, {{"f", "tls_certificate: c.pem\n"}}}) ==
        "accepted");
  CHECK(file_problems("public_url: sweeps.example\n").find("must begin with http://") !=
        std::string::npos);
  CHECK(problems_of({{}, {{"SWEEPD_DATA", ""}}, {}}) ==
        "SWEEPD_DATA data: is empty; name a directory\n");
}

TEST_CASE("server_config: raised limits and mistyped variables are warned of, others left alone") {
  const auto c =
      load_server_config({{},
                          {{"SWEEPD_LISTN", "x"},
                           {"SWEEPD_URL", "http://x"},
                           {"SWEEPD_RUN_ID", "r"},
                           {"SWEEPDX", "y"}},
                          {{"f", "limits: {connections_max: 30000, header_fields_max: 50}\n"}}});
  REQUIRE(c);
  CHECK(c->warnings == std::vector<std::string>{
                           "the variable SWEEPD_LISTN is not known; did you mean 'SWEEPD_LISTEN'?",
                           "limits.connections_max is raised to 30000; the tested limit is 20000"});
}

TEST_CASE(
    "server_config: an empty file is no file, and the order of search is the documented one") {
  CHECK(load_server_config({{}, {}, {{"f", "# nothing\n"}}})->origins.empty());
  const auto paths = [](const std::map<std::string, std::string>& flags,
                        const std::map<std::string, std::string>& environment) {
    std::string out;
    for (const auto& p : config_search_path(flags, environment))
      out += p.path + (p.must_exist ? "! " : " ");
    return out;
  };
  CHECK(paths({}, {}) == "sweepd.yaml /etc/sweepd/config.yaml ");
  CHECK(paths({}, {{"HOME", "/h"}}) ==
        "sweepd.yaml /h/.config/sweepd/config.yaml /etc/sweepd/config.yaml ");
  CHECK(paths({{"config", "c.yaml"}}, {{"XDG_CONFIG_HOME", "/x"}, {"HOME", "/h"}}) ==
        "c.yaml! /x/sweepd/config.yaml /etc/sweepd/config.yaml ");
  CHECK(paths({}, {{"SWEEPD_CONFIG", "v.yaml"}}) == "v.yaml! /etc/sweepd/config.yaml ");
}

TEST_CASE("server_config: files are read from the disk when they exist") {
  const temporary_directory dir;
  dir.write("a.yaml", "data: x\n");
  dir.write("sub/big.yaml", std::string(300'000, '#'));
  const auto at = [&](const char* name) { return (dir.path / name).string(); };
  const auto files = read_config_files({{at("a.yaml"), true}, {at("none.yaml"), false}});
  REQUIRE(files);
  REQUIRE(files->size() == 1);
  CHECK(files->front().text == "data: x\n");
  CHECK(files->front().source == at("a.yaml"));
  const auto missing = read_config_files({{at("none.yaml"), true}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == errc::not_found);
  CHECK(missing.error().where == at("none.yaml"));
  CHECK_FALSE(read_config_files({{at("sub"), true}}));
  const auto big = read_config_files({{at("sub/big.yaml"), true}});
  REQUIRE(big);
  CHECK(problems_of({{}, {}, *big}).find("the limit is 262144") != std::string::npos);
}

TEST_CASE("server_config: every key has one flag and one variable of its own") {
  std::set<std::string> names;
  for (const auto& o : option_table()) {
    CHECK(o.flag.starts_with("--"));
    CHECK(o.environment.starts_with("SWEEPD_"));
    CHECK_FALSE(o.help.empty());
    CHECK(names.insert(o.flag).second);
    CHECK(names.insert(o.environment).second);
  }
  CHECK(names.size() >= 40);
}
