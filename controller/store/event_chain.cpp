#include "controller/store/event_chain.hpp"

#include <openssl/evp.h>

#include <new>

namespace sweepd::store {
namespace {

using big_endian = std::array<unsigned char, 8>;

big_endian bytes_of(std::uint64_t n) {
  big_endian out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<unsigned char>(n >> (8 * (out.size() - 1 - i)));
  return out;
}

}  // namespace

// The algorithm and the context are kept: fetching them costs more than hashing a short row.
struct event_chain::hasher {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  hasher() {
    if (algorithm == nullptr || context == nullptr) throw std::bad_alloc();
  }
  ~hasher() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
  hasher(const hasher&) = delete;
  hasher& operator=(const hasher&) = delete;

  void begin() { check(EVP_DigestInit_ex(context, algorithm, nullptr)); }
  void raw(const void* data, std::size_t size) { check(EVP_DigestUpdate(context, data, size)); }
  void number(std::uint64_t n) {
    const auto b = bytes_of(n);
    raw(b.data(), b.size());
  }
  void text(std::string_view s) {
    number(s.size());
    raw(s.data(), s.size());
  }
  void end(digest& out) { check(EVP_DigestFinal_ex(context, out.data(), nullptr)); }

  static void check(int ok) {
    if (ok != 1) throw std::bad_alloc();  // the only way SHA-256 over memory can fail
  }
};

event_chain::event_chain(const digest& head) : hasher_(std::make_unique<hasher>()), head_(head) {}
event_chain::~event_chain() = default;

const digest& event_chain::add(const event_row& row) {
  auto& h = *hasher_;
  h.begin();
  h.raw(head_.data(), head_.size());
  h.number(row.seq);
  h.number(static_cast<std::uint64_t>(row.wall));
  h.number(static_cast<std::uint64_t>(row.at));
  for (const auto text : {row.actor, row.type, row.sweep, row.run, row.agent, row.body}) h.text(text);
  h.end(head_);
  return head_;
}

digest sha256(std::string_view text) {
  digest out{};
  if (EVP_Digest(text.data(), text.size(), out.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
  return out;
}

std::string hex(const digest& d) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * d.size());
  for (const auto byte : d) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace sweepd::store
