// The checks of `sweepd doctor`, in order: settings, reachability, readiness, key, version, clocks,
// disk, unusual states, the audit chain. A check that cannot be made says so; it never stops the
// rest.
#pragma once

#include "controller/cli/context.hpp"

#include <string>
#include <vector>

namespace sweepd::cli {

struct check {
  std::string level;  ///< ok, warn, fail
  std::string what;
  std::string text;
};

std::vector<check> examine(context& c);

/// `Date: Sun, 22 Nov 2026 17:18:41 GMT` (RFC 9110, section 5.6.7, the preferred form only).
std::optional<instant> http_date(const std::string& text);

}  // namespace sweepd::cli
