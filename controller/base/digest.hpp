// SHA-256, by OpenSSL: identities of configurations and policies, the event chain, API keys. MD5 where a
// client names contents by it; it protects nothing.
#pragma once

#include <string>
#include <string_view>

namespace sweepd {

std::string sha256_hex(std::string_view bytes);  ///< 64 lower-case hex digits
std::string md5_hex(std::string_view bytes);     ///< 32 lower-case hex digits

}  // namespace sweepd
