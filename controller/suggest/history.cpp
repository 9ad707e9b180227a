#include "controller/suggest/history.hpp"

#include "controller/base/json_text.hpp"
#include "controller/suggest/scan.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace sweepd::suggest {
namespace {

constexpr auto npos = std::string_view::npos;

/// How far a run is looked for from where it is expected.
constexpr std::size_t window = 8;

/// A run's depth: its config may nest as deep as a sweep's groups, and hold values of its own.
constexpr json::text_limits run_limits{.depth_max = 64};

/// How many of the first bytes are the same; by blocks, since both may be many megabytes.
std::size_t same_bytes(std::string_view a, std::string_view b) {
  constexpr std::size_t block = 4096;
  const auto common = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (at + block <= common && std::memcmp(a.data() + at, b.data() + at, block) == 0) at += block;
  while (at < common && a[at] == b[at]) ++at;
  return at;
}

template <class T>
void move_tail(std::vector<T>& from, std::size_t keep, std::vector<T>& to) {
  const auto first = from.begin() + static_cast<std::ptrdiff_t>(keep);
  to.assign(std::make_move_iterator(first), std::make_move_iterator(from.end()));
  from.erase(first, from.end());
}

}  // namespace

/// How many of the first runs stand in `array` as they stood before.
std::size_t history::same_before(std::string_view array) const {
  const auto differs = same_bytes(array, text_);
  const auto behind = std::ranges::partition_point(
      pieces_, [&](const piece& p) { return p.begin + p.size <= differs; });
  return static_cast<std::size_t>(behind - pieces_.begin());
}

history::tail history::cut_tail(std::size_t keep) {
  tail out;
  const auto kept = keep == 0 ? 0 : pieces_[keep - 1].begin + pieces_[keep - 1].size;
  if (2 * kept >= text_.size()) {
    spare_.assign(text_, kept);
    text_.resize(kept);
    out.begin = kept;
  } else {
    spare_.swap(text_);
    text_.assign(spare_, 0, kept);
  }
  out.text = spare_;
  move_tail(pieces_, keep, out.pieces);
  move_tail(facts_, keep, out.facts);
  move_tail(seen_, keep, out.seen);
  out.taken.resize(out.pieces.size());
  return out;
}

/// The old run whose text stands at `at`; npos: none. `next` old ones were passed when the last match
/// was made, `missed` new runs came since: runs were inserted, replaced, or a few left out.
std::size_t history::matching(const tail& old, std::string_view text, std::size_t at,
                              std::size_t next, std::size_t missed) const {
  const auto is = [&](std::size_t i) {
    if (i >= old.pieces.size() || old.taken[i]) return false;
    const auto& p = old.pieces[i];
    return text.substr(at, p.size) == old.text.substr(p.begin - old.begin, p.size);
  };
  if (is(next)) return next;
  if (missed > 0 && is(next + missed)) return next + missed;
  const auto around = next + missed;
  for (auto i = around > window ? around - window : 0; i <= around + window; ++i)
    if (is(i)) return i;
  return npos;
}

result<void> history::add_read(std::string_view run) {
  const auto path = "runs." + std::to_string(facts_.size());
  auto value = json::parse(run, run_limits);
  if (!value) return fail(errc::invalid, value.error().message, path);
  SWEEPD_TRY(auto reduced, reduce_run(*value, metric_, path));
  facts_.push_back(std::move(reduced.facts));
  seen_.push_back(std::move(reduced.seen));
  return {};
}

result<void> history::read_rest(std::string_view text, std::size_t at, std::size_t& end, tail& old,
                                history_change& out) {
  const auto begin_of_array = at;
  const auto malformed = [&](const char* why) {
    return fail(errc::invalid, why, "runs." + std::to_string(facts_.size()));
  };
  if (!pieces_.empty()) at += pieces_.back().begin + pieces_.back().size;
  std::size_t next = 0, missed = 0;
  for (bool first = pieces_.empty();; first = false) {
    if (first) ++at;  // the bracket
    at = after_blanks(text, at);
    if (at < text.size() && text[at] == ']') break;
    if (!first) {
      if (at >= text.size() || text[at] != ',') return malformed("a comma or ] must come before it");
      at = after_blanks(text, at + 1);
    }
    const auto known = matching(old, text, at, next, missed);
    if (known != npos) {
      pieces_.push_back({at - begin_of_array, old.pieces[known].size});
      facts_.push_back(std::move(old.facts[known]));
      seen_.push_back(std::move(old.seen[known]));
      old.taken[known] = true;
      next = known + 1;
      missed = 0;
    } else {
      const auto stop = after_value(text, at);
      if (!stop) return malformed("is not a closed JSON value");
      auto added = add_read(text.substr(at, *stop - at));
      if (!added) return added;
      out.fresh.push_back(pieces_.size());
      pieces_.push_back({at - begin_of_array, *stop - at});
      ++missed;
    }
    at += pieces_.back().size;
  }
  end = at + 1;
  return {};
}

result<history_change> history::update(std::string_view text, std::size_t at, std::size_t& end) {
  if (at >= text.size() || text[at] != '[') {
    clear();
    return fail(errc::invalid, "must be a list of runs", "runs");
  }
  history_change out;
  auto old = cut_tail(same_before(text.substr(at)));
  auto read = read_rest(text, at, end, old, out);
  if (!read) {
    clear();
    return tl::unexpected(std::move(read).error());
  }
  for (std::size_t i = 0; i < old.seen.size(); ++i)
    if (!old.taken[i]) out.gone.push_back(std::move(old.seen[i]));
  text_.append(text, at + text_.size(), end - at - text_.size());
  return out;
}

void history::clear() {
  text_.clear();
  pieces_.clear();
  facts_.clear();
  seen_.clear();
}

}  // namespace sweepd::suggest
