#include "controller/http/gate.hpp"

#include <algorithm>
#include <array>

namespace sweepd::http {
namespace {

constexpr refusal bad(std::string_view detail) { return {400, "invalid", detail}; }
constexpr refusal foreign{403, "forbidden", "requests from other sites are not served"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

/// RFC 9112, section 6, read strictly: one unambiguous way to find the end of the message, or none.
std::optional<refusal> framing_problem(const head& h) {
  const auto lengths = h.count("content-length");
  const auto encodings = h.count("transfer-encoding");
  if (encodings > 0) {
    if (h.version < 11) return bad("Transfer-Encoding needs HTTP/1.1");
    if (lengths > 0) return bad("Transfer-Encoding and Content-Length exclude each other");
    if (encodings > 1 || !same_text(*h.field("transfer-encoding"), "chunked"))
      return bad("the only Transfer-Encoding served is chunked");
  }
  if (lengths > 1) return bad("Content-Length is repeated");
  if (lengths == 1) {
    const auto text = *h.field("content-length");
    constexpr std::size_t digits_max = 18;
    const bool number = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
    if (!number || text.size() > digits_max)
      return bad("Content-Length must be one number");
  }
  return std::nullopt;
}

/// Fields that mean nothing when given twice; a second one is somebody's attempt to be read two
/// ways.
std::optional<refusal> repeated_field(const head& h) {
  constexpr std::array singles{"authorization",  "content-type",    "content-encoding", "expect",
                               "sec-fetch-site", "idempotency-key", "origin"};
  for (const auto* name : singles)
    if (h.count(name) > 1) return bad("a field that may stand once is repeated");
  constexpr std::size_t idempotency_key_max = 255;
  if (const auto key = h.field("idempotency-key"); key && key->size() > idempotency_key_max)
    return bad("Idempotency-Key is longer than 255 characters");
  return std::nullopt;
}

unsigned default_port(bool tls) { return tls ? 443 : 80; }

std::optional<refusal> host_problem(const head& h, const gate_rules& rules,
                                    std::optional<std::string>& host) {
  const auto count = h.count("host");
  if (count != 1) return bad(count == 0 ? "Host is missing" : "Host is repeated");
  host = normal_authority(*h.field("host"), default_port(rules.tls));
  if (!host || std::find(rules.hosts.begin(), rules.hosts.end(), *host) == rules.hosts.end())
    return refusal{421, "misdirected", {}};
  return std::nullopt;
}

std::optional<refusal> site_problem(const head& h, const gate_rules& rules,
                                    const std::string& host) {
  if (const auto origin = h.field("origin")) {
    const auto given = normal_origin(*origin);
    const bool own = given && (*given == (rules.tls ? "https://" : "http://") + host ||
                               (!rules.public_origin.empty() && *given == rules.public_origin));
    if (!own) return foreign;
  }
  if (const auto site = h.field("sec-fetch-site"))
    if (!same_text(*site, "same-origin") && !same_text(*site, "none")) return foreign;
  return std::nullopt;
}

std::optional<refusal> method_problem(const head& h) {
  constexpr std::array<std::string_view, 7> known{"GET",    "HEAD",    "POST",  "PUT",
                                                  "DELETE", "OPTIONS", "PATCH"};
  if (std::find(known.begin(), known.end(), h.method) == known.end())
    return refusal{501, "not_implemented", "this method is not served"};
  return std::nullopt;
}

bool is_absolute(std::string_view target) {
  return target.find("://") != std::string_view::npos && !target.starts_with('/');
}

std::optional<refusal> target_problem(const head& h, const gate_rules& rules,
                                      const std::string& host) {
  for (const char c : h.target)
    if (c <= 0x20 || c >= 0x7F || c == '#') return bad("the target holds characters no URL has");
  if (h.target.starts_with('/')) return std::nullopt;
  if (h.target == "*" && h.method == "OPTIONS") return std::nullopt;
  if (!is_absolute(h.target)) return bad("the target must start with '/'");
  const auto scheme = h.target.substr(0, h.target.find("://"));
  if (!same_text(scheme, "http") && !same_text(scheme, "https"))
    return bad("the target's scheme is not served");
  const auto from = scheme.size() + 3;
  const auto end = std::min(h.target.find_first_of("/?", from), h.target.size());
  const auto named = normal_authority(h.target.substr(from, end - from), default_port(rules.tls));
  if (!named || *named != host) return bad("the target names another host than Host does");
  return std::nullopt;
}

bool is_ipv6_literal(std::string_view inner) {
  return !inner.empty() && std::all_of(inner.begin(), inner.end(), [](char c) {
    return is_hex(c) || c == ':' || c == '.';
  });
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

std::string origin_for(std::string_view host, const gate_rules& rules) {
  const auto mark = rules.public_origin.find("://");
  if (mark != std::string::npos) {
    const bool secure = rules.public_origin.starts_with("https");
    const auto authority = normal_authority(host, secure ? 443 : 80);
    if (authority && *authority == rules.public_origin.substr(mark + 3))
      return rules.public_origin.substr(0, mark + 3) + std::string(host);
  }
  return (rules.tls ? "https://" : "http://") + std::string(host);
}

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return lower(x) == lower(y);
         });
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

void add_field(std::map<std::string, std::string>& to, std::string_view name,
               std::string_view value) {
  auto& slot = to[lower_case(name)];
  if (!slot.empty()) slot += ", ";
  slot += value;
}

std::optional<std::string_view> head::field(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (same_text(key, name)) return value;
  return std::nullopt;
}

std::size_t head::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields.begin(), fields.end(), [name](const auto& f) { return same_text(f.first, name); }));
}

