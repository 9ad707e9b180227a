// Short ways to write JSON and to draw suggestions, for the tests of this folder.
#pragma once

#include "strategies/strategy.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::strategies::test {

inline boost::json::value json(std::string_view text) {
  return boost::json::parse(boost::json::string_view(text.data(), text.size()));
}
inline boost::json::object object(std::string_view text) { return json(text).as_object(); }

/// A strategy and the seed of its draws.
struct seeded {
  std::unique_ptr<strategy> of;
  std::uint64_t seed = 1;
  strategy* operator->() const { return of.get(); }
  const seeded& operator*() const { return *this; }
};

inline seeded made(std::string_view config, std::uint64_t seed = 1) {
  auto out = make_strategy(object(config));
  REQUIRE_MESSAGE(out, to_string(out ? error{} : out.error()));
  return {std::move(*out), seed};
}

/// The suggestions at positions from .. from+n-1, by value: a range-for may hold the call.
inline std::vector<suggestion> suggestions(const seeded& s, std::uint64_t from, std::size_t n) {
  auto out = s->suggest({.seed = s.seed, .from = from, .n = n});
  REQUIRE(out);
  for (std::size_t i = 0; i < out->size(); ++i) CHECK((*out)[i].position == from + i);
  return std::move(*out);
}

/// Their configurations, as JSON texts.
inline std::vector<std::string> drawn(const seeded& s, std::uint64_t from, std::size_t n) {
  std::vector<std::string> out;
  for (const auto& one : suggestions(s, from, n)) out.push_back(boost::json::serialize(one.config));
  return out;
}

}  // namespace sweepd::strategies::test
