// What the sessions of one server share: counts, request ids, the Date line.
#include "controller/http/session.hpp"

#include "controller/http/respond.hpp"

#include <openssl/rand.h>

#include <array>
#include <chrono>
#include <stdexcept>

namespace sweepd::http {
namespace {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof seed) != 1)
    throw std::runtime_error("the system's random generator failed");
  return seed;
}

/// splitmix64's finaliser: neighbours in, no likeness out.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

session_hub::session_hub(const router& r, backend b, server_options o)
    : routes(r),
      back(std::move(b)),
      opts(std::move(o)),
      bodies(opts.inflight_body_bytes_max),
      failures(opts.failed_auth_per_minute),
      asking(opts.requests_per_second),
      writing(opts.agent_requests_per_second),
      id_seed_(random_seed()) {}

std::unique_ptr<connection_slot> session_hub::admit(std::string address) {
  if (connections >= opts.connections_max) return nullptr;
  if (!address.empty()) {
    const auto found = by_address.find(address);
    if (found != by_address.end() && found->second >= opts.connections_per_address_max)
      return nullptr;
  }
  return std::make_unique<connection_slot>(shared_from_this(), std::move(address));
}

std::optional<std::string> session_hub::rate_problem(const route& r, const principal& who) {
  if (r.who == need::open || who.key_id == local_key_id) return std::nullopt;
  const bool agent = r.who == need::agent || r.by_agents || who.role == core::role::agent;
  auto& limit = agent ? writing : asking;
  if (limit.take(who.key_id, back.clock->steady())) return std::nullopt;
  return "this key asks more than " +
         std::to_string(agent ? opts.agent_requests_per_second : opts.requests_per_second) +
         " times a second (limits." + (agent ? "agent_" : "") + "requests_per_second): try again in a second";
}

std::string session_hub::next_request_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::uint64_t x = mixed(id_seed_ + ++ids_ * 0x9e3779b97f4a7c15ULL);
  std::string out(16, '0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = digits[(x >> (60 - 4 * i)) & 0xF];
  return out;
}

std::string_view session_hub::date() {
  const auto now = std::chrono::floor<std::chrono::seconds>(back.clock->now());
  if (now != date_of_ || date_.empty()) {
    date_of_ = now;
    date_ = http_date(now);
  }
  return date_;
}

connection_slot::connection_slot(std::shared_ptr<session_hub> hub, std::string address)
    : hub_(std::move(hub)), address_(std::move(address)) {
  entry_ = hub_->open.emplace(hub_->open.end());
  if (!address_.empty()) ++hub_->by_address[address_];
  ++hub_->connections;
}

connection_slot::~connection_slot() {
  hub_->open.erase(entry_);
  if (const auto found = hub_->by_address.find(address_); found != hub_->by_address.end())
    if (--found->second == 0) hub_->by_address.erase(found);
  if (--hub_->connections == 0 && hub_->on_last_closed) hub_->on_last_closed();
}

}  // namespace sweepd::http
