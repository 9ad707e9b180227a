// make_strategy(): the one place that maps `method` to an implementation; and config_hash().
#include "strategies/strategy.hpp"

#include "controller/base/digest.hpp"
#include "strategies/bayes/bayes.hpp"
#include "strategies/canonical.hpp"
#include "strategies/custom.hpp"
#include "strategies/grid.hpp"
#include "strategies/random.hpp"
#include "strategies/search_model.hpp"
#include "strategies/sobol_search.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

result<std::string> method_in(const bj::object& config) {
  const auto* method = config.if_contains("method");
  if (method == nullptr || !method->is_string())
    return fail(errc::invalid, "write method: grid, method: random or method: bayes", "method");
  return std::string(std::string_view(method->get_string()));
}

result<space> space_in(const bj::object& config) {
  const auto* parameters = config.if_contains("parameters");
  if (parameters == nullptr || !parameters->is_object())
    return fail(errc::invalid, "must be a map that names at least one parameter", "parameters");
  return space::make(parameters->get_object());
}

result<std::unique_ptr<strategy>> make_grid(const bj::object& config) {
  SWEEPD_TRY(auto searched, space_in(config));
  SWEEPD_TRY(auto cells, grid_cells::make(std::move(searched)));
  const auto* shuffled = config.if_contains("randomize_order");
  return std::make_unique<grid>(std::move(cells), shuffled != nullptr && *shuffled == true);
}

result<std::unique_ptr<strategy>> make_model(const bj::object& config) {
  SWEEPD_TRY(const auto settings, search_settings_in(config));
  SWEEPD_TRY(auto searched, space_in(config));
  switch (settings.model) {
    case search_model::gp:
      return bayes::bayes_search::make(std::move(searched), config);
    case search_model::tpe:
      return tpe::tpe::make(std::move(searched), config, settings.tpe);
    case search_model::cma_es:
      return cma_es::cma_es::make(std::move(searched), config, settings.cma_es);
    case search_model::sobol:
      break;
  }
  return std::make_unique<sobol_search>(std::move(searched));
}

}  // namespace

result<std::unique_ptr<strategy>> make_strategy(const bj::object& config) {
  SWEEPD_TRY(const std::string method, method_in(config));
  if (method == "grid") return make_grid(config);
  if (method == "random") {
    SWEEPD_TRY(auto searched, space_in(config));
    return std::make_unique<random_search>(std::move(searched));
  }
  if (searches_by_model(method)) return make_model(config);
  if (method == "custom") {
    SWEEPD_TRY(const auto searched, space_in(config));
    return std::make_unique<custom>();
  }
  return fail(errc::invalid,
              "unknown method '" + method + "': write grid, random, bayes, tpe, cma_es, sobol or custom",
              "method");
}

std::string config_hash(const bj::object& config) {
  // Each parameter by the value in {"value": ...}; one that has no such wrapping, by all of it.
  std::vector<std::pair<std::string_view, const bj::value*>> entries;
  for (const auto& entry : config) {
    const auto* wrapped = entry.value().if_object();
    const auto* value = wrapped == nullptr ? nullptr : wrapped->if_contains("value");
    entries.emplace_back(entry.key(), value == nullptr ? &entry.value() : value);
  }
  std::ranges::sort(entries);
  std::string text;
  for (const auto& [name, value] : entries) {
    text += canonical(bj::value(bj::string_view(name.data(), name.size())));
    text += canonical(*value);
  }
  return sha256_hex(text);
}

}  // namespace sweepd::strategies
