#include "controller/wandb/ticket.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <stdexcept>

namespace sweepd::wandb {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

std::string mark_of(const ticket& t, std::string_view secret) {
  const auto text = std::string(t.what == access::upload ? "upload" : "download") + '\n' + t.run.value + '\n' + t.file +
                    '\n' + t.key_id + '\n' + std::to_string(t.until.time_since_epoch().count());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &length) == nullptr)
    throw std::runtime_error("HMAC-SHA256 failed");
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    out += hex[digest[i] >> 4];
    out += hex[digest[i] & 15];
  }
  return out;
}

std::string escaped(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || (keep_slash && c == '/');
    if (plain) {
      out += c;
    } else {
      const auto b = static_cast<unsigned char>(c);
      out += '%';
      out += hex[b >> 4];
      out += hex[b & 15];
    }
  }
  return out;
}

}  // namespace

std::string link_of(const ticket& t, std::string_view secret) {
  return "/storage/runs/" + escaped(t.run.value, false) + "/" + escaped(t.file, true) + query_of(t, secret);
}

std::string query_of(const ticket& t, std::string_view secret) {
  return "?key=" + escaped(t.key_id, false) + "&until=" + std::to_string(t.until.time_since_epoch().count()) +
         "&mark=" + mark_of(t, secret);
}

bool genuine(const ticket& t, std::string_view secret, std::string_view mark) {
  const auto right = mark_of(t, secret);
  return right.size() == mark.size() && CRYPTO_memcmp(right.data(), mark.data(), right.size()) == 0;
}

std::optional<std::string> secret_of(const core::state& s, const std::string& key_id, instant now) {
  if (!http::let_in(s, key_id, now)) return std::nullopt;
  const auto it = s.keys.find(sweepd::key_id{key_id});
  return it == s.keys.end() ? std::string() : it->second.sha256;
}

presented presented_by(const http::request& req, access what, run_id owner, std::string file) {
  presented out;
  out.claims.what = what;
  out.claims.run = std::move(owner);
  out.claims.file = std::move(file);
  out.claims.key_id = req.param("key").value_or("");
  const auto until = req.param("until").value_or("");
  std::int64_t ms = 0;
  std::from_chars(until.data(), until.data() + until.size(), ms);
  out.claims.until = instant{milliseconds{ms}};
  out.mark = req.param("mark").value_or("");
  return out;
}

result<void> check(const core::state& s, const presented& p, instant now) {
  const auto secret = secret_of(s, p.claims.key_id, now);
  if (secret && p.claims.until > now && genuine(p.claims, *secret, p.mark)) return {};
  return fail(errc::forbidden, "this link is not valid, or no longer");
}

}  // namespace sweepd::wandb
