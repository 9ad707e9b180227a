// Input that is meant to hurt: bombs, cycles, depth, and 20,000 seeded mutations of real files.
#include "controller/config/yaml_reader.hpp"

#include <doctest/doctest.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

using namespace sweepd;
using namespace sweepd::config;

namespace {

/// Processor time, so that a busy machine does not fail the test.
double seconds_used() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::string read_error(std::string_view text, const yaml_limits& limits = {}) {
  const auto doc = read_yaml(text, "s.yaml", limits);
  return doc ? "accepted" : to_string(doc.error());
}

bool says(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return true;
  MESSAGE("got: " << text);
  return false;
}

std::string repeat(std::string_view part, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += part;
  return out;
}

std::string laughs(int levels) {
  std::string out = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < levels; ++i) {
    const auto name = "a" + std::to_string(i);
    const auto below = "*a" + std::to_string(i - 1);
    out += name + ": &" + name + " [" + below + repeat(", " + below, 8) + "]\n";
  }
  return out;
}

std::vector<std::string> corpus() {
  std::vector<std::string> out{
      "method: bayes\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr:\n    distribution: "
      "log_uniform_values\n    min: 1.0e-5\n    max: 0.1\n  n: {values: [16, 32, \"64\"]}\n",
      "base: &b {x: 1, y: [1, 2]}\nuse: {<<: *b, y: 3}\nmore: [*b, *b]\ntext: |\n  one\n  two\n",
      "a: 'it''s'\nb: \"\\u00e9\\n\"\nc: >-\n  folded\n  text\nd: [1:30, 0x1F, .nan, ~, yes, "
      "1_0]\n"};
  for (const auto* folder : {"/configs/sweeps", "/configs/policies"}) {
    const std::filesystem::path dir = std::string(SWEEPD_SOURCE_DIR) + folder;
    if (!std::filesystem::is_directory(dir)) continue;
    for (const auto& file : std::filesystem::directory_iterator(dir)) {
      std::ifstream in(file.path(), std::ios::binary);
      out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  }
  return out;
}

}  // namespace

