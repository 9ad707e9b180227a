// Strong ids: a text that cannot be mixed up with another kind of text.
#pragma once

#include <compare>
#include <functional>
#include <string>

namespace sweepd {

template <class Tag>
struct strong_id {
  std::string value;

  friend auto operator<=>(const strong_id&, const strong_id&) = default;
  friend bool operator==(const strong_id&, const strong_id&) = default;
  [[nodiscard]] bool empty() const { return value.empty(); }
};

using sweep_id = strong_id<struct sweep_tag>;      ///< 8 characters of [a-z0-9]
using run_id = strong_id<struct run_tag>;          ///< 8 characters of [a-z0-9], as W&B's
using agent_id = strong_id<struct agent_tag>;      ///< 8 characters of [a-z0-9]
using artifact_id = strong_id<struct artifact_tag>;  ///< 8 characters of [a-z0-9]
using key_id = strong_id<struct key_tag>;          ///< the first 8 characters of a key's secret part
using project_id = strong_id<struct project_tag>;  ///< "entity/project"

}  // namespace sweepd

template <class Tag>
struct std::hash<sweepd::strong_id<Tag>> {
  std::size_t operator()(const sweepd::strong_id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.value);
  }
};
