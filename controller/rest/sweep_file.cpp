#include "controller/rest/sweep_file.hpp"

namespace sweepd::rest {

response refused_file(const std::vector<config::problem>& problems, const http::request& req) {
  auto out = http::problem(config::to_error(problems), req);
  auto body = json::parse(out.body).value();  // what problem() has just written
  body.get_object()["problems"] = json::write(problems);
  out.body = json::to_text(body);
  return out;
}

result<std::string> source_name(const std::optional<std::string>& given,
                                std::string_view fallback) {
  if (!given || given->empty()) return std::string(fallback);
  if (auto good = check_text(*given, 255, "/source"); !good) return failed(good);
  return *given;
}

}  // namespace sweepd::rest
