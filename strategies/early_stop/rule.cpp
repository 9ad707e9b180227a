#include "strategies/early_stop/rule.hpp"

#include "strategies/nearest.hpp"
#include "strategies/schema.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sweepd::strategies::early_stop {
namespace {

namespace bj = boost::json;
using fault = rule_fault;
using made_rule = tl::expected<rule, rule_fault>;

constexpr std::string_view block = "early_terminate";
constexpr double resource_max = 1e15;  ///< beyond, doubles no longer tell whole numbers apart

tl::unexpected<fault> wrong(fault::kind what, std::string text, std::string where) {
  return tl::unexpected(fault{what, std::move(text), std::move(where)});
}

bool above_one(double x) { return x > 1; }
bool positive(double x) { return x > 0; }
bool not_negative(double x) { return x >= 0; }
bool whole(double x) { return std::trunc(x) == x; }
bool counts(double x) { return x >= 1 && whole(x); }
bool any(double) { return true; }

/// Reads the block's keys; remembers the first that is wrong.
class reader {
 public:
  explicit reader(const bj::object& o) : o_(o) {}

  std::optional<fault> found;

  double number(std::string_view key, double otherwise, bool (*fits)(double), const char* wanted) {
    const auto* v = o_.if_contains(key);
    if (v == nullptr) return otherwise;
    const auto x = number_in(*v);
    if (x && fits(*x)) return *x;
    refuse(key, wanted, *v);
    return otherwise;
  }
  bool truth(std::string_view key, bool otherwise) {
    const auto* v = o_.if_contains(key);
    if (v == nullptr) return otherwise;
    if (v->is_bool()) return v->get_bool();
    refuse(key, "true or false", *v);
    return otherwise;
  }
  void refuse(std::string_view key, const std::string& wanted, const bj::value& v) {
    note(fault::kind::validation, "must be " + wanted + ", not " + shown(v), join_path(block, key));
  }
  void note(fault::kind what, std::string text, std::string where) {
    if (!found) found = fault{what, std::move(text), std::move(where)};
  }
  [[nodiscard]] const bj::value* at(std::string_view key) const { return o_.if_contains(key); }

 private:
  const bj::object& o_;
};

// The bands, in that library's arithmetic: a running product or quotient, cut off to integers.
void hyperband(rule& r, reader& in) {
  constexpr auto integer = "an integer";
  r.eta = in.number("eta", 3, above_one, "a number above 1");
  r.strict = in.truth("strict", true);
  const double max_iter = in.number("max_iter", 0, whole, integer);
  const double min_iter = in.number("min_iter", 1, counts, "an integer of at least 1");
  const double s = in.number("s", 0, any, "a number");
  const auto* written = in.at("s");
  if (in.at("max_iter") != nullptr) {
    // Its schema is content when there is min_iter too; its arithmetic is not.
    if (written == nullptr)
      in.note(in.at("min_iter") != nullptr ? fault::kind::key : fault::kind::validation,
              "is missing: max_iter needs s, the number of rungs", join_path(block, "s"));
    else if (!written->is_int64() && !written->is_uint64())
      in.note(fault::kind::type, "must be written as an integer, not " + shown(*written),
              join_path(block, "s"));
    double band = max_iter;
    for (double i = 0; i < s; ++i) {
      band /= r.eta;
      if (!(band >= 1)) break;
      r.rungs.push_back(std::trunc(band));
    }
    std::ranges::reverse(r.rungs);
  } else if (in.at("min_iter") != nullptr) {
    double band = min_iter;
    for (int i = 0; i < rungs_max; ++i, band *= r.eta) r.rungs.push_back(std::trunc(band));
  } else {
    in.note(fault::kind::validation, "needs min_iter, or max_iter together with s", std::string(block));
  }
  if (r.rungs.empty())
    in.note(fault::kind::value, "has no rung: s must be at least 1, and max_iter at least eta",
            std::string(block));
}

/// What asha and median have in common.
void read_ours(rule& r, reader& in) {
  r.keep_failed = in.truth("keep_failed", false);
  const auto* key = in.at("resource");
  if (key == nullptr) return;
  if (key->is_string() && !key->get_string().empty())
    r.resource = std::string(key->get_string());
  else
    in.refuse("resource", "the name under which runs log how far they are, such as epoch", *key);
}

void asha(rule& r, reader& in) {
  read_ours(r, in);
  r.eta = in.number("eta", 3, above_one, "a number above 1");
  const double least = in.number("min_resource", 1, positive, "a number above 0");
  const double most = in.number("max_resource", resource_max, positive, "a number above 0");
  r.grace = in.number("grace_period", 0, not_negative, "a number of at least 0");
  r.runs_min = static_cast<std::size_t>(std::ceil(std::min(r.eta, 1e9)));
  // A rung at the very end would stop nobody who still has work to do.
  double at = least;
  for (int i = 0; i < rungs_max && at < most; ++i, at *= r.eta) r.rungs.push_back(at);
  if (r.rungs.empty())
    in.note(fault::kind::value, "has no rung: min_resource must be below max_resource",
            std::string(block));
}

void median(rule& r, reader& in) {
  read_ours(r, in);
  const double interval = in.number("interval", 1, positive, "a number above 0");
  r.grace = in.number("warmup", 0, not_negative, "a number of at least 0");
  const double others = in.number("min_runs", 5, counts, "an integer of at least 1");
  r.runs_min = static_cast<std::size_t>(std::min(others, 1e9)) + 1;
  if (const auto* v = in.at("value")) {
    if (*v != "best" && *v != "mean") in.refuse("value", "best or mean", *v);
    r.mean = *v == "mean";
  }
  // Every interval at first, then an eighth further each time: few numbers a run, however long it is.
  for (double i = 1; r.rungs.size() < checkpoints_max; i += std::max(1.0, std::floor(i / 8)))
    r.rungs.push_back(i * interval);
}

}  // namespace

