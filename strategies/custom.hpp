// method: custom. The configurations come from outside: a client pushes them, nothing is searched.
//
// Also what every pushed configuration must pass, whatever the method. Pure.
#pragma once

#include "controller/base/result.hpp"
#include "strategies/space.hpp"
#include "strategies/strategy.hpp"

#include <boost/json.hpp>

#include <string_view>

namespace sweepd::strategies {

/// Proposes nothing: it is never exhausted, and never asked with success.
class custom final : public strategy {
 public:
  void observe(std::span<const observation> trials) override;
  /// Error: conflict, always: who counts on it should have waited for a push.
  result<std::vector<suggestion>> suggest(const ask& what) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }
  [[nodiscard]] std::size_t lookahead() const override { return 1; }
  [[nodiscard]] bool learns() const override { return false; }
};

/// A pushed configuration in W&B's shape, constants filled in. Each parameter may be written as
/// {"value": v} or as v itself; a group as a map of its parameters. Errors: invalid, `where` begins
/// with `path`: a name that the sweep does not have, one that is missing.
result<boost::json::object> pushed_config(const space& s, const boost::json::object& given,
                                          std::string_view path);

}  // namespace sweepd::strategies
