// The gate: what every request's head must pass before it is routed, whatever its path and method,
// and before a byte of its body is read. Pure: no socket, no Beast.
//
// Two looks. raw_head_problem() reads the bytes as they came, for what a parser smooths over (line
// folding, bare line ends). head_problem() judges the parsed fields: framing, Host, Origin, method,
// target. Loopback is no boundary: a page in a user's browser reaches it by DNS rebinding, hence
// Host and Origin are checked for all methods alike. Every refusal ends the connection, since what
// follows a refused head cannot be trusted to be where it says.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::http {

/// A parsed head. Views into the connection's buffer: valid until more is read.
struct head {
  std::string_view method;
  std::string_view target;
  int version = 11;  ///< 10 or 11
  std::vector<std::pair<std::string_view, std::string_view>> fields;  ///< in order, values trimmed

  /// The first field of that name; none when absent. Names match in any case.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

/// Who we are, for one listener, and how large a head may be.
struct gate_rules {
  bool tls = false;
  std::vector<std::string> hosts;  ///< normal form: "127.0.0.1:8088", "[::1]:8088"
  std::string public_origin;       ///< normal form: "https://sweeps.example.org:443"; empty: none
  std::size_t target_bytes_max = 8 * 1024;
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t header_fields_max = 100;
};

/// Why a request is not served. 421 is answered without a body.
struct refusal {
  int status = 400;
  std::string_view code;    ///< stable name for the answer
  std::string_view detail;  ///< one sentence; never holds what the client sent
};

/// `raw`: the whole head, up to and with the empty line.
std::optional<refusal> raw_head_problem(std::string_view raw);
std::optional<refusal> head_problem(const head& h, const gate_rules& rules);

/// The target without scheme and authority (absolute-form is accepted for our own host).
std::string_view origin_form(std::string_view target);

/// "Example.ORG" -> "example.org:80": lower case, port always there. None when it is no
/// host[:port].
std::optional<std::string> normal_authority(std::string_view text, unsigned default_port);
/// "https://Example.org" -> "https://example.org:443"; none when it is not scheme://host[:port],
/// with at most a path of "/".
std::optional<std::string> normal_origin(std::string_view text);

/// Our own origin for a client that asked for `host`: the public one if it names that, since a proxy may
/// stand before us.
std::string origin_for(std::string_view host, const gate_rules& rules);

/// Case-insensitive comparison of ASCII text.
bool same_text(std::string_view a, std::string_view b);
std::string lower_case(std::string_view text);  ///< of ASCII

/// Adds a field under its name in lower case; repeated ones are joined by ", ".
void add_field(std::map<std::string, std::string>& to, std::string_view name,
               std::string_view value);

/// Is `content_type` (with or without parameters) among the comma-separated `takes`? See
/// route::takes.
bool accepts_type(std::string_view takes, std::string_view content_type);

}  // namespace sweepd::http
