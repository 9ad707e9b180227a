// fresh_id(): the ids of sweeps, runs and agents.
#include "controller/service/controller.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace sweepd::service {

std::string fresh_id() {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::size_t length = 8;
  // Bytes from 252 on are thrown away: 252 is the largest multiple of 36 in a byte, so that every
  // character is equally likely.
  constexpr unsigned fair = 256 - 256 % alphabet.size();
  std::string id;
  while (id.size() < length) {
    std::array<unsigned char, 2 * length> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    for (const unsigned b : bytes)
      if (b < fair && id.size() < length) id += alphabet[b % alphabet.size()];
  }
  return id;
}

}  // namespace sweepd::service
