// The replies kept for repeated Idempotency-Keys: in memory for the lookup, in the store for a
// restart.
//
// Bounded in age and number as core/store.hpp says; the store drops old rows by the same rule.
// Strand only. Knows nothing of durability: the engine holds a repeated reply until all it shows is
// on disk.
#pragma once

#include "controller/core/store.hpp"

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sweepd::service {

class idempotency {
 public:
  /// The kept rows of an earlier life, in any order.
  void load(std::vector<core::idempotency_row> rows, instant now);

  /// none: not seen before. The first reply, if the request is the same; conflict, if it is
  /// another.
  std::optional<result<core::answer_to>> find(const std::string& key,
                                              const std::string& fingerprint, instant now);
  /// Keeps a reply, and gives the row to store.
  core::idempotency_row keep(std::string key, std::string fingerprint,
                             const core::answer_to& reply, instant now);

  [[nodiscard]] std::size_t size() const { return rows_.size(); }

 private:
  struct kept {
    std::string fingerprint;
    std::string reply;
    instant at;
  };
  void forget_old(instant now);

  std::unordered_map<std::string, kept> rows_;
  std::deque<std::pair<instant, std::string>> by_age_;  // oldest first
};

/// The key as it is stored: nobody can meet another caller's replies.
std::string scoped_key(const core::actor& who, const std::string& key, std::size_t place);

}  // namespace sweepd::service
