// Files that come with a request (a sweep, a crash policy): read by config, refused with every problem
// and its place.
#pragma once

#include "controller/config/sweep_yaml.hpp"
#include "controller/rest/handler.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sweepd::rest {

/// 400 with `problems`: [{where, message}], the first of which is also the detail and the place.
response refused_file(const std::vector<config::problem>& problems, const http::request& req);

/// `source` as a name for messages: what the client said, if it can be shown; else `fallback`.
result<std::string> source_name(const std::optional<std::string>& given, std::string_view fallback);

}  // namespace sweepd::rest
