// The query string, read strictly: an unknown or repeated parameter is an error, since a misspelt
// filter would otherwise widen a list or a bulk action without a word. And pages: a cursor is the sort
// key of the last row given, so a page costs the same wherever it stands and new rows do not shift it.
#pragma once

#include "controller/base/duration.hpp"
#include "controller/base/instant.hpp"
#include "controller/base/json_record.hpp"
#include "controller/http/message.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::rest {

inline constexpr std::size_t page_limit_default = 100;
inline constexpr std::size_t page_limit_max = 1'000;

/// Where a row stands in a list: lists are newest first, equal instants by id.
struct sort_key {
  instant created;
  std::string id;
  friend auto operator<=>(const sort_key&, const sort_key&) = default;
};

/// What part of a list is asked for.
struct page {
  std::size_t limit = page_limit_default;
  std::optional<sort_key> after;
};

class query {
 public:
  explicit query(const http::request& req) : req_(req) {}

  /// Refuses every parameter but these, and any given twice.
  [[nodiscard]] result<void> only(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] std::string text(std::string_view name) const;  ///< "" when absent
  [[nodiscard]] result<std::optional<std::uint64_t>> number(std::string_view name) const;
  [[nodiscard]] result<std::optional<milliseconds>> duration(std::string_view name) const;
  /// An RFC 3339 time, or a duration: so long before `now`.
  [[nodiscard]] result<std::optional<instant>> since(std::string_view name, instant now) const;
  /// limit, within 1..page_limit_max.
  [[nodiscard]] result<std::size_t> limit() const;
  [[nodiscard]] result<page> paging() const;  ///< limit and cursor

  /// Comma-separated enumerators, e.g. state=crashed,failed; empty: no filter.
  template <class E>
  [[nodiscard]] result<std::vector<E>> any_of(std::string_view name) const {
    return enumerators<E>(text(name), "?" + std::string(name));
  }

  /// The same for a text that came in a body.
  template <class E>
  static result<std::vector<E>> enumerators(std::string_view list, const std::string& where) {
    std::vector<E> out;
    while (!list.empty()) {
      const auto comma = std::min(list.find(','), list.size());
      const auto word = list.substr(0, comma);
      // read<E> rather than enum_value<E>: its message lists what is allowed
      auto value = json::read<E>(boost::json::value(boost::json::string_view(word.data(), word.size())));
      if (!value) return fail(errc::invalid, "'" + std::string(word) + "' " + value.error().message, where);
      out.push_back(*value);
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return out;
  }

 private:
  const http::request& req_;
};

/// "2026-11-22T17:18:41Z", or "1h": so long before `now`.
result<instant> past_instant(const std::string& text, instant now, std::string where);

std::string cursor_of(const sort_key& key);
result<sort_key> parse_cursor(std::string_view text);

/// One page of `rows` (pointers into the state), newest first. `key` gives a row's place.
template <class Row, class Key>
struct paged {
  std::vector<const Row*> rows;
  std::optional<std::string> next;
  std::size_t total = 0;

  paged(std::vector<const Row*> all, const page& want, Key key) : total(all.size()) {
    const auto newer = [&](const Row* a, const Row* b) { return key(*a) > key(*b); };
    if (want.after)
      std::erase_if(all, [&](const Row* r) { return key(*r) >= *want.after; });
    const std::size_t n = std::min(all.size(), want.limit);
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n), all.end(), newer);
    if (n < all.size() && n > 0) next = cursor_of(key(*all[n - 1]));
    all.resize(n);
    rows = std::move(all);
  }
};

/// The same page of what is shown to it one after the other, which need not stay: the keys of its rows.
class key_page {
 public:
  explicit key_page(page want) : want_(std::move(want)) {}
  void show(sort_key key);

  /// Newest first, once all were shown.
  [[nodiscard]] std::vector<sort_key> rows() const;
  [[nodiscard]] std::optional<std::string> next() const;
  [[nodiscard]] std::size_t total() const { return total_; }

 private:
  page want_;
  std::vector<sort_key> kept_;  // a heap, the oldest in front
  bool more_ = false;
  std::size_t total_ = 0;
};

/// {"items", "next", "total"}: the shape of every list.
boost::json::object list_of(boost::json::array items, const std::optional<std::string>& next,
                            std::size_t total);

}  // namespace sweepd::rest
