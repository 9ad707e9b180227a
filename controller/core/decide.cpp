// decide(): hands each command to its own function.
#include "controller/core/plan.hpp"

namespace sweepd::core {

result<decision> decide(state& s, const command& c, const actor& who, moment now) {
  plan p(s, who, now);
  return std::visit([&](const auto& one) { return decide(p, one); }, c);
}

}  // namespace sweepd::core
