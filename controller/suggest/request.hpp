// One line of input, cut into its members, with the session of its config brought up to its runs.
#pragma once

#include "controller/base/result.hpp"
#include "controller/suggest/session.hpp"

#include <boost/json.hpp>

#include <string_view>

namespace sweepd::suggest {

struct request {
  boost::json::object fields;  ///< every member but runs, and config where there are runs
  session* sweep = nullptr;    ///< of config and runs; null when one of them is absent

  /// A member; null when it is absent or JSON null.
  [[nodiscard]] const boost::json::value* field(std::string_view name) const;
  [[nodiscard]] const boost::json::value* config() const;
};

/// Reads a line. Errors: invalid, for what is no JSON object, and for runs that cannot be read.
result<request> read_request(std::string_view line, sessions& known);

}  // namespace sweepd::suggest
