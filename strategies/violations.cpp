// violations(): the checks of schema.hpp over a whole file, and what each method asks of its space.
#include "strategies/grid.hpp"
#include "strategies/schema.hpp"
#include "strategies/search_model.hpp"
#include "strategies/space.hpp"

#include <algorithm>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

void check_for_grid(const space& s, problem_list& out) {
  bool listable = true;
  for (const auto& one : s.leaves()) {
    const auto axis = grid_axis::make(one);
    if (!axis) out.add_stricter(axis.error().where, axis.error().message);
    listable = listable && axis;
  }
  if (!listable) return;
  if (const auto cells = grid_cells::make(s); !cells)
    out.add_stricter(cells.error().where, cells.error().message);
}

void check_for_model(const space& s, std::string_view method, problem_list& out) {
  if (std::ranges::all_of(s.leaves(), [](const leaf& l) { return l.what.constant(); }))
    out.add_stricter("parameters",
                     "leaves nothing to search over: method " + std::string(method) +
                         " needs a parameter that is not constant");
}

bool searched_elsewhere(const bj::object& config) {
  const auto* scheduler = config.if_contains("scheduler");
  const auto* object = scheduler == nullptr ? nullptr : scheduler->if_object();
  const auto* space = object == nullptr ? nullptr : object->if_contains("search_space");
  return space != nullptr && *space != "";
}

}  // namespace

std::vector<violation> violations(const bj::object& config) {
  problem_list out;
  check_sweep_keys(config, out);
  const auto* parameters = config.if_contains("parameters");
  if (parameters == nullptr) {
    if (!searched_elsewhere(config))
      out.add("parameters",
              "`parameters` is required: name at least one parameter to search over, or set "
              "scheduler.search_space");
    return out.take();
  }
  check_parameters(*parameters, "parameters", 0, out);
  if (!parameters->is_object()) return out.take();
  const auto* method = config.if_contains("method");
  const auto made = space::make(parameters->get_object());
  if (!made || method == nullptr) return out.take();  // what is wrong is listed already
  if (*method == "grid") check_for_grid(*made, out);
  if (method->is_string() && searches_by_model(method->get_string()) && *method != "sobol")
    check_for_model(*made, method->get_string(), out);
  return out.take();
}

}  // namespace sweepd::strategies
