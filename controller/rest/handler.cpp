#include "controller/rest/handler.hpp"

#include <algorithm>

namespace sweepd::rest {
namespace {

bool project_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

}  // namespace

result<void> check_reason(const std::string& reason) {
  return check_text(reason, reason_bytes_max, "/reason", true);
}

result<void> check_project(std::string_view project, std::string where) {
  const auto slash = project.find('/');
  const auto good = [](std::string_view part) {
    return !part.empty() && part.size() <= name_bytes_max && part != "." && part != ".." &&
           std::all_of(part.begin(), part.end(), project_char);
  };
  if (slash == std::string_view::npos || !good(project.substr(0, slash)) ||
      !good(project.substr(slash + 1)))
    return fail(errc::invalid,
                "must be ENTITY/PROJECT, each of letters, digits, '_', '-' and '.'",
                std::move(where));
  return {};
}

}  // namespace sweepd::rest