TEST_CASE("yaml_reader: depth is counted before the parser gives up") {
  CHECK(read_error(repeat("[", 32) + repeat("]", 32)) == "accepted");
  CHECK(says(read_error(repeat("[", 33) + repeat("]", 33)), "s.yaml:1:33: [0][0]"));
  CHECK(says(read_error(repeat("[", 33) + repeat("]", 33)), "nested deeper than 32 levels"));
  CHECK(says(read_error(repeat("{a: ", 5000) + repeat("}", 5000)), "nested deeper than 32 levels"));
  CHECK(says(read_error(repeat("- ", 5000)), "nested deeper than 32 levels"));
  CHECK(says(read_error(repeat("[", 200'000)), "is never closed"));
  CHECK(says(read_error(repeat("{a: ", 50'000)), "is never closed"));
  std::string block;
  for (std::size_t i = 0; i < 400; ++i) block += std::string(i, ' ') + "k:\n";
  CHECK(says(read_error(block), "s.yaml:33:33: "));
  CHECK(says(read_error(repeat("? ", 5000)), "a key must be a text"));
  CHECK(says(read_error("a: &x " + repeat("[", 20) + repeat("]", 20) + "\nb: " + repeat("[", 12) +
                        "*x" + repeat("]", 12)),
             "nested deeper than 32 levels"));
}

TEST_CASE("yaml_reader: alias bombs are refused at once, cycles always") {
  const double begin = seconds_used();
  for (const int levels : {5, 8, 12, 40}) {
    CAPTURE(levels);
    CHECK(says(read_error(laughs(levels)), "more than 10000 values and keys, aliases written out"));
  }
  CHECK(
      says(read_error("a: &x 1\nb: [" + repeat("*x, ", 50'000) + "1]"), "more than 10000 values"));
  CHECK(says(read_error("a: &x \"" + std::string(100'000, 'y') + "\"\nb: [" +
                        repeat("*x, ", 9'000) + "1]"),
             "more than 1048576 bytes of text"));
  CHECK(says(read_error("a: &x {p: 1}\nb: {<<: [" + repeat("*x, ", 9'000) + "*x]}"),
             "more than 10000 values"));
  std::string anchors;
  for (int i = 0; i < 101; ++i)
    anchors += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " 1\n";
  CHECK(says(read_error(anchors), "s.yaml:101:7: k100: more than 100 anchors"));
  CHECK(read_error("a: &x [1, *x]") ==
        "s.yaml:1:11: a[1]: this alias stands inside its own anchor: a cycle");
  CHECK(says(read_error("a: &x {b: {c: *x}}"), "a cycle"));
  CHECK(says(read_error("&x a: *x"), "s.yaml:1:7: a: "));
  CHECK(says(read_error("a: &x\n  <<: *x\n"), "a cycle"));
  CHECK(seconds_used() - begin < 10);
}

TEST_CASE("yaml_reader: 10,000 values are the limit, whatever their shape") {
  std::string flat;
  for (int i = 0; i < 4'999; ++i) flat += "k" + std::to_string(i) + ": 1\n";
  CHECK(read_error(flat) == "accepted");
  CHECK(says(read_error(flat + "z: 1\nzz: 1\n"), "more than 10000 values"));
  CHECK(says(read_error("[" + repeat(",", 20'000) + "]"), "s.yaml:1:"));
  CHECK(read_error("a: [1, 2, 3]", {.nodes_max = 4}).find("more than 4 values") !=
        std::string::npos);
}

TEST_CASE("yaml_reader: 20,000 seeded mutations neither crash nor hang, and errors have a place") {
  static constexpr std::array<std::string_view, 40> pieces{":",
                                                           ": ",
                                                           "- ",
                                                           "\n",
                                                           "\n  ",
                                                           "[",
                                                           "]",
                                                           "{",
                                                           "}",
                                                           ",",
                                                           "&a ",
                                                           "*a",
                                                           "<<: ",
                                                           "!!",
                                                           "!x ",
                                                           "\"",
                                                           "'",
                                                           "|",
                                                           ">",
                                                           "#",
                                                           "%",
                                                           "@",
                                                           "`",
                                                           "~",
                                                           "\t",
                                                           "\r",
                                                           "? ",
                                                           "---\n",
                                                           "...\n",
                                                           "\\",
                                                           "1e-3",
                                                           "0x",
                                                           "1:30",
                                                           ".inf",
                                                           "\xC3",
                                                           "\xE2\x80\xAE",
                                                           std::string_view("\0", 1),
                                                           "yes",
                                                           "  ",
                                                           "%YAML 9\n"};
  const auto files = corpus();
  std::size_t accepted = 0;
  double longest = 0;
  for (unsigned seed = 0; seed < 20'000; ++seed) {
    std::minstd_rand draw(seed + 1);
    const auto pick = [&](std::size_t n) { return n == 0 ? 0 : draw() % n; };
    std::string text = files[pick(files.size())];
    for (std::size_t edits = 1 + pick(6); edits > 0; --edits) {
      const std::size_t at = pick(text.size() + 1);
      switch (pick(4)) {
        case 0:
          text.insert(at, pieces[pick(pieces.size())]);
          break;
        case 1:
          text.erase(at, 1 + pick(12));
          break;
        case 2:
          text.insert(at, text.substr(pick(text.size() + 1), pick(60)));
          break;
        default:
          if (at < text.size()) text[at] = static_cast<char>(draw() & 0xFFU);
      }
    }
    CAPTURE(seed);
    const double begin = seconds_used();
    const auto doc = read_yaml(text, "s.yaml");
    longest = std::max(longest, seconds_used() - begin);
    if (doc) {
      ++accepted;
      CHECK(boost::json::serialize(json_safe(to_json(doc->root))).size() < 4 * text.size() + 4096);
    } else if (doc.error().where.find("s.yaml:") != 0 || doc.error().message.empty()) {
      FAIL(to_string(doc.error()));
    }
  }
  CHECK(accepted > 500);
  CHECK(accepted < 19'500);
  CHECK(longest < 2);
}
