#include "controller/suggest/responder.hpp"

#include "controller/base/json_text.hpp"
#include "controller/suggest/ops.hpp"
#include "controller/suggest/request.hpp"
#include "strategies/nearest.hpp"

#include <array>
#include <exception>
#include <utility>

namespace sweepd::suggest {
namespace {

namespace bj = boost::json;

struct operation {
  std::string_view name;
  std::string (*answer)(const request&);
};

template <bj::object (*answer)(const request&)>
std::string text_of(const request& r) {
  return json::to_text(answer(r));
}

/// Every operation: a row here, a function in a file of its name, a paragraph in help.cpp.
constexpr std::array operations{
    operation{"next_runs", text_of<next_runs>},
    operation{"stop_runs", stop_runs},
    operation{"validate", text_of<validate>},
    operation{"fill_parameter", text_of<fill_parameter>},
    operation{"ppf", text_of<ppf>},
    operation{"cdf", text_of<cdf>}};

std::string_view name_of(refusal kind) {
  switch (kind) {
    case refusal::value_error:
      break;
    case refusal::validation_error:
      return "ValidationError";
    case refusal::type_error:
      return "TypeError";
    case refusal::key_error:
      return "KeyError";
  }
  return "ValueError";
}

bj::object unknown_operation(const request& r) {
  std::vector<std::string_view> names;
  for (const auto& row : operations) names.push_back(row.name);
  const auto there_are = "there are " + strategies::listed(names, "and");
  const auto* op = r.field("op");
  if (op == nullptr) return refused(refusal::value_error, "is missing; " + there_are, "op");
  if (!op->is_string())
    return refused(refusal::value_error, "must be the name of an operation; " + there_are, "op");
  const std::string given(std::string_view(op->get_string()));
  return refused(refusal::value_error,
                 "there is no operation '" + given + "'" + strategies::did_you_mean(given, names) +
                     "; " + there_are,
                 "op");
}

std::string answer_to(std::string_view line, sessions& known) {
  const auto asked = read_request(line, known);
  if (!asked) return json::to_text(refused(asked.error()));
  if (const auto* op = asked->field("op"); op != nullptr && op->is_string())
    for (const auto& row : operations)
      if (row.name == std::string_view(op->get_string())) return row.answer(*asked);
  return json::to_text(unknown_operation(*asked));
}

}  // namespace

bj::object refused(refusal kind, std::string text, std::string where) {
  const auto name = name_of(kind);
  bj::object out{{"error", std::move(text)}, {"kind", bj::string_view(name.data(), name.size())}};
  if (!where.empty()) out["where"] = std::move(where);
  return out;
}

bj::object refused(const error& e, refusal kind) { return refused(kind, e.message, e.where); }

std::string responder::answer(std::string_view line) {
  try {
    return answer_to(line, known_);
  } catch (const std::exception& e) {
    // A bug, or no memory: this line gets no better answer; what was kept may be half done.
    known_ = {};
    return json::to_text(refused(refusal::value_error, std::string("internal fault: ") + e.what()));
  }
}

}  // namespace sweepd::suggest
