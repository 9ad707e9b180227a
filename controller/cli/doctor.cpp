#include "controller/cli/doctor.hpp"

#include "controller/cli/text.hpp"
#include "controller/http/url.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdio>

namespace sweepd::cli {
namespace {

constexpr milliseconds skew_warn{30'000};

check ok(std::string what, std::string text) { return {"ok", std::move(what), std::move(text)}; }
check warn(std::string what, std::string text) {
  return {"warn", std::move(what), std::move(text)};
}
check bad(std::string what, std::string text) { return {"fail", std::move(what), std::move(text)}; }

check client_file(const context& c) {
  const auto& s = c.config;
  std::vector<std::string> origins;
  for (const auto& [name, value] : s.all())
    if (value->origin != "built in") origins.push_back(name + " from " + clean(value->origin));
  const std::string text = origins.empty() ? "all settings are built in" : join(origins, ", ");
  struct stat at{};
  if (s.file_found && s.api_key.origin.starts_with(s.file) && stat(s.file.c_str(), &at) == 0 &&
      (at.st_mode & (S_IRGRP | S_IROTH)) != 0)
    return warn("settings",
                clean(s.file) + " holds an API key and others can read it: chmod 600 it");
  return ok("settings", text);
}

/// A key that travels in the clear beyond this machine can be read on the way.
std::optional<check> transport(const settings& s) {
  const auto url = http::parse_server_url(s.url.value);
  if (!url || url->tls || !url->unix_path.empty() || s.api_key.value.empty()) return std::nullopt;
  if (url->host == "localhost" || url->host == "::1" || url->host.starts_with("127."))
    return std::nullopt;
  return warn("transport", "the API key travels unencrypted to " + clean(url->host) +
                               ": use https, or a tunnel");
}

check clocks(const context& c, const std::map<std::string, std::string>& headers) {
  const auto date = headers.find("date");
  const auto there = date == headers.end() ? std::nullopt : http_date(date->second);
  if (!there) return ok("clocks", "not compared: the server sends no date");
  const auto skew = c.io.now() - *there;
  const auto size = skew < milliseconds{0} ? -skew : skew;
  const std::string text = "this machine is " + short_age(size) +
                           (skew < milliseconds{0} ? " behind" : " ahead of") + " the server";
  // Harmless for leases, which age by the server's own clock; confusing when reading times.
  if (size > skew_warn) return warn("clocks", text);
  return ok("clocks", "within " + short_age(size) + " of the server's");
}

check key(context& c) {
  const auto who = c.server().get("/whoami");
  if (!who) {
    const auto code = who.error().code;
    return bad("key",
               clean(who.error().message) + "; " + usual_advice(code, c.connected(), "doctor"));
  }
  const auto& o = as_object(*who);
  return ok("key",
            field(o, "key") + ", role " + field(o, "role") + ", project " + field(o, "project"));
}

check version(const json::object& status) {
  const auto there = field(status, "version");
  if (there == SWEEPD_VERSION) return ok("version", there + " here and there");
  return warn("version",
              "here " SWEEPD_VERSION ", server " + there + ": install the same version on both");
}

void server_state(const json::object& status, const look& how, std::vector<check>& out) {
  out.push_back(version(status));
  out.push_back(truth(status, "disk_full")
                    ? bad("disk", "full: the server only reads until there is room")
                    : ok("disk", "the database can be written"));
  if (const auto until = time_at(status, "grace_until"); until && *until > how.now)
    out.push_back(warn("grace", "nothing is marked crashed for " + short_age(*until - how.now) +
                                    ": " + field(status, "grace_why")));
  if (truth(status, "mass_silence.active"))
    out.push_back(warn("silence", "many runs fell silent together: marking is held until " +
                                      field(status, "mass_silence.until")));
  std::vector<std::string> runs;
  for (const auto& [state, n] : object_at(status, "runs"))
    if (scalar(n) != "0") runs.push_back(clean(state) + " " + scalar(n));
  out.push_back(ok("runs", runs.empty() ? "none" : join(runs, ", ")));
  out.push_back(ok("agents", field(status, "agents")));
}

check chain(context& c) {
  const auto answer = c.server().get("/events/verify");
  if (!answer) {
    if (answer.error().code == errc::forbidden)
      return ok("audit log", "not verified: that takes an admin key");
    return warn("audit log", "not verified: " + clean(answer.error().message));
  }
  const auto& o = as_object(*answer);
  if (truth(o, "ok")) return ok("audit log", "unbroken up to event " + field(o, "last_seq"));
  return bad("audit log", "broken at event " + field(o, "broken_at") +
                              ": the database was changed by hand; restore a backup");
}

}  // namespace

std::optional<instant> http_date(const std::string& text) {
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char month[4] = {};
  int day = 0, year = 0, h = 0, m = 0, s = 0;
  if (std::sscanf(text.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, month, &year, &h, &m,
                  &s) != 6)
    return std::nullopt;
  for (unsigned i = 0; i < months.size(); ++i) {
    if (std::string_view(months[i]) != month) continue;
    char rfc[40];
    std::snprintf(rfc, sizeof rfc, "%04d-%02u-%02dT%02d:%02d:%02dZ", year, i + 1, day, h, m, s);
    const auto t = parse_rfc3339(rfc);
    return t ? std::optional(*t) : std::nullopt;
  }
  return std::nullopt;
}

std::vector<check> examine(context& c) {
  std::vector<check> out;
  out.push_back(client_file(c));
  if (auto plain = transport(c.config)) out.push_back(std::move(*plain));
  const auto alive = c.server().outside("/healthz");
  if (!alive) {
    out.push_back(bad("server", clean(alive.error().message) + "; " +
                                    usual_advice(errc::unavailable, c.connected(), "doctor")));
    return out;
  }
  if (alive->status != 200) {
    out.push_back(bad("server", clean(c.config.url.value) + " answers " +
                                    std::to_string(alive->status) + ": is it a sweepd server?"));
    return out;
  }
  out.push_back(ok("server", clean(c.config.url.value) + " answers"));
  if (const auto ready = c.server().outside("/readyz"); ready && ready->status != 200)
    out.push_back(bad("ready", "not ready: " + fit(clean(ready->body), 200)));
  out.push_back(clocks(c, alive->headers));
  out.push_back(key(c));
  if (out.back().level == "fail") return out;
  const auto status = c.server().get("/status");
  if (!status) {
    out.push_back(bad("status", clean(status.error().message)));
    return out;
  }
  server_state(as_object(*status), c.how, out);
  out.push_back(chain(c));
  return out;
}

}  // namespace sweepd::cli
