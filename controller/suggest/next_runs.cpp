// next_runs: what to try next. The checks and their order are wandb/sweeps:src/sweeps/run.py's
// next_runs() with validation off: what it lets through is let through.
#include "controller/base/json_text.hpp"
#include "controller/suggest/known_choices.hpp"
#include "controller/suggest/ops.hpp"
#include "strategies/bayes/explain.hpp"
#include "strategies/fill.hpp"
#include "strategies/search_model.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::suggest {
namespace {

namespace bj = boost::json;
using strategies::observation;
using strategies::suggestion;

constexpr std::int64_t n_max = 100'000;

struct asked {
  std::vector<std::uint64_t> seeds;  ///< one a suggestion
  bool shuffled = false;
};

template <class T>
using or_refusal = tl::expected<T, bj::object>;

tl::unexpected<bj::object> no(refusal kind, std::string text, std::string where) {
  return tl::unexpected(refused(kind, std::move(text), std::move(where)));
}

/// An integer of 64 bits, with a sign or without; whole doubles are none, as in Python.
std::optional<std::uint64_t> bits_of(const bj::value& v) {
  if (v.is_int64()) return static_cast<std::uint64_t>(v.get_int64());
  if (v.is_uint64()) return v.get_uint64();
  return std::nullopt;
}

or_refusal<std::vector<std::uint64_t>> seeds_in(const request& r) {
  std::int64_t n = 1;
  if (const auto* given = r.field("n")) {
    if (!given->is_int64())
      return no(refusal::type_error, "must be an integer: how many runs are wanted", "n");
    n = given->get_int64();
  }
  if (n < 0 || n > n_max)
    return no(refusal::value_error, "must lie between 0 and " + std::to_string(n_max), "n");
  std::vector<std::uint64_t> out;
  if (const auto* given = r.field("seeds")) {
    if (!given->is_array() || given->get_array().size() != static_cast<std::uint64_t>(n))
      return no(refusal::value_error, "must be a list of " + std::to_string(n) + " integers", "seeds");
    for (const auto& item : given->get_array()) {
      const auto seed = bits_of(item);
      if (!seed)
        return no(refusal::type_error, "must be an integer of 64 bits",
                  "seeds." + std::to_string(out.size()));
      out.push_back(*seed);
    }
    return out;
  }
  std::uint64_t first = 0;
  if (const auto* given = r.field("seed")) {
    const auto seed = bits_of(*given);
    if (!seed) return no(refusal::type_error, "must be an integer of 64 bits", "seed");
    first = *seed;
  }
  for (std::int64_t k = 0; k < n; ++k) out.push_back(first + static_cast<std::uint64_t>(k));
  return out;
}

or_refusal<asked> read_ask(const request& r) {
  asked out;
  auto seeds = seeds_in(r);
  if (!seeds) return tl::unexpected(std::move(seeds).error());
  out.seeds = std::move(*seeds);
  const auto* options = r.field("options");
  if (options == nullptr) return out;
  if (!options->is_object()) return no(refusal::type_error, "must be an object", "options");
  for (const auto& [key, value] : options->get_object()) {
    const auto place = "options." + std::string(key);
    if (key != "randomize_order")
      return no(refusal::type_error, "is no option; there is randomize_order", place);
    if (!value.is_bool()) return no(refusal::type_error, "must be true or false", place);
    out.shuffled = value.get_bool();
  }
  return out;
}

std::optional<bj::object> refuse_config(const bj::object& config) {
  const auto wrong = [](std::string text, std::string where) {
    return refused(refusal::value_error, std::move(text), std::move(where));
  };
  const auto* method = config.if_contains("method");
  if (method == nullptr)
    return wrong("the sweep config must contain a method section: grid, random or bayes", "method");
  const auto* parameters = config.if_contains("parameters");
  if (parameters == nullptr)
    return wrong("the sweep config must contain a parameters section", "parameters");
  if (!parameters->is_object() || parameters->get_object().empty())
    return wrong("the parameters section of a sweep config must be a dict of at least length 1",
                 "parameters");
  const bool ours =  // beside W&B's three
      method->is_string() && strategies::searches_by_model(method->get_string());
  if (*method != "grid" && *method != "random" && !ours)
    return wrong("invalid search type " + json::to_text(*method) +
                     R"(, must be one of ["grid", "random", "bayes"])",
                 "method");
  return std::nullopt;
}

bool one_of(const bj::value& v, std::initializer_list<std::string_view> words) {
  return v.is_string() && std::ranges::find(words, std::string_view(v.get_string())) != words.end();
}

/// What bayes_search.py does first: a metric must be there; a goal or a way to impute that does not
/// exist becomes the default without a word.
std::optional<bj::object> settle_metric(bj::object& config) {
  const auto wrong = [](std::string text, std::string where) {
    return refused(refusal::value_error, std::move(text), std::move(where));
  };
  auto* metric = config.if_contains("metric");
  if (metric == nullptr)
    return wrong("Bayesian search requires a metric section: write metric: {name: ...}", "metric");
  if (!metric->is_object()) return wrong("must be an object with a name", "metric");
  auto& keys = metric->get_object();
  const auto* name = keys.if_contains("name");
  if (name == nullptr || !name->is_string())
    return refused(refusal::validation_error, "must be a text", "metric.name");
  if (const auto* goal = keys.if_contains("goal"); goal && !one_of(*goal, {"minimize", "maximize"}))
    keys.erase("goal");
  for (const auto* key : {"impute", "impute_while_running"})
    if (const auto* way = keys.if_contains(key); way && !one_of(*way, {"latest", "best", "worst"}))
      keys.erase(key);
  return std::nullopt;
}

/// A malformed parameter is W&B's ValidationError; bounds in the wrong order its ValueError, and so is
/// everything that a method cannot do with a sound parameter.
bj::object refused_space(const error& e, const bj::object& config) {
  if (!e.where.starts_with("parameters.")) return refused(e);
  const auto name = e.where.substr(11, e.where.find('.', 11) - 11);
  const auto* parameter = config.at("parameters").get_object().if_contains(name);
  const auto* object = parameter == nullptr ? nullptr : parameter->if_object();
  if (object == nullptr) return refused(e, refusal::validation_error);
  const auto filled = strategies::fill_parameter(name, *object);
  return refused(e, filled && !filled->kind_of ? refusal::validation_error : refusal::value_error);
}

bj::object as_run(suggestion&& s) {
  bj::object out;
  out["config"] = std::move(s.config);
  out["search_info"] = nullptr;
  if (s.search_info.empty()) return out;
  auto* warnings = s.search_info.if_contains("warnings");
  if (warnings != nullptr && warnings->is_null()) *warnings = "";  // a text, as the library has it
  out["search_info"] = std::move(s.search_info);
  return out;
}

/// W&B's library searches on where nothing was learnt: when every configuration of a finite space was
/// tried and none gave a number, it draws at random. (The server ends such a sweep.)
bool goes_on_without_metric(const bj::object& config, const std::vector<observation>& seen) {
  const auto ended = [](const observation& o) { return o.what != observation::kind::pending; };
  const auto logged = [](const observation& o) { return o.value.has_value(); };
  return config.at("method") == "bayes" && std::ranges::any_of(seen, ended) &&
         std::ranges::none_of(seen, logged);
}

result<std::vector<suggestion>> at_random(bj::object config, const strategies::ask& what) {
  config["method"] = "random";
  SWEEPD_TRY(const auto random, strategies::make_strategy(config));
  auto got = random->suggest(what);
  if (got)
    for (auto& one : *got) one.search_info = strategies::bayes::info_of_uniform();
  return got;
}

/// The suggestions, one after the other: each sees the ones before as pending, so that n at once are n
/// requests of one. Fewer than asked: exhausted.
/// `counted`: positions go on where the runs end; W&B's own grid and random begin anew.
result<std::vector<suggestion>> draw(const bj::object& config, session& sweep,
                                     strategies::strategy& s, const asked& ask, bool counted) {
  std::vector<suggestion> out;
  const std::size_t told = sweep.runs().observations().size();
  std::vector<observation> seen;
  if (s.learns()) seen = sweep.runs().observations();
  for (const auto seed : ask.seeds) {
    if (s.learns()) s.observe(seen);
    const strategies::ask one{.seed = seed, .from = counted ? told + out.size() : 0, .n = 1};
    auto got = s.suggest(one);
    if (got && got->empty() && goes_on_without_metric(config, seen)) got = at_random(config, one);
    if (!got) return got;
    if (got->empty()) break;
    out.push_back(std::move(got->front()));
    const auto& next = out.back().config;
    if (s.learns()) seen.emplace_back().config = next;  // pending
    if (sweep.grid() != nullptr) sweep.grid()->visit(next);
  }
  if (sweep.grid() != nullptr)
    for (const auto& drawn : out) sweep.grid()->leave(drawn.config);
  return out;
}

}  // namespace

