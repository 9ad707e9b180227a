#include "controller/config/server_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace sweepd::config {
namespace {

using c = server_config;
using kind = yaml_node::kind;

constexpr std::int64_t many = 1'000'000;
constexpr std::int64_t gigabyte = std::int64_t{1} << 30;
constexpr std::array<std::string_view, 5> log_levels{"debug", "info", "warn", "error", "off"};

const std::array<server_option, 27> table{{
    {"listen", &c::listen, "addresses to serve on: HOST:PORT, [IPV6]:PORT or unix:PATH"},
    {"data", &c::data, "the directory of the database, made if it is not there"},
    {"public_url", &c::public_url,
     "the address that users open, if a proxy stands before the server"},
    {"insecure_plaintext", &c::insecure_plaintext,
     "allow addresses other than this machine's without TLS"},
    {"tls_certificate", &c::tls_certificate, "PEM file with the certificate chain"},
    {"tls_key", &c::tls_key, "PEM file with the private key"},
    {"webhooks_private", &c::webhooks_private,
     "let webhooks reach this machine and private networks"},
    {"log_level", &c::log_level, "debug, info, warn, error or off", option_kind::level},
    {"drain", &c::drain, "how long requests in flight may take when the server stops"},
    {"checkpoint_every", &c::checkpoint_every, "how often heartbeats are written down",
     option_kind::plain, 100, 60'000},
    {"late_tick", &c::late_tick, "a timer later than this is an outage of the server's own",
     option_kind::plain, 1'000, 600'000},
    {"suggest_threads", &c::suggest_threads, "threads that compute configurations",
     option_kind::plain, 1, 256},
    {"limits.batch_commands_max", &c::batch_commands_max, "changes in one transaction",
     option_kind::plain, 1, many},
    {"limits.queue_commands_max", &c::queue_commands_max,
     "changes waiting for the disk; beyond: busy", option_kind::plain, 1, many},
    {"limits.connections_max", &c::connections_max, "open connections", option_kind::plain, 1, many,
     true},
    {"limits.connections_per_address_max", &c::connections_per_address_max,
     "open connections of one address", option_kind::plain, 1, many, true},
    {"limits.header_bytes_max", &c::header_bytes_max, "size of a request's header",
     option_kind::bytes, 1'024, gigabyte, true},
    {"limits.header_fields_max", &c::header_fields_max, "fields of a request's header",
     option_kind::plain, 10, 10'000, true},
    {"limits.target_bytes_max", &c::target_bytes_max, "length of a request's path and query",
     option_kind::bytes, 256, gigabyte, true},
    {"limits.inflight_body_bytes_max", &c::inflight_body_bytes_max,
     "memory for all request bodies together", option_kind::bytes, 1'048'576, 64 * gigabyte, true},
    {"limits.failed_auth_per_minute", &c::failed_auth_per_minute,
     "wrong keys of one address before it has to wait", option_kind::plain, 1, many, true},
    {"limits.requests_per_second", &c::requests_per_second,
     "requests of one key, five seconds' worth at once; beyond: 429. 0: no limit", option_kind::plain, 0,
     many, true},
    {"limits.agent_requests_per_second", &c::agent_requests_per_second,
     "the same for what agents write, and for all requests of agents' keys", option_kind::plain, 0, many,
     true},
    {"deadlines.header", &c::header_deadline, "to send a request's header", option_kind::plain, 100,
     3'600'000},
    {"deadlines.body", &c::body_deadline, "to send a request's body; 1s more for each 100 KB",
     option_kind::plain, 100, 3'600'000},
    {"deadlines.idle", &c::idle_deadline, "between two requests of a connection",
     option_kind::plain, 100, 86'400'000},
    {"deadlines.write", &c::write_deadline, "to take an answer", option_kind::plain, 100,
     3'600'000},
}};

/// The member that holds the value if its type is T; `Config` is server_config, const or not.
template <class T, class Config>
auto* target(const server_option& o, Config& config) {
  const auto* member = std::get_if<T server_config::*>(&o.where);
  using pointer = decltype(&(config.**member));
  return member == nullptr ? pointer{} : &(config.**member);
}

struct unit {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array units{unit{"GB", gigabyte}, unit{"MB", 1'048'576}, unit{"KB", 1'024},
                           unit{"B", 1}};

/// "16KB", "256MB" or a plain number of bytes; 1 KB = 1024 bytes.
std::optional<std::int64_t> parse_bytes(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || n < 0) return std::nullopt;
  auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty()) return n;
  for (const auto& u : units)
    if (rest == u.name)
      return n > std::numeric_limits<std::int64_t>::max() / u.bytes ? std::nullopt
                                                                    : std::optional(n * u.bytes);
  return std::nullopt;
}

std::string bytes_text(std::int64_t n) {
  for (const auto& u : units)
    if (n >= u.bytes && n % u.bytes == 0) return std::to_string(n / u.bytes) + std::string(u.name);
  return std::to_string(n);
}

bool read_text(const yaml_at& v, std::string& to, findings& out) {
  if (v.node.what != kind::scalar || !v.node.value.is_string()) {
    out.add(
        v.at, v.path,
        "must be a text, not " + shown(v.node) +
            (v.node.what == kind::scalar && !v.node.value.is_null() ? "; put it in quotes" : ""));
    return false;
  }
  to = v.node.raw;
  return true;
}

bool looks_like_address(std::string_view text) {
  if (text.starts_with("unix:")) return text.size() > 5;
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  int port = -1;
  const auto digits = text.substr(colon + 1);
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return ec == std::errc{} && end == digits.data() + digits.size() && port >= 0 && port <= 65'535;
}

/// One address or several; never none.
bool read_list(const yaml_at& v, std::vector<std::string>& to, findings& out) {
  std::vector<std::string> read;
  const auto take = [&](const yaml_at& item) {
    std::string text;
    if (!read_text(item, text, out)) return false;
    if (!looks_like_address(text)) {
      out.add(item.at, item.path,
              "'" + text +
                  "' is not an address; write HOST:PORT such as "
                  "127.0.0.1:8088, or unix:PATH");
      return false;
    }
    read.push_back(std::move(text));
    return true;
  };
  bool good = true;
  if (v.node.what != kind::list) {
    good = take(v);
  } else {
    for (const auto& item : v.node.items)
      good = take({item, item.at, v.path + "[" + std::to_string(read.size()) + "]"}) && good;
    if (v.node.items.empty()) {
      out.add(v.at, v.path, "lists no address; write one such as 127.0.0.1:8088");
      good = false;
    }
  }
  if (good) to = std::move(read);
  return good;
}

bool read_bytes(const server_option& o, const yaml_at& v, std::int64_t& to, findings& out) {
  const auto n = v.node.what == kind::scalar ? parse_bytes(v.node.raw) : std::nullopt;
  if (!n) {
    out.add(v.at, v.path, "must be a size such as 16KB or 256MB, not " + shown(v.node));
    return false;
  }
  if (*n < o.least || *n > o.most) {
    out.add(v.at, v.path,
            "must be between " + bytes_text(o.least) + " and " + bytes_text(o.most) + ", not " +
                shown(v.node));
    return false;
  }
  to = *n;
  return true;
}

bool read_period(const server_option& o, const yaml_at& v, milliseconds& to, findings& out) {
  milliseconds read{};
  if (!read_duration(v, read, milliseconds{o.least}, out)) return false;
  if (o.most != 0 && read.count() > o.most) {
    out.add(v.at, v.path,
            "must be at most " + to_string(milliseconds{o.most}) + ", not " + v.node.raw);
    return false;
  }
  to = read;
  return true;
}

}  // namespace

std::span<const server_option> server_options() { return table; }

std::string flag_of(std::string_view key) {
  std::string out(key);
  std::ranges::replace(out, '.', '-');
  std::ranges::replace(out, '_', '-');
  return out;
}

std::string variable_of(std::string_view key) {
  std::string out = "SWEEPD_";
  for (const char ch : key)
    out += ch == '.' ? '_' : ch >= 'a' && ch <= 'z' ? static_cast<char>(ch - 32) : ch;
  return out;
}

bool read_option(const server_option& o, const yaml_at& v, server_config& config, findings& out) {
  if (auto* list = target<std::vector<std::string>>(o, config)) return read_list(v, *list, out);
  if (auto* period = target<milliseconds>(o, config)) return read_period(o, v, *period, out);
  if (auto* flag = target<bool>(o, config)) {
    if (v.node.what == kind::scalar && v.node.value.is_bool()) {
      *flag = v.node.value.get_bool();
      return true;
    }
    out.add(v.at, v.path, "must be true or false, not " + shown(v.node));
    return false;
  }
  if (auto* number = target<std::int64_t>(o, config)) {
    const bool read = o.kind == option_kind::bytes ? read_bytes(o, v, *number, out)
                                                   : read_integer(v, *number, o.least, o.most, out);
    return read;
  }
  auto* text = target<std::string>(o, config);
  if (o.kind == option_kind::level) {
    std::string_view word;
    if (!known_word(v, log_levels, word, out)) return false;
    *text = word;
    return true;
  }
  return read_text(v, *text, out);
}

std::string option_text(const server_option& o, const server_config& config) {
  if (const auto* list = target<std::vector<std::string>>(o, config)) {
    std::string out;
    for (const auto& item : *list) out += (out.empty() ? "" : ", ") + item;
    return "[" + out + "]";
  }
  if (const auto* period = target<milliseconds>(o, config)) return to_string(*period);
  if (const auto* flag = target<bool>(o, config)) return *flag ? "true" : "false";
  if (const auto* number = target<std::int64_t>(o, config))
    return o.kind == option_kind::bytes ? bytes_text(*number) : std::to_string(*number);
  const auto& text = *target<std::string>(o, config);
  return text.empty() ? "\"\"" : text;
}

}  // namespace sweepd::config
