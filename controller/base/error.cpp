#include "controller/base/error.hpp"

#include <array>

namespace sweepd {
namespace {

struct row {
  errc code;
  std::string_view name;
  int http;
  int exit;
};

// Exit codes follow sysexits.h where it has one (65 bad input, 69 unreachable, 70 internal).
constexpr std::array table{
    row{errc::invalid, "invalid", 400, 65},     row{errc::not_found, "not_found", 404, 5},
    row{errc::conflict, "conflict", 409, 6},    row{errc::unauthorized, "unauthorized", 401, 4},
    row{errc::forbidden, "forbidden", 403, 4},  row{errc::too_large, "too_large", 413, 65},
    row{errc::busy, "busy", 429, 69},           row{errc::unavailable, "unavailable", 503, 69},
    row{errc::disk_full, "disk_full", 507, 69}, row{errc::internal, "internal", 500, 70},
};

constexpr const row& find(errc code) {
  for (const auto& r : table)
    if (r.code == code) return r;
  return table.back();
}

}  // namespace

std::string_view name(errc code) { return find(code).name; }
int http_status(errc code) { return find(code).http; }
int exit_code(errc code) { return find(code).exit; }

std::string to_string(const error& e) {
  return e.where.empty() ? e.message : e.where + ": " + e.message;
}

}  // namespace sweepd
