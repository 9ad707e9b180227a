// Names of a run's files are data, never paths: checked here when they come in, and made harmless
// when they go out as a download's suggested name.
#pragma once

#include "controller/base/result.hpp"

#include <string>
#include <string_view>

namespace sweepd::http {

inline constexpr std::size_t file_name_bytes_max = 255;
inline constexpr std::size_t file_name_depth_max = 16;

/// At most 255 bytes of UTF-8 in at most 16 segments; no empty, "." or ".." segment, no backslash, no
/// control or text-direction characters. `where` names the parameter.
result<void> check_file_name(std::string_view name, std::string where);

/// `attachment; filename="..."; filename*=UTF-8''...` of the last segment.
std::string attachment(std::string_view name);

}  // namespace sweepd::http
