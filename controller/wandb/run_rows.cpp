#include "controller/wandb/run_rows.hpp"

#include "controller/wandb/environment.hpp"
#include "controller/wandb/json_lines.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>

namespace sweepd::wandb {
namespace {

constexpr std::size_t lines_at_once = 10'000;
constexpr std::size_t keys_max = 10'000;
constexpr std::string_view place_holder = "{}";

/// The row's step; a program that logs none (it is not W&B's client) counts by lines.
std::int64_t step_of(const bj::object& row, std::size_t line) {
  return number_in(row, "_step").value_or(static_cast<std::int64_t>(line));
}

bool outside(const row_query& q, std::int64_t step) {
  return (q.min_step && step < *q.min_step) ||
         (q.max_step && (q.max_inclusive ? step > *q.max_step : step >= *q.max_step));
}

/// The step without reading the whole line, which costs twenty times as much; none: not so simple.
std::optional<std::int64_t> quick_step(std::string_view line) {
  constexpr std::string_view key = "\"_step\":";
  const auto at = line.find(key);
  if (at == std::string_view::npos || line.find(key, at + 1) != std::string_view::npos) return std::nullopt;
  std::int64_t step = 0;
  const auto* end = line.data() + line.size();
  const auto got = std::from_chars(line.data() + at + key.size(), end, step);
  const bool whole = got.ec == std::errc() && got.ptr != end && (*got.ptr == ',' || *got.ptr == '}');
  return whole ? std::optional(step) : std::nullopt;
}

/// One numeric key as it is seen row after row.
struct key_facts {
  std::uint64_t numbers = 0, texts = 0, others = 0;
  bool monotonic = true;
  std::optional<double> previous;
};

void note(key_facts& f, const bj::value& v) {
  if (v.is_string()) {
    ++f.texts;
  } else if (!v.is_number()) {
    ++f.others;
  } else {
    ++f.numbers;
    const auto x = v.to_number<double>();
    if (f.previous && x < *f.previous) f.monotonic = false;
    f.previous = x;
  }
}

using facts_by_key = std::map<std::string, key_facts, std::less<>>;

/// The keys of a row, those of objects by dots.
void note_all(facts_by_key& keys, const bj::object& row, const std::string& prefix) {
  for (const auto& [key, value] : row) {
    const auto name = prefix + std::string(key);
    if (const auto* below = value.if_object(); below != nullptr && !below->contains("_type")) {
      note_all(keys, *below, name + ".");
      continue;
    }
    const auto it = keys.find(name);
    if (it != keys.end())
      note(it->second, value);
    else if (keys.size() < keys_max)
      note(keys[name], value);
  }
}

}  // namespace

result<std::vector<std::string>> read_lines(core::reader& from, const run_id& run, stream which,
                                            std::uint64_t count) {
  std::vector<std::string> out;
  for (std::uint64_t at = 0; at < count;) {
    const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(lines_at_once, count - at));
    SWEEPD_TRY(auto page, which == stream::history ? from.history(run, at, limit) : from.system_metrics(run, at, limit));
    if (page.empty()) break;
    at += page.size();
    std::move(page.begin(), page.end(), std::back_inserter(out));
  }
  return out;
}

result<row_query> read_spec(const std::string& text) {
  row_query out;
  SWEEPD_TRY(const auto spec, object_of(text, "spec"));
  if (const auto* keys = spec.if_contains("keys"); keys != nullptr && keys->is_array())
    for (const auto& k : keys->get_array())
      if (k.is_string()) out.keys.emplace_back(k.get_string());
  out.min_step = number_in(spec, "minStep");
  out.max_step = number_in(spec, "maxStep");
  out.samples = static_cast<std::size_t>(std::max<std::int64_t>(number_in(spec, "samples").value_or(500), 1));
  return out;
}

std::vector<bj::object> choose_rows(const std::vector<std::string>& lines, const row_query& q) {
  std::vector<bj::object> all;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& line = lines[i];
    if (line == place_holder) continue;
    if (const auto step = quick_step(line); step && outside(q, *step)) continue;
    auto row = object_of(line, "");
    if (!row) continue;
    const auto step = step_of(*row, i);
    if (outside(q, step)) continue;
    if (q.steps && !row->contains("_step")) (*row)["_step"] = step;
    if (q.keys.empty()) {
      all.push_back(std::move(*row));
      continue;
    }
    bj::object cut;
    for (const auto& k : q.keys)
      if (const auto* v = value_at(*row, k)) cut[k] = *v;
    const bool has_all = std::all_of(q.keys.begin(), q.keys.end(), [&](const auto& k) { return cut.contains(k); });
    if (has_all) all.push_back(std::move(cut));
  }
  if (q.samples == 0 || all.size() <= q.samples) return all;
  std::vector<bj::object> out;
  for (std::size_t i = 0; i < q.samples; ++i) {
    const auto at = q.samples == 1 ? all.size() - 1 : i * (all.size() - 1) / (q.samples - 1);
    out.push_back(std::move(all[at]));
  }
  return out;
}

bj::object key_summary(const std::vector<std::string>& lines) {
  facts_by_key keys;
  std::int64_t last = -1;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto row = object_of(lines[i], "");
    if (!row || row->empty()) continue;
    last = std::max(last, step_of(*row, i));
    note_all(keys, *row, "");
  }
  bj::object shown;
  for (const auto& [key, f] : keys) {
    bj::array counts;
    const auto add = [&](const char* type, std::uint64_t n) {
      if (n > 0) counts.push_back({{"type", type}, {"count", n}});
    };
    add("number", f.numbers);
    add("string", f.texts);
    add("other", f.others);
    shown[key] = {{"typeCounts", std::move(counts)},
                  {"monotonic", f.numbers > 0 && f.monotonic},
                  {"previousValue", f.previous ? bj::value(*f.previous) : bj::value(nullptr)}};
  }
  return {{"sets", bj::array()}, {"keys", std::move(shown)}, {"lastStep", last}};
}

}  // namespace sweepd::wandb
