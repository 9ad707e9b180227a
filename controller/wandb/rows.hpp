// Our things as GraphQL objects: the members that the schema knows, and hidden ones ("_run", "_sweep",
// "_project") for the resolvers below. Called on the strand with a look at the state; pure.
#pragma once

#include "controller/base/json_text.hpp"
#include "controller/core/types.hpp"
#include "controller/http/router.hpp"

#include <boost/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::wandb {

namespace bj = boost::json;

bj::object entity_row(std::string_view name);
bj::object project_row(std::string_view path);
bj::object user_row(const http::principal& who, std::string_view entity);
bj::object run_row(const core::state& s, const core::run& r);
bj::object sweep_row(const core::state& s, const core::sweep& sw);
bj::object agent_row(const core::state& s, const core::agent& a);

/// The configuration as W&B writes it: what the program said last, else the trial's.
std::string config_text(const core::state& s, const core::run& r);
/// The name that a scheduler gave to a run when it enqueued it; "" when none did.
std::string enqueued_name(const core::state& s, const core::run& r);
/// A text that a program or a person gave a run ("display_name", "notes", ...); "" when there is none.
std::string about(const core::run& r, std::string_view key);

/// The end of a run's console: how many lines have ended, and what the last one shows that has not;
/// none: the text ends with a line's end.
struct console_end {
  std::uint64_t ended = 0;
  std::optional<std::string> open;
  [[nodiscard]] std::uint64_t lines() const { return ended + (open ? 1 : 0); }
};
console_end end_of_console(const core::run& r);

/// One page of a relay connection. `ids` are all rows' cursors in order; `row` makes the i-th.
/// Arguments: first, after. Unknown cursors begin at the start.
bj::object connection(const std::vector<std::string>& ids, const bj::object& arguments,
                      const std::function<bj::object(std::size_t)>& row);
bj::object empty_connection();

}  // namespace sweepd::wandb
