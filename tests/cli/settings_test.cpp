#include "controller/cli/settings.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace sweepd;
using namespace sweepd::cli;

namespace {

/// A directory of its own, gone at the end.
struct folder {
  std::filesystem::path path;
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sweepd-cli-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

using map = std::map<std::string, std::string>;

environment env_of(map values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto at = values.find(name);
    return at == values.end() ? std::nullopt : std::optional(at->second);
  };
}

}  // namespace

TEST_CASE(
    "settings: flags beat SWEEPD_*, which beats WANDB_*, which beats the file, then built in") {
  const folder f;
  const auto file = f.write("sweepd/client.yaml", "url: http://from-file:1\nproject: team/file\n");
  map env{{"XDG_CONFIG_HOME", f.path.string()}};

  auto s = load_settings({}, env_of({}));
  REQUIRE(s);
  CHECK(s->url.value == "http://127.0.0.1:8088");
  CHECK(s->url.origin == "built in");

  s = load_settings({}, env_of(env));
  REQUIRE(s);
  CHECK(s->url.value == "http://from-file:1");
  CHECK(s->url.origin == file + ":1:6");
  CHECK(s->project.value == "team/file");

  env["WANDB_BASE_URL"] = "http://wandb:2";
  s = load_settings({}, env_of(env));
  CHECK(s->url.value == "http://wandb:2");
  CHECK(s->url.origin == "WANDB_BASE_URL");

  env["SWEEPD_URL"] = "http://sweepd:3/";
  s = load_settings({}, env_of(env));
  CHECK(s->url.value == "http://sweepd:3");
  CHECK(s->url.origin == "SWEEPD_URL");

  s = load_settings({{"url", "http://flag:4"}}, env_of(env));
  CHECK(s->url.value == "http://flag:4");
  CHECK(s->url.origin == "--url");
  CHECK(s->project.origin == file + ":2:10");
}

TEST_CASE(
    "settings: the key comes from a flag's file, the environment, W&B's variable or the file") {
  const folder f;
  const auto key_file = f.write("key", "local-fromkeyfile\nsecond line\n");
  const auto config = f.write("c.yaml", "api_key_file: " + key_file + "\n");
  CHECK(load_settings({{"config", config}}, env_of({}))->api_key.value == "local-fromkeyfile");
  CHECK(load_settings({{"config", config}}, env_of({{"WANDB_API_KEY", "w"}}))->api_key.value ==
        "w");
  const auto s = load_settings({}, env_of({{"WANDB_API_KEY", "w"}, {"SWEEPD_API_KEY", "s"}}));
  CHECK(s->api_key.value == "s");
  CHECK(s->api_key.origin == "SWEEPD_API_KEY");
  const auto by_flag =
      load_settings({{"api-key-file", key_file}}, env_of({{"SWEEPD_API_KEY", "s"}}));
  CHECK(by_flag->api_key.value == "local-fromkeyfile");
  CHECK(by_flag->api_key.origin.find("--api-key-file") != std::string::npos);
}

TEST_CASE("settings: an unknown key is refused with its place and the nearest known one") {
  const folder f;
  const auto file = f.write("c.yaml", "url: http://a:1\nprojet: team/x\n");
  const auto s = load_settings({{"config", file}}, env_of({}));
  REQUIRE_FALSE(s);
  CHECK(s.error().code == errc::invalid);
  CHECK(s.error().where == file + ":2:1");
  CHECK(s.error().message.find("did you mean 'project'") != std::string::npos);
}

TEST_CASE("settings: bad values name where they came from") {
  const folder f;
  const auto refused = [](const map& flags, const map& env) {
    const auto s = load_settings(flags, env_of(env));
    REQUIRE_FALSE(s);
    return s.error().where;
  };
  CHECK(refused({}, {{"SWEEPD_URL", "localhost:8088"}}) == "SWEEPD_URL");
  CHECK(refused({{"color", "green"}}, {}) == "--color");
  CHECK(refused({{"config", "/nonexistent/x.yaml"}}, {}) == "/nonexistent/x.yaml");
  const auto bad_time = f.write("t.yaml", "timeout: 30\n");
  CHECK(refused({{"config", bad_time}}, {}) == bad_time + ":1:10");
  const auto both = f.write("k.yaml", "api_key: a\napi_key_file: b\n");
  CHECK(refused({{"config", both}}, {}) == both + ":2:15");
  CHECK(refused({{"config", f.path.string()}}, {}).starts_with(f.path.string()));
}

TEST_CASE("settings: a file that is not there, or empty, changes nothing") {
  const folder f;
  const auto empty = f.write("e.yaml", "# only a comment\n");
  const auto s = load_settings({{"config", empty}}, env_of({}));
  REQUIRE(s);
  CHECK(s->file_found);
  CHECK(s->url.origin == "built in");
  const auto none = load_settings({}, env_of({{"HOME", "/nonexistent"}}));
  REQUIRE(none);
  CHECK_FALSE(none->file_found);
  CHECK(none->file == "/nonexistent/.config/sweepd/client.yaml");
}
