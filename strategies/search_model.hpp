// Which model proposes: what `method` and the `search:` block of a sweep file say together.
//
// method: bayes takes any model by `search: {model: ...}`, a Gaussian process when nothing is
// written; tpe, cma_es and sobol are methods of their own, too. One table holds every option; it is
// read by violations() and by make_strategy(). Ours alone: W&B's language has no such block. Pure.
#pragma once

#include "controller/base/result.hpp"
#include "strategies/cma_es/cma_es.hpp"
#include "strategies/schema.hpp"
#include "strategies/tpe/tpe.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string_view>

namespace sweepd::strategies {

enum class search_model : std::uint8_t { gp, tpe, cma_es, sobol };

struct search_settings {
  search_model model = search_model::gp;
  tpe::options tpe;
  cma_es::options cma_es;
};

/// True for bayes, tpe, cma_es and sobol.
bool searches_by_model(std::string_view method);

/// Of a file whose method searches by a model. Keys that do not exist are let through: violations()
/// tells them. Errors: invalid, for a model that does not exist and for options with bad values.
result<search_settings> search_settings_in(const boost::json::object& config);

/// Adds what is wrong with the `search:` block, for every method.
void check_search(const boost::json::object& config, problem_list& out);

}  // namespace sweepd::strategies
