// The files under configs/ are read as a user's would be.
#include "controller/config/policy_yaml.hpp"
#include "controller/config/server_config.hpp"
#include "controller/config/server_options.hpp"
#include "controller/config/sweep_yaml.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

using namespace sweepd;
using namespace sweepd::config;

namespace {

const std::string configs = std::string(SWEEPD_SOURCE_DIR) + "/configs/";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> files_in(const std::string& folder) {
  std::vector<std::filesystem::path> out;
  if (!std::filesystem::is_directory(configs + folder)) return out;
  for (const auto& f : std::filesystem::directory_iterator(configs + folder))
    if (f.path().extension() == ".yaml") out.push_back(f.path());
  return out;
}

/// sweepd.yaml with every default written: the '#' right before a key removed.
std::string uncommented() {
  std::istringstream in(text_of(configs + "sweepd.yaml"));
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const bool setting = line.size() > 1 && line[0] == '#' && (line[1] != ' ' || line[2] == ' ');
    out += (setting ? line.substr(1) : line) + "\n";
  }
  return out;
}

void report(const std::vector<problem>& problems) {
  for (const auto& p : problems) MESSAGE(p.where << ": " << p.message);
}

}  // namespace

TEST_CASE("configs: sweepd.yaml shows every key with its default") {
  const auto text = uncommented();
  const auto c = load_server_config({{}, {}, {{"sweepd.yaml", text}}});
  if (!c) report(c.error());
  REQUIRE(c);
  const server_config defaults;
  for (const auto& s : settings(*c)) {
    CAPTURE(s.key);
    CHECK(s.origin.starts_with("sweepd.yaml:"));
  }
  const auto shown = settings(*c);
  const auto built_in = settings(defaults);
  REQUIRE(shown.size() == built_in.size());
  for (std::size_t i = 0; i < shown.size(); ++i) CHECK(shown[i].value == built_in[i].value);
  CHECK(c->crash_policy == defaults.crash_policy);
  CHECK(c->warnings.empty());
}

TEST_CASE("configs: sweepd.yaml as shipped changes nothing") {
  const auto c = load_server_config({{}, {}, {{"sweepd.yaml", text_of(configs + "sweepd.yaml")}}});
  REQUIRE(c);
  CHECK(c->origins.empty());
}

TEST_CASE("configs: every policy is read, differs from the others, and survives printing") {
  const auto files = files_in("policies");
  REQUIRE(files.size() >= 5);
  std::vector<core::crash_policy> seen;
  for (const auto& file : files) {
    CAPTURE(file);
    const auto p = parse_policy(text_of(file), file.filename().string());
    if (!p) report(p.error());
    REQUIRE(p);
    CHECK(parse_policy(to_yaml(*p), "printed") == p);
    for (const auto& other : seen) CHECK_FALSE(other == *p);
    seen.push_back(*p);
    if (file.filename() == "default.yaml") CHECK(*p == built_in_policy());
    if (file.filename() == "observe_only.yaml") CHECK(p->mode == core::policy_mode::observe);
  }
}

TEST_CASE("configs: every sweep file is accepted") {
  for (const auto& file : files_in("sweeps")) {
    CAPTURE(file);
    const auto s = parse_sweep(text_of(file), file.filename().string());
    if (!s) report(s.error());
    CHECK(s);
  }
}
