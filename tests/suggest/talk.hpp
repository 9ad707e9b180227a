// A responder and short ways to ask it, for the tests of this folder.
#pragma once

#include "controller/base/json_text.hpp"
#include "controller/suggest/responder.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace sweepd::suggest::test {

namespace bj = boost::json;

inline bj::value value(std::string_view text) {
  auto read = json::parse(text);
  REQUIRE_MESSAGE(read, text);
  return *read;
}

/// The answer to one line, as text and read.
struct talk {
  responder of;

  std::string text(std::string_view line) { return of.answer(line); }
  bj::object operator()(std::string_view line) { return value(text(line)).as_object(); }

  /// next_runs: the "runs" of the answer, as text.
  std::string next(std::string_view config, std::string_view runs, int n = 1, std::string_view more = "") {
    const auto answer = (*this)(R"({"op": "next_runs", "config": )" + std::string(config) +
                                R"(, "runs": )" + std::string(runs) + R"(, "n": )" +
                                std::to_string(n) + std::string(more) + "}");
    const auto* got = answer.if_contains("runs");
    if (got == nullptr) return json::to_text(answer);
    std::string out;
    for (const auto& run : got->as_array()) {
      if (!out.empty()) out += " ";
      if (run.is_null()) {
        out += "null";
        continue;
      }
      std::string one;
      for (const auto& [name, entry] : run.as_object().at("config").as_object())
        one += (one.empty() ? "" : ",") + std::string(name) + "=" + json::to_text(entry.as_object().at("value"));
      out += one;
    }
    return out;
  }
};

}  // namespace sweepd::suggest::test