error to_error(rule_fault f) { return {errc::invalid, std::move(f.text), std::move(f.where)}; }

made_rule rule::make(const bj::object& config) {
  const auto* metric = config.if_contains("metric");
  if (metric == nullptr)
    return wrong(fault::kind::value, "is missing: stopping runs early needs a metric to compare them by",
                 "metric");
  const auto* stop = config.if_contains(block);
  if (stop == nullptr)
    return wrong(fault::kind::value, "is missing: nothing says when to stop runs early",
                 std::string(block));
  const auto* o = stop->if_object();
  const auto* type = o == nullptr ? nullptr : o->if_contains("type");
  if (type == nullptr)
    return wrong(fault::kind::value, "must be a map with a type, such as {type: hyperband, min_iter: 3}",
                 std::string(block));
  const std::string_view word = type->is_string() ? std::string_view(type->get_string()) : "";
  if (std::ranges::find(rule_types, word) == rule_types.end())
    return wrong(fault::kind::value,
                 "must be " + listed(rule_types) + ", not " + shown(*type) + did_you_mean(word, rule_types),
                 join_path(block, "type"));
  rule r;
  const auto* described = metric->if_object();
  const auto* name = described == nullptr ? nullptr : described->if_contains("name");
  if (name == nullptr || !name->is_string())
    return wrong(fault::kind::validation, "is missing: the name under which runs log the metric",
                 "metric.name");
  r.metric = std::string(name->get_string());
  if (const auto* goal = described->if_contains("goal")) r.maximize = *goal == "maximize";
  r.kind = static_cast<rule_kind>(std::ranges::find(rule_types, word) - rule_types.begin());
  reader in(*o);
  switch (r.kind) {
    case rule_kind::hyperband: hyperband(r, in); break;
    case rule_kind::asha: asha(r, in); break;
    case rule_kind::median: median(r, in); break;
  }
  if (in.found) return tl::unexpected(*in.found);
  return r;
}

void rule::observe(rung_record& r, double value, std::optional<double> at) const {
  ++r.count;
  r.sum += value;
  if (!r.best || ranked(value) < ranked(*r.best)) r.best = value;
  if (resource.empty())
    r.resource = static_cast<double>(r.count);
  else if (at)
    r.resource = *at;
  double counted = *r.best;
  if (kind == rule_kind::hyperband) counted = value;
  if (mean) counted = r.sum / static_cast<double>(r.count);
  while (r.values.size() < rungs.size() && rungs[r.values.size()] <= r.resource)
    r.values.push_back(counted);
}

std::size_t rule::cut(std::size_t n) const {
  const auto count = static_cast<double>(n);
  switch (kind) {
    case rule_kind::hyperband:  // int(r * len(values)) with r = 1.0 / eta, rounding errors included
      return std::min(n - 1, static_cast<std::size_t>(1.0 / eta * count));
    // As there, the one after the best n / eta goes on too: on learning curves that cross, this loses
    // fewer late starters than it costs (tests/bench/early_stop).
    case rule_kind::asha: return std::min(n - 1, static_cast<std::size_t>(count / eta));
    // The (lower) median of the others, seen by a run that is worse than it: taking that run away
    // moves no value before it.
    default: return n < 2 ? 0 : (n - 2) / 2;
  }
}

double rule::judged_by(const rung_record& r) const {
  if (kind == rule_kind::hyperband && !strict) return ranked(*r.best);
  return ranked(r.values.back());
}

std::string rule::rung_name(std::size_t i) const {
  return "rung " + number_text(rungs[i]) + (resource.empty() ? "" : " (" + resource + ")");
}

std::string number_text(double x) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), x);
  return std::string(text.data(), end.ptr);
}

}  // namespace sweepd::strategies::early_stop
