#include "controller/store/heartbeats.hpp"

#include <algorithm>
#include <optional>

namespace sweepd::store {
namespace {

constexpr std::string_view magic = "hb1";

void put(std::string& out, std::uint64_t n, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(n >> (8 * i));
}

std::optional<std::uint64_t> take(std::string_view& in, std::size_t bytes) {
  if (in.size() < bytes) return std::nullopt;
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    n |= static_cast<std::uint64_t>(static_cast<unsigned char>(in[i])) << (8 * i);
  in.remove_prefix(bytes);
  return n;
}

template <class Id>
void put_list(std::string& out, const std::vector<std::pair<Id, instant>>& list) {
  put(out, list.size(), 4);
  for (const auto& [id, at] : list) {
    // Ids are 8 characters; a longer one than a byte can count is cut, and so matches no row.
    const auto length = std::min<std::size_t>(id.value.size(), 255);
    put(out, length, 1);
    out.append(id.value, 0, length);
    put(out, static_cast<std::uint64_t>(at.time_since_epoch().count()), 8);
  }
}

template <class Id>
bool take_list(std::string_view& in, std::vector<std::pair<Id, instant>>& list) {
  const auto count = take(in, 4);
  if (!count) return false;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto length = take(in, 1);
    if (!length || in.size() < *length) return false;
    Id id{std::string(in.substr(0, *length))};
    in.remove_prefix(*length);
    const auto at = take(in, 8);
    if (!at) return false;
    list.emplace_back(std::move(id), instant{milliseconds{static_cast<std::int64_t>(*at)}});
  }
  return true;
}

}  // namespace

std::string encode_heartbeats(const core::heartbeat_block& block) {
  std::string out(magic);
  out.reserve(magic.size() + 8 + 17 * (block.runs.size() + block.agents.size()));
  put_list(out, block.runs);
  put_list(out, block.agents);
  return out;
}

result<core::heartbeat_block> decode_heartbeats(std::string_view bytes) {
  core::heartbeat_block out;
  bool ok = bytes.starts_with(magic);
  if (ok) {
    bytes.remove_prefix(magic.size());
    ok = take_list(bytes, out.runs) && take_list(bytes, out.agents) && bytes.empty();
  }
  if (!ok) return fail(errc::internal, "the heartbeat block is damaged");
  return out;
}

}  // namespace sweepd::store
