#include "controller/wandb/outside.hpp"

#include "controller/core/outside.hpp"
#include "controller/wandb/json_lines.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/run_query.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

constexpr std::size_t schedule_max = 1'000;
constexpr std::size_t stops_max = 10'000;
constexpr std::size_t config_members_max = 1'000;
constexpr std::size_t priors_max = 10'000;

const bj::array& list_in(const bj::object& o, std::string_view key) {
  static const bj::array none;
  const auto* v = o.if_contains(key);
  return v != nullptr && v->is_array() ? v->get_array() : none;
}

result<core::cmd::write_controller::entry> entry_of(const bj::value& v, const std::string& where) {
  core::cmd::write_controller::entry out;
  if (!v.is_object()) return fail(errc::invalid, "must be an object", where);
  out.id = text_in(v.get_object(), "id");
  if (auto good = http::check_text(out.id, http::name_bytes_max, where + ".id"); !good || out.id.empty())
    return fail(errc::invalid, "must be a short text", where + ".id");
  const auto* data = v.get_object().if_contains("data");
  const auto* args = data != nullptr && data->is_object() ? data->get_object().if_contains("args") : nullptr;
  if (args == nullptr) return fail(errc::invalid, "is required", where + ".data.args");
  if (args->is_null()) return out;  // the search is over
  SWEEPD_TRY(out.config, run_config(*args, where + ".data.args"));
  return out;
}

/// A number under a name, or under its parts between dots.
std::optional<double> number_at(const bj::object& in, std::string_view name) {
  if (const auto* v = in.if_contains(name))
    return v->is_number() ? std::optional(v->to_number<double>()) : std::nullopt;
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto* below = in.if_contains(name.substr(0, dot));
  return below != nullptr && below->is_object() ? number_at(below->get_object(), name.substr(dot + 1)) : std::nullopt;
}

/// Without a configuration when the run lacks one of the sweep's parameters: it says nothing of its space.
result<core::cmd::create_sweep::prior> prior_of(const core::state& s, const core::run& r, const core::sweep_spec& spec) {
  core::cmd::create_sweep::prior out;
  out.run = r.id;
  SWEEPD_TRY(const auto config, object_of(config_text(s, r), "config"));
  if (!spec.metric.empty()) out.value = number_at(r.summary, spec.metric);
  bj::object own;
  const auto* parameters = spec.config.if_contains("parameters");
  if (parameters != nullptr && parameters->is_object())
    for (const auto& [name, about] : parameters->get_object()) {
      const auto* v = config.if_contains(name);
      const auto* value = v != nullptr && v->is_object() ? v->get_object().if_contains("value") : nullptr;
      if (value == nullptr) return out;
      own[name] = bj::object{{"value", *value}};
    }
  out.config = std::move(own);
  return out;
}

}  // namespace

result<bj::object> run_config(const bj::value& v, const std::string& where) {
  const auto* o = v.if_object();
  if (o == nullptr) return fail(errc::invalid, "must be an object of {\"value\": ...}", where);
  if (o->size() > config_members_max) return fail(errc::too_large, "has more than 1000 parameters", where);
  for (const auto& [name, one] : *o)
    if (!one.is_object() || !one.get_object().contains("value"))
      return fail(errc::invalid, "must be {\"value\": ...}", where + "." + std::string(name));
  return *o;
}

result<core::cmd::write_controller> read_controller(const core::sweep& sw, const std::string& text) {
  core::cmd::write_controller out;
  out.sweep = sw.id;
  out.text = text;
  SWEEPD_TRY(const auto whole, object_of(text.empty() ? "{}" : text, "controller"));
  const auto& schedule = list_in(whole, "schedule");
  const auto& stops = list_in(whole, "earlystop");
  if (schedule.size() > schedule_max) return fail(errc::too_large, "has more than 1000 entries", "controller.schedule");
  if (stops.size() > stops_max) return fail(errc::too_large, "has more than 10000 entries", "controller.earlystop");
  for (const auto& v : schedule) {
    SWEEPD_TRY(auto one, entry_of(v, "controller.schedule[" + std::to_string(out.schedule.size()) + "]"));
    out.schedule.push_back(std::move(one));
    out.fresh_runs.push_back(run_id{service::fresh_id()});
  }
  for (const auto& v : stops)
    if (v.is_string()) out.stop.push_back(run_id{std::string(v.get_string())});
  return out;
}

run_id scheduler_run_of(const sweep_id& id) { return run_id{"scheduler-" + id.value}; }

bool has_scheduler(const core::sweep_spec& spec) { return spec.config.contains("scheduler"); }

void add_promised(const core::sweep& sw, std::deque<core::run>& keep, std::vector<const core::run*>& all) {
  for (auto& one : core::promised_runs(sw)) {
    keep.push_back(std::move(one));
    all.push_back(&keep.back());
  }
}

result<std::vector<core::cmd::create_sweep::prior>> priors_of(const core::state& s, const http::principal& who,
                                                              const std::string& project,
                                                              const core::sweep_spec& spec,
                                                              const std::string& filters) {
  bj::object arguments;
  arguments["filters"] = filters;
  SWEEPD_TRY(const auto query, run_query::parse(arguments));
  std::vector<const core::run*> found;
  if (who.sees(project))
    for (const auto& [id, r] : s.runs)
      if (core::find(s, r.sweep)->project == project && query.matches(s, r)) found.push_back(&r);
  if (found.empty())
    return fail(errc::not_found, "no run of " + project + " is meant by " + filters, "priorRunsFilters");
  if (found.size() > priors_max) return fail(errc::too_large, "mean more than 10000 runs", "priorRunsFilters");
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return std::pair(a->created, a->id.value) < std::pair(b->created, b->id.value);
  });
  std::vector<core::cmd::create_sweep::prior> out;
  const bool grid = spec.method == "grid" && !core::searched_outside(spec);
  for (const auto* r : found) {
    SWEEPD_TRY(auto one, prior_of(s, *r, spec));
    if (grid) one.config.reset();  // it learns nothing: every cell is tried
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace sweepd::wandb
