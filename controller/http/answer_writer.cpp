#include "controller/http/answer_writer.hpp"

#include <array>
#include <cstdio>
#include <exception>

namespace sweepd::http {

milliseconds grace_for(std::size_t bytes) {
  return std::chrono::seconds(static_cast<long>(bytes / bytes_per_grace_second));
}

asio::awaitable<bool> answer_writer::write(response r, framing f, bool head_only) {
  const bool body_wanted = !head_only && has_body(r.status);
  const bool streams = r.stream && has_body(r.status);
  f.chunked = streams && f.version == 11;
  f.until_close = streams && f.version == 10;
  if (f.until_close && body_wanted) f.keep_alive = false;
  kept_ = f.keep_alive;
  const auto top = response_head(r, f);
  const auto body = body_wanted && !streams ? std::string_view(r.body) : std::string_view{};
  io_.deadline_in(deadline_ + grace_for(body.size()));
  gone_ = !co_await io_.write(top, body);
  body_bytes_ = body.size();
  if (streams && body_wanted && !gone_) co_await stream(std::move(r), f.chunked);
  co_return !gone_;
}

asio::awaitable<void> answer_writer::stream(response r, bool chunked) {
  body_writer writer = [this, chunked](std::string bytes) {
    return piece(std::move(bytes), chunked);
  };
  try {
    co_await r.stream(std::move(writer));
  } catch (const std::exception& e) {
    failure_ = e.what();
  } catch (...) {
    failure_ = "an exception of an unknown kind";
  }
  if (!failure_.empty()) gone_ = true;  // no last chunk: the client sees that it is not whole
  if (gone_ || !chunked) co_return;
  io_.deadline_in(deadline_);
  gone_ = !co_await io_.write("0\r\n\r\n");
}

/// An empty piece only asks whether the client is still there.
asio::awaitable<bool> answer_writer::piece(std::string bytes, bool chunked) {
  gone_ = gone_ || io_.peer_gone();
  if (gone_ || bytes.empty()) co_return !gone_;
  io_.deadline_in(deadline_ + grace_for(bytes.size()));
  std::array<char, 24> size{};
  if (chunked) std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  const std::string_view end = chunked ? "\r\n" : "";
  gone_ = !co_await io_.write(size.data(), bytes, end);
  if (!gone_) body_bytes_ += bytes.size();
  co_return !gone_;
}

}  // namespace sweepd::http
