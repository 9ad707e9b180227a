// Events of the audit log as sentences: for `events`, `watch`, `launch` and `show RUN`.
#pragma once

#include "controller/cli/output.hpp"

#include <string>
#include <vector>

namespace sweepd::cli {

/// What happened: "running → crashed (silent)  no signal for 5m". An event of a type that this
/// client does not know is shown with its fields.
std::string describe_event(const json::object& event);
/// What it happened to: "run ab12cd34", "agent …", "sweep …".
std::string event_subject(const json::object& event);
/// Who did it: "policy rule 2 @ 3f9a", "user k1", "system".
std::string event_actor(const json::object& event);
/// "17:41:05  run ab12cd34  running → finished", for live output.
std::string event_line(const json::object& event, const look& how);
/// SEQ TIME ACTOR TYPE SUBJECT WHAT.
std::vector<column> event_columns();

}  // namespace sweepd::cli
