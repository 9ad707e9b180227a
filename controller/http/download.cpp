#include "controller/http/download.hpp"

#include "controller/http/file_name.hpp"
#include "controller/http/handling.hpp"
#include "controller/service/file_parts.hpp"

#include <algorithm>
#include <stdexcept>

namespace sweepd::http {
namespace {

asio::awaitable<void> send_pieces(services& svc, std::uint64_t size, piece_reader read, body_writer write) {
  for (std::uint64_t at = 0; at < size;) {
    const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(service::file_piece_bytes, size - at));
    auto load = [&read, at, limit] { return read(at, limit); };
    auto bytes = co_await off_strand(svc, std::move(load));
    // The head is long sent: to break off is the only thing left to say.
    if (!bytes || bytes->empty()) throw std::runtime_error("a file went away while it was sent");
    at += bytes->size();
    if (!co_await write(std::move(*bytes))) co_return;
  }
}

}  // namespace

response download(services& svc, std::string_view name, std::uint64_t size, piece_reader read) {
  response out;
  out.content_type = "application/octet-stream";
  out.headers.emplace_back("Content-Disposition", attachment(std::string(name)));
  out.headers.emplace_back("Content-Security-Policy", "sandbox");
  out.stream = [&svc, size, read = std::move(read)](body_writer write) {
    return send_pieces(svc, size, read, std::move(write));
  };
  return out;
}

}  // namespace sweepd::http
