// The request path of session.hpp. Stages return the answer that ends the request early, or
// nothing.
#include "controller/http/session.hpp"

#include "controller/http/answer_writer.hpp"
#include "controller/http/body_reader.hpp"
#include "controller/http/log.hpp"
#include "controller/http/parser.hpp"
#include "controller/http/read_buffer.hpp"
#include "controller/http/target.hpp"

#include <algorithm>
#include <chrono>

namespace sweepd::http {
namespace {

constexpr std::size_t head_read_size = 2 * 1024;
/// Longer heads are judged each time: there may be 20,000 connections.
constexpr std::size_t known_head_max = 1024;

/// For how long a request took: finer than the milliseconds of service::clock.
using stopwatch = std::chrono::steady_clock;

class session {
 public:
  session(session_hub& hub, const listener_rules& rules, transport& io, open_connection& entry,
          std::string peer)
      : hub_(hub), rules_(rules), io_(io), entry_(entry), peer_(std::move(peer)) {}

  asio::awaitable<void> run();

 private:
  enum class head_result { ready, refused, over };

  asio::awaitable<head_result> read_head(bool first);
  bool head_is_over_size(std::string_view have, std::size_t length);
  std::optional<refusal> judge_head(std::string_view raw);
  void remember_head(bool good);
  asio::awaitable<bool> send_refusal();
  asio::awaitable<bool> exchange();
  asio::awaitable<response> answer();
  std::optional<response> find_route();
  bool identify();
  asio::awaitable<std::optional<response>> identify_again();
  std::optional<response> check_body_terms();
  asio::awaitable<std::optional<response>> read_body();
  std::optional<response> body_problem(body_outcome o);
  asio::awaitable<response> handle();
  asio::awaitable<bool> send(response r);
  void begin_request(bool known = false);
  void record(int status, std::uint64_t bytes_out) const;
  response problem_now(int status, std::string_view code, std::string_view detail) {
    return refuse(status, code, detail, req_.request_id);
  }

  session_hub& hub_;
  const listener_rules& rules_;
  transport& io_;
  open_connection& entry_;
  std::string peer_;

  read_buffer in_;
  request_parser parser_;
  head head_;
  std::size_t head_length_ = 0;
  /// The last head that passed every look at it alone. Whoever sends the very same bytes again (an agent's heartbeats)
  /// is not judged again: the rules and routes of a connection never change. Keys do, and are looked up each time.
  std::string known_head_;
  bool known_ = false;  ///< the head in hand is that one

