#include "controller/rest/query.hpp"

#include <charconv>
#include <functional>

namespace sweepd::rest {
namespace {

std::string at(std::string_view name) { return "?" + std::string(name); }

template <class N>
std::optional<N> whole(std::string_view text) {
  N n{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

}  // namespace

result<void> query::only(std::initializer_list<std::string_view> names) const {
  for (auto it = req_.query.begin(); it != req_.query.end(); ++it) {
    const auto& name = it->first;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      std::string all;
      for (const auto known : names) all += (all.empty() ? "" : ", ") + std::string(known);
      return fail(errc::invalid,
                  "is not a parameter of this call" +
                      (all.empty() ? std::string(" (it takes none)") : "; known: " + all),
                  at(name));
    }
    const auto same = [&](const auto& other) { return other.first == name; };
    if (std::any_of(req_.query.begin(), it, same))
      return fail(errc::invalid, "is given twice", at(name));
  }
  return {};
}

std::string query::text(std::string_view name) const { return req_.param(name).value_or(""); }

result<std::optional<std::uint64_t>> query::number(std::string_view name) const {
  const auto given = req_.param(name);
  if (!given || given->empty()) return std::nullopt;
  const auto n = whole<std::uint64_t>(*given);
  if (!n) return fail(errc::invalid, "must be a whole number", at(name));
  return n;
}

result<std::optional<milliseconds>> query::duration(std::string_view name) const {
  const auto given = req_.param(name);
  if (!given || given->empty()) return std::nullopt;
  auto d = parse_duration(*given);
  if (!d) return fail(errc::invalid, d.error().message, at(name));
  return *d;
}

result<std::optional<instant>> query::since(std::string_view name, instant now) const {
  const auto given = req_.param(name);
  if (!given || given->empty()) return std::nullopt;
  auto t = past_instant(*given, now, at(name));
  if (!t) return tl::unexpected<error>(t.error());
  return *t;
}

result<std::size_t> query::limit() const {
  auto n = number("limit");
  if (!n) return tl::unexpected<error>(n.error());
  const auto limit = n->value_or(page_limit_default);
  if (limit == 0 || limit > page_limit_max)
    return fail(errc::invalid, "must be from 1 to " + std::to_string(page_limit_max), at("limit"));
  return static_cast<std::size_t>(limit);
}

result<page> query::paging() const {
  auto n = limit();
  if (!n) return tl::unexpected<error>(n.error());
  page out;
  out.limit = *n;
  const auto cursor = req_.param("cursor");
  if (!cursor || cursor->empty()) return out;
  auto key = parse_cursor(*cursor);
  if (!key) return tl::unexpected<error>(key.error());
  out.after = std::move(*key);
  return out;
}

result<instant> past_instant(const std::string& text, instant now, std::string where) {
  if (const auto back = parse_duration(text)) return now - *back;
  auto t = parse_rfc3339(text);
  if (!t)
    return fail(errc::invalid, "must be a UTC time like 2026-11-22T17:18:41Z or a duration like 1h",
                std::move(where));
  return *t;
}

std::string cursor_of(const sort_key& key) {
  return std::to_string(key.created.time_since_epoch().count()) + "." + key.id;
}

result<sort_key> parse_cursor(std::string_view text) {
  const auto dot = text.find('.');
  if (dot != std::string_view::npos && text.size() <= 256) {
    const auto ms = whole<std::int64_t>(text.substr(0, dot));
    if (ms && dot + 1 < text.size())
      return sort_key{instant{milliseconds{*ms}}, std::string(text.substr(dot + 1))};
  }
  return fail(errc::invalid, "is not a cursor that this server gave out", at("cursor"));
}

void key_page::show(sort_key key) {
  ++total_;
  if (want_.after && key >= *want_.after) return;
  if (kept_.size() == want_.limit) {
    more_ = true;
    if (want_.limit == 0 || key < kept_.front()) return;
    std::ranges::pop_heap(kept_, std::greater());
    kept_.pop_back();
  }
  kept_.push_back(std::move(key));
  std::ranges::push_heap(kept_, std::greater());
}

std::vector<sort_key> key_page::rows() const {
  auto out = kept_;
  std::ranges::sort(out, std::greater());
  return out;
}

std::optional<std::string> key_page::next() const {
  if (!more_ || kept_.empty()) return std::nullopt;
  return cursor_of(kept_.front());
}

boost::json::object list_of(boost::json::array items, const std::optional<std::string>& next,
                            std::size_t total) {
  boost::json::object out;
  out["items"] = std::move(items);
  out["next"] = next ? boost::json::value(*next) : boost::json::value(nullptr);
  out["total"] = total;
  return out;
}

}  // namespace sweepd::rest
