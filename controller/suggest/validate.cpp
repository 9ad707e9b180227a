#include "controller/suggest/ops.hpp"
#include "strategies/space.hpp"

namespace sweepd::suggest {

namespace bj = boost::json;

/// violations: what W&B's own check finds too; stricter: what only we refuse.
bj::object validate(const request& r) {
  const auto* given = r.config();
  if (given == nullptr) return refused(refusal::value_error, "is missing", "config");
  const auto* config = given->if_object();
  if (config == nullptr)
    return refused(refusal::value_error, "a sweep config must be a JSON object", "config");
  bj::array plain, stricter;
  for (const auto& found : strategies::violations(*config)) {
    auto text = (found.path.empty() ? "config" : found.path) + ": " + found.text;
    (found.stricter ? stricter : plain).emplace_back(std::move(text));
  }
  return {{"violations", std::move(plain)}, {"stricter", std::move(stricter)}};
}

}  // namespace sweepd::suggest
