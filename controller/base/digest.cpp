#include "controller/base/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace sweepd {

namespace {

std::string hex_digest(std::string_view bytes, const EVP_MD* how, const char* name) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int n = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &n, how, nullptr) != 1)
    throw std::runtime_error(std::string(name) + " is not available in this OpenSSL");
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(std::size_t{2} * n);
  for (unsigned int i = 0; i < n; ++i) {
    hex += digits[out[i] >> 4];
    hex += digits[out[i] & 15];
  }
  return hex;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) { return hex_digest(bytes, EVP_sha256(), "SHA-256"); }
std::string md5_hex(std::string_view bytes) { return hex_digest(bytes, EVP_md5(), "MD5"); }

}  // namespace sweepd
