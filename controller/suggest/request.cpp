#include "controller/suggest/request.hpp"

#include "controller/base/json_text.hpp"
#include "controller/suggest/scan.hpp"

#include <optional>
#include <utility>

namespace sweepd::suggest {
namespace {

namespace bj = boost::json;

constexpr json::text_limits field_limits{.depth_max = 64};

/// A line that the cutting gave up on is no JSON: the parser says why, and where.
error not_json(std::string_view line) {
  auto parsed = json::parse(line, field_limits);
  if (!parsed) return parsed.error();
  return {errc::invalid, "a request is one JSON object on a line", {}};
}

result<void> read_field(std::string_view key, std::string_view value, request& out) {
  SWEEPD_TRY(const auto name, json::parse(key));
  auto read = json::parse(value, field_limits);
  if (!read) return fail(read.error().code, read.error().message, std::string(name.as_string()));
  out.fields[name.as_string()] = std::move(*read);
  return {};
}

result<session*> session_of(std::string_view config, sessions& known) {
  auto found = known.of(config);
  if (!found) return fail(found.error().code, found.error().message, "config");
  return *found;
}

}  // namespace

const bj::value* request::field(std::string_view name) const {
  const auto* found = fields.if_contains(bj::string_view(name.data(), name.size()));
  return found == nullptr || found->is_null() ? nullptr : found;
}

const bj::value* request::config() const {
  return sweep != nullptr ? &sweep->config() : field("config");
}

result<request> read_request(std::string_view line, sessions& known) {
  request out;
  std::string_view config, runs;
  bool told = false;  // the session has the runs of this line
  member_walk walk(line);
  for (bool more = walk.next_after_value(); more;) {
    const auto at = walk.value_at();
    std::optional<std::size_t> end;
    if (walk.key() == "\"runs\"" && !config.empty() && line.substr(at).starts_with('[')) {
      // The session knows most of these runs, and so where the list ends: no walk over it.
      SWEEPD_TRY(out.sweep, session_of(config, known));
      std::size_t behind = 0;
      auto updated = out.sweep->update(line, at, behind);
      if (!updated) return tl::unexpected(std::move(updated).error());
      end = behind;
      told = true;
    } else {
      end = after_value(line, at);
      if (!end) break;
      const auto value = line.substr(at, *end - at);
      if (walk.key() == "\"config\"") {
        config = value;
      } else if (walk.key() == "\"runs\"") {
        runs = value;
      } else {
        auto read = read_field(walk.key(), value, out);
        if (!read) return tl::unexpected(std::move(read).error());
      }
    }
    more = walk.next(*end);
  }
  if (!walk.well_formed()) return tl::unexpected(not_json(line));
  if (told || config.empty()) return out;
  if (runs.empty()) {
    auto read = read_field("\"config\"", config, out);
    if (!read) return tl::unexpected(std::move(read).error());
    return out;
  }
  SWEEPD_TRY(out.sweep, session_of(config, known));
  std::size_t end = 0;
  auto updated = out.sweep->update(runs, 0, end);
  if (!updated) return tl::unexpected(std::move(updated).error());
  return out;
}

}  // namespace sweepd::suggest
