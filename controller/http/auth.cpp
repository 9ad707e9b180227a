#include "controller/http/auth.hpp"

#include "controller/base/base64.hpp"
#include "controller/base/digest.hpp"
#include "controller/http/gate.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sweepd::http {
namespace {

constexpr std::string_view alphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view prefix = "local-";
constexpr std::size_t secret_length = 43;  // 43 * log2(62) = 256.03 bits
constexpr std::size_t id_length = 8;
constexpr milliseconds window_length{60'000};
constexpr std::size_t addresses_max = 10'000;

tl::unexpected<error> refused(std::string message) {
  return fail(errc::unauthorized, std::move(message));
}

}  // namespace

issued_key make_key() {
  // Bytes of 248 and above are dropped: 248 is the largest multiple of 62, so no character is
  // likelier.
  constexpr unsigned fair = 248;
  issued_key out;
  out.key = prefix;
  std::array<unsigned char, 64> bytes{};
  while (out.key.size() < prefix.size() + secret_length) {
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
      throw std::runtime_error("the system's random generator failed");
    for (const unsigned b : bytes)
      if (b < fair && out.key.size() < prefix.size() + secret_length) out.key += alphabet[b % 62];
  }
  OPENSSL_cleanse(bytes.data(), bytes.size());
  out.id = out.key.substr(prefix.size(), id_length);
  out.sha256 = sha256_hex(out.key);
  return out;
}

result<std::string> presented_key(std::optional<std::string_view> authorization) {
  if (!authorization) return std::string{};
  const auto space = authorization->find(' ');
  if (space == std::string_view::npos) return refused("Authorization must be Bearer or Basic");
  const auto scheme = authorization->substr(0, space);
  auto rest = authorization->substr(space + 1);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (same_text(scheme, "bearer")) return std::string(rest);
  if (!same_text(scheme, "basic")) return refused("Authorization must be Bearer or Basic");
  const auto pair = unbase64(rest);
  constexpr std::string_view user = "api:";
  if (!pair || !pair->starts_with(user)) return refused("Basic authorization takes the user 'api'");
  return pair->substr(user.size());
}

std::optional<std::string> key_id_of(std::string_view key) {
  if (!key.starts_with(prefix) || key.size() != prefix.size() + secret_length) return std::nullopt;
  key.remove_prefix(prefix.size());
  const bool good = std::all_of(key.begin(), key.end(), [](char c) {
    return alphabet.find(c) != std::string_view::npos;
  });
  if (!good) return std::nullopt;
  return std::string(key.substr(0, id_length));
}

key_table::key_table(std::vector<core::api_key> keys) {
  for (auto& k : keys) {
    any_ = any_ || !k.revoked;
    by_id_.emplace(k.id.value, std::move(k));
  }
}

result<principal> key_table::check(std::string_view key, instant now) const {
  constexpr const char* unknown = "this key is not valid";
  if (key.empty()) return refused("a key is needed: Authorization: Bearer KEY");
  const auto id = key_id_of(key);
  if (!id) return refused(unknown);
  const auto found = by_id_.find(*id);
  if (found == by_id_.end()) return refused(unknown);
  const auto& known = found->second;
  const auto digest = sha256_hex(key);
  if (known.sha256.size() != digest.size() ||
      CRYPTO_memcmp(known.sha256.data(), digest.data(), digest.size()) != 0)
    return refused(unknown);
  if (known.revoked || (known.expires && *known.expires <= now)) return refused(unknown);
  principal out;
  out.key_id = *id;
  out.role = known.role;
  out.project = known.project;
  return out;
}

bool failed_attempts::note(const std::string& address, milliseconds steady_now) {
  if (by_address_.size() >= addresses_max && !by_address_.contains(address)) {
    std::erase_if(by_address_,
                  [&](const auto& e) { return steady_now - e.second.start >= window_length; });
    if (by_address_.size() >= addresses_max) return true;  // a flood from everywhere: refuse
  }
  auto& w = by_address_[address];
  if (w.count == 0 || steady_now - w.start >= window_length) w = window{steady_now, 0};
  return ++w.count > max_;
}

bool failed_attempts::over(const std::string& address, milliseconds steady_now) const {
  const auto found = by_address_.find(address);
  return found != by_address_.end() && steady_now - found->second.start < window_length &&
         found->second.count >= max_;
}

}  // namespace sweepd::http
