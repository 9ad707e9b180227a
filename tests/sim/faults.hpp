// What may go wrong in a simulation. Each seed switches on a random half, so that rare pairs meet.
#pragma once

#include "tests/sim/chance.hpp"

#include <array>
#include <string>
#include <string_view>

namespace sweepd::sim {

enum class fault : unsigned {
  lose_messages, duplicate_messages, delay_messages, process_dies, process_fails, agent_dies,
  agent_freezes, network_cut, controller_dies, controller_suspends, clock_jumps, slow_disk,
  mass_silence, preemption, policy_edits, operator_acts, never_starts, agent_leaves, bad_agent, count
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(fault::count)> fault_names{
    "lose_messages", "duplicate_messages", "delay_messages", "process_dies", "process_fails",
    "agent_dies", "agent_freezes", "network_cut", "controller_dies", "controller_suspends",
    "clock_jumps", "slow_disk", "mass_silence", "preemption", "policy_edits", "operator_acts",
    "never_starts", "agent_leaves", "bad_agent"};

class fault_set {
 public:
  [[nodiscard]] bool has(fault f) const { return (bits_ >> static_cast<unsigned>(f)) & 1U; }
  void drop(fault f) { bits_ &= ~(1U << static_cast<unsigned>(f)); }
  static fault_set some(chance& c) {
    fault_set out;
    for (unsigned i = 0; i < static_cast<unsigned>(fault::count); ++i)
      if (c.hit(0.5)) out.bits_ |= 1U << i;
    return out;
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (unsigned i = 0; i < static_cast<unsigned>(fault::count); ++i)
      if ((bits_ >> i) & 1U) out += (out.empty() ? "" : " ") + std::string(fault_names[i]);
    return out.empty() ? "none" : out;
  }

 private:
  unsigned bits_ = 0;
};

}  // namespace sweepd::sim
