// Deadlines by key: arm, cancel, and "what is due now?" in O(log n) each, O(due) for the question.
// Used by the core for every timer there is, and only there. Knows nothing of what a key means.
#pragma once

#include "controller/base/instant.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sweepd::core {

/// Key is copied, compared by < and hashed. Each key has at most one deadline.
template <class Key, class Hash = std::hash<Key>>
class timer_queue {
 public:
  /// Sets or moves the key's deadline.
  void arm(const Key& key, mono due) {
    auto [it, fresh] = due_.try_emplace(key, due);
    if (!fresh) {
      if (it->second == due) return;
      by_due_.erase({it->second, key});
      it->second = due;
    }
    by_due_.emplace(due, key);
  }

  void cancel(const Key& key) {
    const auto it = due_.find(key);
    if (it == due_.end()) return;
    by_due_.erase({it->second, key});
    due_.erase(it);
  }

  /// The earliest deadline; none when nothing is armed.
  [[nodiscard]] std::optional<mono> next() const {
    if (by_due_.empty()) return std::nullopt;
    return by_due_.begin()->first;
  }

  /// Removes and returns one key that is due at `now`, earliest first.
  std::optional<Key> pop_due(mono now) {
    if (by_due_.empty() || by_due_.begin()->first > now) return std::nullopt;
    Key key = by_due_.begin()->second;
    by_due_.erase(by_due_.begin());
    due_.erase(key);
    return key;
  }

  [[nodiscard]] std::optional<mono> deadline(const Key& key) const {
    const auto it = due_.find(key);
    return it == due_.end() ? std::nullopt : std::optional(it->second);
  }

  [[nodiscard]] std::size_t size() const { return due_.size(); }

 private:
  std::set<std::pair<mono, Key>> by_due_;
  std::unordered_map<Key, mono, Hash> due_;
};

}  // namespace sweepd::core
