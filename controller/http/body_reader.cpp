#include "controller/http/body_reader.hpp"

#include "controller/http/answer_writer.hpp"

#include <algorithm>
#include <string>

namespace sweepd::http {
namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr std::string_view interim_continue = "HTTP/1.1 100 Continue\r\n\r\n";

body_outcome outcome_of(body_state s) {
  switch (s) {
    case body_state::ok: return body_outcome::whole;
    case body_state::too_large: return body_outcome::too_large;
    case body_state::over_budget: return body_outcome::over_budget;
    case body_state::malformed: break;
  }
  return body_outcome::bad_gzip;
}

}  // namespace

std::optional<response> answer_to(body_outcome o, std::size_t limit, std::string_view request_id) {
  switch (o) {
    case body_outcome::too_large:
      return refuse(413, "too_large", "the body is over " + std::to_string(limit) + " bytes, or inflates beyond reason",
                    request_id);
    case body_outcome::over_budget:
      return refuse(503, "unavailable", "too many bodies in memory at the moment", request_id);
    case body_outcome::bad_chunks:
      return refuse(400, "invalid", "malformed chunk, chunk extension or trailer", request_id);
    case body_outcome::bad_gzip:
      return refuse(400, "invalid", "the body is not one whole gzip member", request_id);
    case body_outcome::too_slow:
    case body_outcome::gone:
    case body_outcome::whole: break;
  }
  return std::nullopt;
}

void body_reader::arm(milliseconds begun, std::size_t paid_for) {
  const auto end = begun + deadline_ + grace_for(paid_for);
  io_.deadline_in(std::max(end - clock_.steady(), milliseconds{1}));
}

asio::awaitable<body_outcome> body_reader::read_into(body_sink* sink, std::size_t limit,
                                                     bool interim) {
  parser_.start_body(*sink, limit);
  const auto begun = clock_.steady();
  auto paid_for = static_cast<std::size_t>(parser_.content_length().value_or(0));
  arm(begun, paid_for);
  if (interim && in_.size() == 0 && !co_await io_.write(interim_continue))
    co_return body_outcome::gone;
  for (;;) {
    if (in_.size() > 0) {
      const auto f = parser_.feed(in_.view());
      in_.consume(f.used);
      switch (f.state) {
        case fed_state::more: break;
        case fed_state::done: co_return outcome_of(sink->finish());
        case fed_state::refused: co_return body_outcome::bad_chunks;
        case fed_state::too_large: co_return body_outcome::too_large;
        case fed_state::stopped: co_return outcome_of(sink->finish());
      }
    }
    if (sink->received() >= paid_for + bytes_per_grace_second) {
      paid_for = sink->received();
      arm(begun, paid_for);
    }
    char* const to = in_.room(read_size);
    const auto got = co_await io_.read_some(to, read_size);
    if (got.bytes == 0) co_return got.timed_out ? body_outcome::too_slow : body_outcome::gone;
    in_.commit(got.bytes);
  }
}

}  // namespace sweepd::http