std::optional<refusal> raw_head_problem(std::string_view raw) {
  // Beast joins folded lines into one value without a trace, so only the bytes can tell.
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\n') {
      if (i == 0 || raw[i - 1] != '\r') return bad("a line must end in CR LF");
      if (i + 1 < raw.size() && (raw[i + 1] == ' ' || raw[i + 1] == '\t'))
        return bad("folded header lines are not served");
    } else if (raw[i] == '\r') {
      if (i + 1 >= raw.size() || raw[i + 1] != '\n') return bad("a line must end in CR LF");
    } else if (raw[i] == '\0') {
      return bad("a head must not contain NUL");
    }
  }
  return std::nullopt;
}

std::optional<refusal> head_problem(const head& h, const gate_rules& rules) {
  if (h.target.size() > rules.target_bytes_max)
    return refusal{414, "target_too_long", "the request target is too long"};
  if (h.fields.size() > rules.header_fields_max)
    return refusal{431, "head_too_large", "too many header fields"};
  if (auto r = framing_problem(h)) return r;
  if (auto r = repeated_field(h)) return r;
  std::optional<std::string> host;
  if (auto r = host_problem(h, rules, host)) return r;
  if (auto r = target_problem(h, rules, *host)) return r;
  if (auto r = site_problem(h, rules, *host)) return r;
  if (auto r = method_problem(h)) return r;
  if (const auto expect = h.field("expect"); expect && !same_text(*expect, "100-continue"))
    return refusal{417, "expectation_failed", "the only expectation served is 100-continue"};
  return std::nullopt;
}

std::string_view origin_form(std::string_view target) {
  if (!is_absolute(target)) return target;
  target.remove_prefix(target.find("://") + 3);
  const auto start = target.find_first_of("/?");
  if (start == std::string_view::npos) return "/";
  return target[start] == '/' ? target.substr(start) : std::string_view("/");
}

std::optional<std::string> normal_authority(std::string_view text, unsigned default_port) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || !is_ipv6_literal(text.substr(1, close - 1)))
      return std::nullopt;
    host = text.substr(0, close + 1);
    port = text.substr(close + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    port = text.substr(colon);
    if (!is_name(host)) return std::nullopt;
  }
  const auto out = lower_case(host);
  if (port.empty()) return out + ':' + std::to_string(default_port);
  port.remove_prefix(1);
  const bool good = text[host.size()] == ':' && !port.empty() && port.size() <= 5 &&
                    std::all_of(port.begin(), port.end(), is_digit) && port.front() != '0';
  if (!good) return std::nullopt;
  return out + ':' + std::string(port);
}

std::optional<std::string> normal_origin(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const bool tls = same_text(text.substr(0, colon), "https");
  if (!tls && !same_text(text.substr(0, colon), "http")) return std::nullopt;
  auto authority = text.substr(colon + 3);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  const auto normal = normal_authority(authority, default_port(tls));
  if (!normal) return std::nullopt;
  return (tls ? "https://" : "http://") + *normal;
}

bool accepts_type(std::string_view takes, std::string_view content_type) {
  const auto type = trimmed(content_type.substr(0, content_type.find(';')));
  while (!takes.empty()) {
    const auto comma = std::min(takes.find(','), takes.size());
    const auto one = trimmed(takes.substr(0, comma));
    if (one == "*/*" || same_text(one, type)) return true;
    takes.remove_prefix(std::min(comma + 1, takes.size()));
  }
  return false;
}

}  // namespace sweepd::http
