// The operations of `sweepd suggest`, one a file, and how they refuse.
#pragma once

#include "controller/base/error.hpp"
#include "controller/suggest/request.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace sweepd::suggest {

/// What kind of exception a refusal would be in Python: callers there raise it.
enum class refusal { value_error, validation_error, type_error, key_error };

/// {"error": text, "kind": ..., "where": path if any}
boost::json::object refused(refusal kind, std::string text, std::string where = {});
boost::json::object refused(const error& e, refusal kind = refusal::value_error);

boost::json::object next_runs(const request& r);
boost::json::object validate(const request& r);
boost::json::object fill_parameter(const request& r);
boost::json::object ppf(const request& r);
boost::json::object cdf(const request& r);
/// The answer as text: W&B's rungs are integers of any length, which no JSON value holds.
std::string stop_runs(const request& r);

}  // namespace sweepd::suggest
