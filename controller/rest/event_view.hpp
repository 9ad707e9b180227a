// Stored events as one caller may see them: the filter of the list and of the stream, and which
// events of other projects are left out.
#pragma once

#include "controller/rest/handler.hpp"

#include <vector>

namespace sweepd::rest {

/// The events after f.after that `who` may see, and how far the log was read to find them.
struct seen_events {
  std::vector<core::stored_event> rows;
  std::uint64_t read_to = 0;  ///< seq of the last row looked at; f.after when there was none
  bool more = false;          ///< the limit was reached
};

/// Reads one page. Callers of one project see the events of its sweeps only; those about no sweep
/// (keys, outages) are for callers of all projects.
asio::awaitable<result<seen_events>> read_events(services& svc, http::principal who,
                                                 core::event_filter f);

}  // namespace sweepd::rest