bj::object next_runs(const request& r) {
  const auto* given = r.config();
  if (given == nullptr) return refused(refusal::value_error, "is missing", "config");
  if (!given->is_object())
    return refused(refusal::value_error, "a sweep config must be a JSON object", "config");
  if (r.sweep == nullptr)
    return refused(refusal::value_error, "is missing; a sweep without runs has []", "runs");
  auto ask = read_ask(r);
  if (!ask) return std::move(ask).error();
  if (auto no = refuse_config(given->get_object())) return std::move(*no);
  auto config = given->get_object();
  const auto& method = config.at("method").as_string();
  const bool bayes = method == "bayes";
  const bool counted = strategies::searches_by_model(method);
  if (counted && method != "sobol")
    if (auto no = settle_metric(config)) return std::move(*no);
  if (ask->shuffled) config["randomize_order"] = true;
  const auto made = r.sweep->strategy(config, ask->shuffled ? "shuffled" : "");
  if (!made) return refused_space(made.error(), config);
  if (bayes)
    if (const auto ok = check_choices(config, r.sweep->runs().observations()); !ok)
      return refused(ok.error());

  auto drawn = draw(config, *r.sweep, **made, *ask, counted);
  if (!drawn) return refused(drawn.error());
  bj::array out;
  for (auto& one : *drawn) out.push_back(as_run(std::move(one)));
  if (drawn->size() < ask->seeds.size()) out.push_back(nullptr);
  return {{"runs", std::move(out)}};
}

}  // namespace sweepd::suggest
