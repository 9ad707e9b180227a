// Base64 of RFC 4648, section 4: with padding out, with or without it in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sweepd {

std::string base64(std::string_view bytes);
/// None when a character is not of the alphabet.
std::optional<std::string> unbase64(std::string_view text);

}  // namespace sweepd
