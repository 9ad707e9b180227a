#include "controller/hooks/address_rule.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sweepd::hooks {
namespace {

namespace ip = boost::asio::ip;

struct network {
  std::uint32_t address;
  int bits;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  return a << 24 | b << 16 | c << 8;
}

// https://www.iana.org/assignments/iana-ipv4-special-registry
constexpr std::array special{
    network{v4(0, 0, 0), 8},       network{v4(10, 0, 0), 8},     network{v4(100, 64, 0), 10},
    network{v4(127, 0, 0), 8},     network{v4(169, 254, 0), 16}, network{v4(172, 16, 0), 12},
    network{v4(192, 0, 0), 24},    network{v4(192, 0, 2), 24},   network{v4(192, 88, 99), 24},
    network{v4(192, 168, 0), 16},  network{v4(198, 18, 0), 15},  network{v4(198, 51, 100), 24},
    network{v4(203, 0, 113), 24},  network{v4(224, 0, 0), 4},    network{v4(240, 0, 0), 4},
};

bool is_public_v4(std::uint32_t a) {
  return std::none_of(special.begin(), special.end(), [a](const network& n) {
    return (a ^ n.address) >> (32 - n.bits) == 0;
  });
}

/// Only 2000::/3 is given out to the world. Within it, tunnels (Teredo 2001::/32, 6to4 2002::/16) lead to an
/// IPv4 address of somebody's choice, and 2001:db8::/32 and 3fff::/20 are for books.
bool is_public_v6(const ip::address_v6::bytes_type& b) {
  if ((b[0] & 0xe0) != 0x20) return false;
  if (b[0] == 0x20 && b[1] == 0x02) return false;
  if (b[0] == 0x20 && b[1] == 0x01 && (b[2] & 0xfe) == 0) return false;  // 2001::/23: protocols, Teredo among them
  if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8) return false;
  return !(b[0] == 0x3f && b[1] == 0xff && (b[2] & 0xf0) == 0);
}

}  // namespace

bool is_public(const ip::address& a) {
  if (a.is_v4()) return is_public_v4(a.to_v4().to_uint());
  const auto v6 = a.to_v6();
  if (v6.is_v4_mapped()) return is_public_v4(ip::make_address_v4(ip::v4_mapped, v6).to_uint());
  return is_public_v6(v6.to_bytes());
}

}  // namespace sweepd::hooks