  // of the request in hand
  stopwatch::time_point started_;
  request req_;
  std::optional<std::string> authorization_;  ///< taken out of its headers: no handler needs to see it
  int version_ = 11;
  refusal why_;  ///< when its head is refused
  router::match match_;
  principal who_;
  error denied_;
  std::unique_ptr<body_sink> sink_;
  std::string_view note_;
  bool keep_ = true;           ///< the connection may serve another request after this one
  bool body_pending_ = false;  ///< announced and not read (to its end)
  bool cut_ = false;           ///< gone or too slow: nothing more can be said
};

/// `known`: what was read from the head stays.
void session::begin_request(bool known) {
  known_ = known;
  if (!known) {
    req_ = request{};
    req_.peer = peer_;
    version_ = 11;
    match_ = {};
  }
  req_.request_id = hub_.next_request_id();
  who_ = {};
  who_.key_id = "-";
  note_ = {};
  keep_ = true;
  body_pending_ = false;
  started_ = stopwatch::now();
}

asio::awaitable<void> session::run() {
  io_.deadline_in(hub_.opts.header_deadline);  // for the handshake and the first head together
  if (!co_await io_.handshake()) co_return;
  bool again = true;
  for (bool first = true; again; first = false) {
    const auto got = co_await read_head(first);
    if (got == head_result::over) break;
    entry_.idle = false;
    again = got == head_result::ready ? co_await exchange() : co_await send_refusal();
    sink_.reset();
    std::string().swap(req_.body);
    in_.shrink(head_read_size);
    if (hub_.draining) again = false;
    entry_.idle = true;
  }
  if (!cut_) co_await io_.finish(body_pending_);
}

/// Reads up to the empty line and parses into head_, whose views hold until in_ is consumed.
asio::awaitable<session::head_result> session::read_head(bool first) {
  bool timing = first;  // run() has set the first one
  std::size_t searched = 0;
  for (;;) {
    const auto have = in_.view();
    if (!timing) {
      io_.deadline_in(have.empty() ? hub_.opts.idle_deadline : hub_.opts.header_deadline);
      timing = !have.empty();
    }
    const auto end = have.find("\r\n\r\n", searched < 3 ? 0 : searched - 3);
    const bool whole = end != std::string_view::npos;
    if (head_is_over_size(have, whole ? end + 4 : have.size())) co_return head_result::refused;
    if (whole) {
      head_length_ = end + 4;
      const auto raw = have.substr(0, head_length_);
      begin_request(raw == known_head_);
      const auto why = judge_head(raw);
      if (why) why_ = *why;
      co_return why ? head_result::refused : head_result::ready;
    }
    searched = have.size();
    char* const to = in_.room(head_read_size);
    const auto got = co_await io_.read_some(to, head_read_size);
    if (got.bytes == 0) {
      cut_ = true;
      if (got.timed_out && in_.size() > 0) {
        begin_request();
        note_ = "the head was too slow";
        record(0, 0);
      }
      co_return head_result::over;
    }
    in_.commit(got.bytes);
  }
}

/// Also ends at once what cannot be HTTP (a TLS hello on a plain port): it may never hold a line end.
bool session::head_is_over_size(std::string_view have, std::size_t length) {
  const auto& gate = rules_.gate;
  const bool noise = !have.empty() && (have[0] < 'A' || have[0] > 'z');
  if (!noise && length <= gate.header_bytes_max) return false;
  begin_request();
  if (noise) {
    why_ = {400, "invalid", "not a well-formed HTTP/1.1 request"};
    return true;
  }
  constexpr std::size_t method_and_version = 32;
  const auto line = have.substr(0, gate.target_bytes_max + method_and_version);
  why_ = line.find("\r\n") != std::string_view::npos
             ? refusal{431, "head_too_large", "the header block is too large"}
             : refusal{414, "target_too_long", "the request target is too long"};
  return true;
}

std::optional<refusal> session::judge_head(std::string_view raw) {
  if (auto r = parser_.parse_head(raw, head_, rules_.gate.header_fields_max, known_)) return r;
  if (known_) return std::nullopt;
  version_ = head_.version;
  req_.method = head_.method.substr(0, 16);  // as much as the log shows of an unknown one
  if (auto r = head_problem(head_, rules_.gate)) return r;
  for (const auto& [name, value] : head_.fields) add_field(req_.headers, name, value);
  req_.origin = origin_for(req_.header("host"), rules_.gate);
  authorization_.reset();
  if (auto key = req_.headers.extract("authorization")) authorization_ = std::move(key.mapped());
  return std::nullopt;
}

void session::remember_head(bool good) {
  known_head_.clear();
  if (good && head_length_ <= known_head_max) known_head_ = in_.view().substr(0, head_length_);
}

asio::awaitable<bool> session::send_refusal() {
  keep_ = false;
  body_pending_ = true;  // whatever follows is not read
  note_ = why_.detail.empty() ? "foreign Host" : why_.detail;
  auto r = answer_to(why_, req_.request_id);
  co_return co_await send(std::move(r));
}

/// One request whose head has passed the gate. True: the connection serves another one.
asio::awaitable<bool> session::exchange() {
  keep_ = parser_.keep_alive() && !hub_.draining;
  body_pending_ = parser_.expects_body();
  auto r = co_await answer();
  if (cut_) {
    record(0, 0);
    co_return false;
  }
  if (body_pending_ || hub_.draining) keep_ = false;
  co_return co_await send(std::move(r));
}

asio::awaitable<response> session::answer() {
  auto early = known_ ? std::nullopt : find_route();
  if (!known_) remember_head(!early);
  in_.consume(head_length_);  // the views in head_ end here; what is needed of it is in req_
  if (!early && !identify()) early = co_await identify_again();
  if (!early)
    if (const auto why = hub_.rate_problem(*match_.found, who_)) early = problem_now(429, "busy", *why);
  if (!early && !allows(match_.found->who, who_.role))
    early = problem_now(403, "forbidden", "the key's role does not allow this");
  if (!early && !known_) early = check_body_terms();
  if (early) known_head_.clear();
  if (!early && body_pending_) early = co_await read_body();
  if (early || cut_) co_return early ? std::move(*early) : response{};
  co_return co_await handle();
}

std::optional<response> session::find_route() {
  const auto target = origin_form(head_.target);
  const auto question = std::min(target.find('?'), target.size());
  const auto path = target.substr(0, question);
  if (path == "*") return problem_now(404, "not_found", "there is nothing at this path");
  const auto segments = split_path(path);
  auto query = parse_query(target.substr(std::min(question + 1, target.size())));
  if (!segments || !query)
    return problem_now(400, "invalid", "the target cannot be decoded, or has a '.' segment");
  for (const auto& s : *segments) req_.path += '/' + s;
  if (req_.path.empty()) req_.path = "/";
  req_.query = std::move(*query);
  match_ = hub_.routes.find(req_.method, *segments);
  if (match_.found != nullptr) return std::nullopt;
  if (match_.allow.empty()) return problem_now(404, "not_found", "there is nothing at this path");
  auto r = problem_now(405, "method_not_allowed", "this path does not take this method");
  r.headers.emplace_back("Allow", match_.allow);
  return r;
}

/// Who asks? Before the body is read: nobody without a key makes us hold one. False: see denied_.
bool session::identify() {
  if (match_.found->who == need::open) return true;
  const auto key = presented_key(authorization_);
  // While there are no keys any header is let in, even one that is no key: clients send what they
  // were set up with.
  auto who = hub_.back.authenticate(key ? *key : std::string("?"), rules_.keyless);
  if (!who) {
    denied_ = key ? std::move(who.error()) : key.error();
    return false;
  }
  who_ = std::move(*who);
  return true;
}

/// The key may be newer than our table.
asio::awaitable<std::optional<response>> session::identify_again() {
  const bool given = authorization_.has_value();
  const auto now = hub_.back.clock->steady();
  if (hub_.back.renew && !hub_.failures.over(peer_, now)) {
    const bool newer = co_await hub_.back.renew();
    if (newer && identify()) co_return std::nullopt;
  }
  note_ = "not authenticated";
  if (given && hub_.failures.note(peer_, now))
    co_return problem_now(429, "busy", "too many failed attempts from this address");
  co_return problem(denied_, req_);
}

/// What can be said of the body before it is read.
std::optional<response> session::check_body_terms() {
  const auto& route = *match_.found;
  if (body_pending_ && (req_.method == "GET" || req_.method == "HEAD"))
    return problem_now(400, "invalid", "a GET takes no body");
  const bool typed = req_.method[0] == 'P' || (req_.method == "DELETE" && body_pending_);  // POST, PUT, PATCH
  if (typed && !accepts_type(route.takes, req_.header("content-type")))
    return problem_now(415, "unsupported_media_type", "Content-Type must be " + std::string(route.takes));
  const auto coding = req_.header("content-encoding");
  if (!coding.empty() && !same_text(coding, "gzip") && !same_text(coding, "identity")) {
    auto r = problem_now(415, "unsupported_media_type", "the only Content-Encoding served is gzip");
    r.headers.emplace_back("Accept-Encoding", "gzip");
    return r;
  }
  if (const auto length = parser_.content_length(); length && *length > route.body_max)
    return body_problem(body_outcome::too_large);
  return std::nullopt;
}

asio::awaitable<std::optional<response>> session::read_body() {
  const auto limit = match_.found->body_max;
  const bool gzip = same_text(req_.header("content-encoding"), "gzip");
  const bool interim = version_ == 11 && !req_.header("expect").empty();
  sink_ = std::make_unique<body_sink>(hub_.bodies, limit, gzip);
  body_reader reader(io_, in_, parser_, *hub_.back.clock, hub_.opts.body_deadline);
  const auto outcome = co_await reader.read_into(sink_.get(), limit, interim);
  if (outcome != body_outcome::whole) co_return body_problem(outcome);
  body_pending_ = false;
  req_.body = sink_->take();
  co_return std::nullopt;
}

/// None, and cut_, when there is nobody to answer.
std::optional<response> session::body_problem(body_outcome o) {
  if (auto r = answer_to(o, match_.found->body_max, req_.request_id)) return r;
  note_ = o == body_outcome::too_slow ? "the body was too slow" : "the client went away";
  cut_ = true;
  return std::nullopt;
}

asio::awaitable<response> session::handle() {
  request_context ctx{req_, who_, match_.path};
  std::string what;
  try {
    co_return co_await hub_.back.invoke(*match_.found, ctx);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
    what = "an exception of an unknown kind";
  }
  keep_ = false;
  note_ = "the handler threw";
  log::line(log::level::error, "exception in a handler",
            {{"request_id", req_.request_id}, {"route", match_.found->pattern}, {"error", what}});
  co_return problem_now(500, "internal", "an error of ours; the server's log has the details");
}

asio::awaitable<bool> session::send(response r) {
  framing f;
  f.version = version_;
  f.keep_alive = keep_;
  f.tls = rules_.gate.tls;
  f.request_id = req_.request_id;
  f.date = hub_.date();
  const int status = r.status;
  const bool head_only = req_.method == "HEAD";
  answer_writer out(io_, hub_.opts.write_deadline);
  cut_ = !co_await out.write(std::move(r), f, head_only);
  if (!out.failure().empty()) {
    note_ = "the stream's handler threw";
    log::line(log::level::error, "exception in a streaming handler",
              {{"request_id", req_.request_id}, {"route", match_.found->pattern}, {"error", out.failure()}});
  }
  if (cut_ && note_.empty()) note_ = "the client went away";
  record(status, out.body_bytes());
  co_return out.kept() && !cut_;
}

void session::record(int status, std::uint64_t bytes_out) const {
  const auto pattern = match_.found != nullptr ? match_.found->pattern : std::string_view{};
  const std::chrono::duration<double> took = stopwatch::now() - started_;
  log::request_record r;
  r.method = req_.method;
  r.pattern = pattern.empty() ? "-" : pattern;
  r.status = status;
  r.ms = took.count() * 1'000;
  r.bytes_in = sink_ ? sink_->received() : 0;
  r.bytes_out = bytes_out;
  r.key_id = who_.key_id;
  r.request_id = req_.request_id;
  r.peer = peer_;
  r.note = note_;
  log::request(r);
  if (hub_.back.observe) hub_.back.observe(pattern, req_.method, status, took.count());
}

}  // namespace

asio::awaitable<void> serve_connection(std::shared_ptr<session_hub> hub,
                                       std::shared_ptr<const listener_rules> rules,
                                       std::unique_ptr<transport> io,
                                       std::unique_ptr<connection_slot> slot) {
  slot->entry().io = io.get();
  const std::string peer = slot->address().empty() ? "unix" : slot->address();
  std::string what;
  try {
    session s(*hub, *rules, *io, slot->entry(), peer);
    co_await s.run();
  } catch (const std::exception& e) {
    what = e.what();
  }
  slot->entry().io = nullptr;
  if (!what.empty()) log::line(log::level::error, "a session ended", {{"error", what}});
}

}  // namespace sweepd::http
