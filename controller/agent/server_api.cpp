#include "controller/agent/server_api.hpp"

#include "controller/agent/console.hpp"
#include "controller/agent/config_text.hpp"
#include "controller/base/json_record.hpp"

#include <array>
#include <cstdio>

namespace sweepd::agent {

BOOST_DESCRIBE_STRUCT(beat_answer, (), (stop, exit, reason))
BOOST_DESCRIBE_STRUCT(told, (), (state, stop, history_lines, log_bytes, reason))

namespace {

namespace bj = boost::json;

constexpr milliseconds quick_timeout{10'000};
constexpr milliseconds data_timeout{60'000};
constexpr milliseconds file_timeout{300'000};
/// A long poll may take as long as it was asked to, and then the ordinary time.
constexpr milliseconds claim_margin{15'000};

/// The join's answer, as far as an agent needs it.
struct join_wire {
  static constexpr bool has_defaults = true;
  std::string agent;
  std::string heartbeat_every;
  std::string run_heartbeat_every;
  std::optional<std::vector<bj::value>> command;  ///< unmasked, where the server gives it
  bj::object sweep;
};
BOOST_DESCRIBE_STRUCT(join_wire, (), (agent, heartbeat_every, run_heartbeat_every, command, sweep))

struct sweep_wire {
  static constexpr bool has_defaults = true;
  std::optional<std::string> method;
  std::optional<std::string> project;
  std::optional<std::string> program;
  std::optional<std::vector<bj::value>> command;
  std::optional<std::uint64_t> size;
};
BOOST_DESCRIBE_STRUCT(sweep_wire, (), (method, project, program, command, size))

struct run_wire {
  std::string id;
  std::uint64_t trial = 0;
  int attempt = 1;
  std::uint32_t epoch = 1;
  bj::value config;
};
BOOST_DESCRIBE_STRUCT(run_wire, (), (id, trial, attempt, epoch, config))

struct claim_wire {
  std::string status;
  std::optional<run_wire> run;
  std::optional<std::string> code;
  std::optional<std::string> reason;
  std::optional<std::string> retry_in;
};
BOOST_DESCRIBE_STRUCT(claim_wire, (), (status, run, code, reason, retry_in))

/// Words of a command may be numbers in the file; an agent takes str() of them.
std::vector<std::string> words(const std::vector<bj::value>& list) {
  std::vector<std::string> out;
  for (const auto& v : list)
    out.push_back(python_str(v));
  return out;
}

milliseconds duration_or(const std::string& text, milliseconds otherwise) {
  const auto d = parse_duration(text);
  return d && *d > milliseconds{0} ? *d : otherwise;
}

result<joined> read_joined(const bj::value& v) {
  SWEEPD_TRY(const auto wire, json::read<join_wire>(v));
  SWEEPD_TRY(const auto sweep, json::read<sweep_wire>(bj::value(wire.sweep)));
  if (wire.agent.empty()) return fail(errc::invalid, "the server's answer names no agent id");
  joined out;
  out.agent = wire.agent;
  out.heartbeat_every = duration_or(wire.heartbeat_every, out.heartbeat_every);
  out.run_heartbeat_every = duration_or(wire.run_heartbeat_every, out.run_heartbeat_every);
  out.method = sweep.method.value_or("");
  out.project = sweep.project.value_or("");
  out.program = sweep.program.value_or("");
  out.command = words(wire.command ? *wire.command : sweep.command.value_or(std::vector<bj::value>{}));
  out.size = sweep.size;
  return out;
}

result<claim_answer> read_claim(const bj::value& v) {
  SWEEPD_TRY(const auto wire, json::read<claim_wire>(v));
  claim_answer out;
  out.code = wire.code.value_or("");
  out.reason = wire.reason.value_or("");
  if (wire.retry_in)
    if (const auto d = parse_duration(*wire.retry_in)) out.retry_in = *d;
  if (wire.status == "over") {
    out.what = claim_answer::kind::over;
  } else if (wire.status == "run") {
    if (!wire.run || !wire.run->config.is_object())
      return fail(errc::invalid, "the server's answer to a claim has no run with a configuration");
    out.what = claim_answer::kind::run;
    out.run = handout{wire.run->id, wire.run->trial, wire.run->attempt, wire.run->epoch,
                      wire.run->config.get_object()};
  } else if (wire.status != "wait") {
    return fail(errc::invalid, "the server answered a claim with status '" + wire.status + "'");
  }
  return out;
}

/// A problem+json answer as an error; other bodies by their status alone.
error error_of(const http::client_response& r) {
  static constexpr std::array codes{errc::invalid,   errc::not_found, errc::conflict,
                                    errc::unauthorized, errc::forbidden, errc::too_large,
                                    errc::busy,      errc::unavailable, errc::disk_full,
                                    errc::internal};
  error out{r.status >= 500 ? errc::unavailable : errc::invalid,
            "the server answered HTTP " + std::to_string(r.status), {}};
  for (const auto c : codes)
    if (http_status(c) == r.status) out.code = c;
  const auto body = json::parse(r.body);
  if (!body || !body->is_object()) return out;
  const auto text = [&body](const char* key) {
    const auto* v = body->get_object().if_contains(key);
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string{};
  };
  for (const auto c : codes)
    if (name(c) == text("code")) out.code = c;
  if (!text("detail").empty()) out.message = text("detail");
  out.where = text("where");
  return out;
}

std::string file_target(const spool_record& record, const std::string& name) {
  return "/api/v1/runs/" + url_encode(record.run) + "/file?name=" + url_encode(name) +
         "&epoch=" + std::to_string(record.epoch);
}

}  // namespace

bool passes(errc code) {
  return code == errc::unavailable || code == errc::busy || code == errc::disk_full ||
         code == errc::internal;
}

bool key_refused(errc code) { return code == errc::unauthorized || code == errc::forbidden; }

std::string url_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    std::array<char, 4> hex{};
    std::snprintf(hex.data(), hex.size(), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += hex.data();
  }
  return out;
}

server_api::server_api(asio::any_io_executor io, http::client_options opts, link_watch& link)
    : client_(io, std::move(opts)), link_(link) {}

asio::awaitable<result<http::client_response>> server_api::exchange(
    std::string method, std::string target, std::string body, std::string content_type,
    std::map<std::string, std::string> headers, milliseconds timeout) {
  auto answer = co_await client_.send(std::move(method), std::move(target), std::move(body),
                                      std::move(content_type), std::move(headers), timeout);
  std::optional<error> problem;
  if (!answer)
    problem = answer.error();
  else if (answer->status >= 300)
    problem = error_of(*answer);
  if (problem && problem->code == errc::unavailable)
    link_.failed(*problem);
  else
    link_.answered();
  if (problem) co_return tl::unexpected<error>(std::move(*problem));
  co_return std::move(*answer);
}

asio::awaitable<result<bj::value>> server_api::post(std::string target, bj::value body,
                                                    std::string key, milliseconds timeout) {
  std::map<std::string, std::string> headers;
  if (!key.empty()) headers.emplace("Idempotency-Key", std::move(key));
  std::string method = "POST";
  std::string type = "application/json";
  auto text = json::to_text(body);
  SWEEPD_CO_TRY(const auto answer,
                co_await exchange(std::move(method), std::move(target), std::move(text),
                                  std::move(type), std::move(headers), timeout));
  if (answer.body.empty()) co_return bj::value(nullptr);
  auto value = json::parse(answer.body);
  if (!value) co_return fail(errc::unavailable, "the server's answer is " + value.error().message);
  co_return value;
}

asio::awaitable<result<joined>> server_api::join(std::string sweep, std::string name,
                                                 std::string host, std::int64_t pid,
                                                 std::string nonce) {
  bj::object body;
  body["name"] = name;
  body["host"] = host;
  body["pid"] = pid;
  std::string target = "/api/v1/sweeps/" + url_encode(sweep) + "/agents";
  bj::value json_body(std::move(body));
  SWEEPD_CO_TRY(const auto v, co_await post(std::move(target), std::move(json_body), std::move(nonce),
                                            quick_timeout));
  co_return read_joined(v);
}

asio::awaitable<result<claim_answer>> server_api::claim(std::string sweep, std::string agent,
                                                        std::string request_id,
                                                        std::vector<std::string> knows,
                                                        milliseconds wait) {
  bj::object body;
  body["agent"] = agent;
  body["request_id"] = request_id;
  body["knows"] = json::write(knows);
  body["wait"] = to_string(wait);
  std::string target = "/api/v1/sweeps/" + url_encode(sweep) + "/claims";
  bj::value json_body(std::move(body));
  std::string no_key;  // the request id does that work
  SWEEPD_CO_TRY(const auto v, co_await post(std::move(target), std::move(json_body), std::move(no_key),
                                            wait + claim_margin));
  co_return read_claim(v);
}

asio::awaitable<result<beat_answer>> server_api::beat(std::string agent,
                                                      std::vector<std::string> alive) {
  bj::object body;
  body["alive"] = json::write(alive);
  std::string target = "/api/v1/agents/" + url_encode(agent) + "/heartbeat";
  bj::value json_body(std::move(body));
  std::string no_key;
  SWEEPD_CO_TRY(const auto v, co_await post(std::move(target), std::move(json_body), std::move(no_key),
                                            quick_timeout));
  co_return json::read<beat_answer>(v);
}

asio::awaitable<result<void>> server_api::leave(std::string agent, std::string reason) {
  bj::object body;
  body["reason"] = reason;
  std::string target = "/api/v1/agents/" + url_encode(agent) + "/leave";
  bj::value json_body(std::move(body));
  std::string no_key;
  const auto v = co_await post(std::move(target), std::move(json_body), std::move(no_key), quick_timeout);
  if (!v) co_return tl::unexpected<error>(v.error());
  co_return result<void>{};
}

asio::awaitable<result<told>> server_api::tell(spool_record record, std::string verb, bj::object body) {
  body["epoch"] = record.epoch;
  std::string target = "/api/v1/runs/" + url_encode(record.run) + "/" + verb;
  bj::value json_body(std::move(body));
  std::string no_key;  // epochs and offsets make a repeated write harmless
  const auto timeout = verb == "report" ? data_timeout : quick_timeout;
  SWEEPD_CO_TRY(const auto v,
                co_await post(std::move(target), std::move(json_body), std::move(no_key), timeout));
  co_return json::read<told>(v);
}

asio::awaitable<result<told>> server_api::start(spool_record record) {
  bj::object body;
  body["host"] = record.host;
  body["pid"] = record.pid;
  std::string verb = "start";
  co_return co_await tell(std::move(record), std::move(verb), std::move(body));
}

asio::awaitable<result<told>> server_api::send(spool_record record, report what) {
  bj::object body;
  if (!what.history.empty()) {
    body["history_offset"] = what.history_offset;
    body["history"] = std::move(what.history);
  }
  if (!what.log.empty()) {
    body["log_offset"] = what.log_offset;
    body["log"] = what.log;
  }
  if (!what.summary.empty()) body["summary"] = std::move(what.summary);
  std::string verb = "report";
  co_return co_await tell(std::move(record), std::move(verb), std::move(body));
}

asio::awaitable<result<told>> server_api::preempting(spool_record record) {
  std::string verb = "preempting";
  bj::object body;
  co_return co_await tell(std::move(record), std::move(verb), std::move(body));
}

asio::awaitable<result<told>> server_api::finish(spool_record record) {
  bj::object body;
  if (record.exit_code) body["exit_code"] = *record.exit_code;
  if (record.signal) body["signal"] = *record.signal;
  if (!record.why.empty()) body["evidence"] = json::write(record.why);
  std::string verb = "finish";
  co_return co_await tell(std::move(record), std::move(verb), std::move(body));
}

asio::awaitable<result<void>> server_api::put_file(spool_record record, std::string name,
                                                   std::string bytes) {
  std::string target = file_target(record, name);
  std::string type = "application/octet-stream";
  std::map<std::string, std::string> no_headers;
  std::string method = "PUT";
  const auto answer = co_await exchange(std::move(method), std::move(target), std::move(bytes),
                                        std::move(type), std::move(no_headers), file_timeout);
  if (!answer) co_return tl::unexpected<error>(answer.error());
  co_return result<void>{};
}

}  // namespace sweepd::agent
