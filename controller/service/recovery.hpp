// From what the store loaded to a state that can serve. Called by controller::start(), before any
// thread but the caller's exists. Moves rows to their places; what is derived is core::rebuild()'s.
#pragma once

#include "controller/core/store.hpp"

namespace sweepd::service {

/// Fills `s` (which must be new) with the snapshot's entities and rebuilds the rest. The snapshot's
/// replies, last_seq and last are left to the caller. Error: internal, when rows contradict each
/// other: the database is damaged, and serving from it would make things worse.
result<void> recover(core::snapshot& from, core::state& s, moment now);

}  // namespace sweepd::service
