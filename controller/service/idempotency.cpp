#include "controller/service/idempotency.hpp"

#include <algorithm>

namespace sweepd::service {

std::string scoped_key(const core::actor& who, const std::string& key, std::size_t place) {
  auto out = who.id + " / " + key;
  if (place != 0) out += " #" + std::to_string(place);  // of several commands under one key
  return out;
}

void idempotency::load(std::vector<core::idempotency_row> rows, instant now) {
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  for (auto& row : rows) {
    by_age_.emplace_back(row.at, row.key);
    rows_.insert_or_assign(std::move(row.key),
                           kept{std::move(row.fingerprint), std::move(row.reply), row.at});
  }
  forget_old(now);
}

std::optional<result<core::answer_to>> idempotency::find(const std::string& key,
                                                         const std::string& fingerprint,
                                                         instant now) {
  forget_old(now);
  const auto it = rows_.find(key);
  if (it == rows_.end()) return std::nullopt;
  if (it->second.fingerprint != fingerprint)
    return result<core::answer_to>(
        fail(errc::conflict, "this Idempotency-Key was used for another request; take a new one"));
  return json::parse<core::answer_to>(it->second.reply);
}

core::idempotency_row idempotency::keep(std::string key, std::string fingerprint,
                                        const core::answer_to& reply, instant now) {
  core::idempotency_row row{std::move(key), std::move(fingerprint), json::to_text(reply), now};
  rows_.insert_or_assign(row.key, kept{row.fingerprint, row.reply, row.at});
  by_age_.emplace_back(row.at, row.key);
  forget_old(now);
  return row;
}

void idempotency::forget_old(instant now) {
  while (!by_age_.empty()) {
    const auto& [at, key] = by_age_.front();
    const bool too_many = rows_.size() > core::idempotency_rows_max;
    if (!too_many && now - at <= core::idempotency_retention) return;
    // A key that was kept anew since has a younger entry further back.
    if (const auto it = rows_.find(key); it != rows_.end() && it->second.at == at) rows_.erase(it);
    by_age_.pop_front();
  }
}

}  // namespace sweepd::service
