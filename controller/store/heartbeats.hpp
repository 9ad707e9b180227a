// The heartbeat block as bytes: a million live runs are one row write, not a million.
//
// Layout: "hb1", then for runs and again for agents: the number of entries (4 bytes), and for each the
// id's length (1 byte), the id, and the wall time in milliseconds (8 bytes); all little-endian.
#pragma once

#include "controller/core/store.hpp"

#include <string>
#include <string_view>

namespace sweepd::store {

std::string encode_heartbeats(const core::heartbeat_block& block);
/// Errors: internal when the bytes are not what encode_heartbeats writes.
result<core::heartbeat_block> decode_heartbeats(std::string_view bytes);

}  // namespace sweepd::store
