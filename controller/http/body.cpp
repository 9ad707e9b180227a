#include "controller/http/body.hpp"

#include <zlib.h>

#include <array>
#include <new>
#include <utility>

namespace sweepd::http {

struct body_sink::inflater {
  z_stream z{};
  bool ended = false;

  inflater() {
    constexpr int gzip_only = 15 + 16;  // window bits of 32 KB; +16: a gzip header is required
    if (inflateInit2(&z, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~inflater() { inflateEnd(&z); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;
};

body_sink::body_sink(memory_budget& budget, std::size_t bytes_max, bool gzip)
    : budget_(budget), max_(bytes_max), gzip_(gzip ? std::make_unique<inflater>() : nullptr) {}

body_sink::~body_sink() { budget_.give_back(charged_); }

body_state body_sink::append(std::string_view piece) {
  if (state_ != body_state::ok) return state_;
  received_ += piece.size();
  if (received_ > max_) return state_ = body_state::too_large;
  return state_ = gzip_ ? inflate(piece) : store(piece);
}

body_state body_sink::finish() {
  if (state_ == body_state::ok && gzip_ && !gzip_->ended && received_ > 0)
    state_ = body_state::malformed;  // cut short
  return state_;
}

body_state body_sink::store(std::string_view bytes) {
  if (bytes.size() > max_ - body_.size()) return body_state::too_large;
  if (!budget_.take(bytes.size())) return body_state::over_budget;
  charged_ += bytes.size();
  body_.append(bytes);
  return body_state::ok;
}

body_state body_sink::inflate(std::string_view piece) {
  auto& z = gzip_->z;
  std::array<unsigned char, 16 * 1024> out;
  // zlib never writes through next_in; its type only lacks the const.
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  z.avail_in = static_cast<uInt>(piece.size());
  bool more = z.avail_in > 0;
  while (more) {
    if (gzip_->ended) return body_state::malformed;  // a second member, or bytes after the end
    z.next_out = out.data();
    z.avail_out = static_cast<uInt>(out.size());
    const int rc = ::inflate(&z, Z_NO_FLUSH);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) return body_state::malformed;
    const std::size_t made = out.size() - z.avail_out;
    const std::string_view text(reinterpret_cast<const char*>(out.data()), made);
    if (const auto s = store(text); s != body_state::ok) return s;
    const std::size_t consumed = received_ - z.avail_in;
    if (body_.size() > inflate_free_bytes && body_.size() / inflate_ratio_max > consumed)
      return body_state::too_large;
    gzip_->ended = rc == Z_STREAM_END;
    // A full output buffer may hide more output even when all input is consumed.
    more = z.avail_in > 0 || (z.avail_out == 0 && !gzip_->ended);
  }
  return body_state::ok;
}

}  // namespace sweepd::http
