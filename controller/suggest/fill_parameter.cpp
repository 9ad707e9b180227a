#include "controller/suggest/ops.hpp"
#include "strategies/fill.hpp"

#include <string>
#include <string_view>

namespace sweepd::suggest {

namespace bj = boost::json;

bj::object fill_parameter(const request& r) {
  const auto* name = r.field("name");
  if (name == nullptr || !name->is_string())
    return refused(refusal::value_error, "must be the parameter's name", "name");
  const std::string named(std::string_view(name->get_string()));
  const auto* given = r.config();
  if (given == nullptr) return refused(refusal::value_error, "is missing", "config");
  const auto* config = given->if_object();
  if (config == nullptr)
    return refused(refusal::value_error, "a parameter must be a JSON object", named);
  const auto filled = strategies::fill_parameter(named, *config);
  if (!filled) return refused(filled.error());
  bj::object out;
  out["kind_of"] = filled->kind_of ? bj::value(*filled->kind_of) : bj::value(nullptr);
  out["config"] = filled->config;
  return out;
}

}  // namespace sweepd::suggest
