// Which addresses of the network a webhook may reach: only what is public, so that a server cannot be made to
// speak to itself, to its neighbours or to a cloud's metadata service. Pure.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace sweepd::hooks {

/// False for this host, private, link-local, shared, multicast, documentation and reserved networks (the
/// special-purpose registries of RFC 6890), and for IPv6 addresses that carry such an IPv4 address.
bool is_public(const boost::asio::ip::address& a);

}  // namespace sweepd::hooks
