// What a resolver may use, and the words that W&B's clients use for our things: global ids, entity and
// project, run and sweep names. Nothing here decides anything.
#pragma once

#include "controller/http/handling.hpp"
#include "controller/wandb/graphql_exec.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::wandb {

namespace asio = boost::asio;
namespace bj = boost::json;
using graphql::call;
using http::failed;
using http::off_strand;
using http::view;

/// What clients call the project of whoever names none.
inline constexpr std::string_view no_project = "uncategorized";

/// One GraphQL request.
struct environment {
  http::request_context& ctx;
  http::services& svc;
  /// forbidden, when the caller's role does not reach that far.
  [[nodiscard]] result<void> need(http::need what) const;
  /// The entity of a caller who names none.
  [[nodiscard]] std::string default_entity() const;
  /// "entity/project" of two names that may be absent. Errors: invalid; not_found, when it is not the
  /// caller's.
  [[nodiscard]] result<std::string> project(const std::string& entity, const std::string& project) const;
};

using resolved = asio::awaitable<result<bj::value>>;

/// Global ids are base64 of "Kind:v1:name:project:entity", as W&B's; clients never look inside.
std::string global_id(std::string_view kind, std::string_view name, std::string_view project_path = {});
/// The name in an id of that kind. Errors: invalid.
result<std::string> name_in(std::string_view kind, std::string_view id);
/// (kind, name); none: no id of ours.
std::optional<std::pair<std::string, std::string>> parts_of_id(std::string_view id);

/// An argument or input member as text; "" when absent or null.
std::string text_in(const bj::object& o, std::string_view key);
std::optional<bool> flag_in(const bj::object& o, std::string_view key);
std::optional<std::int64_t> number_in(const bj::object& o, std::string_view key);
bool given(const bj::object& o, std::string_view key);  ///< present and not null
const bj::object& input_of(const call& c);              ///< the argument `input`

/// "entity", "project" of "entity/project".
std::pair<std::string, std::string> split_project(std::string_view path);

/// A run's id in the core is its name, unless another project had that name first.
run_id id_of_run(const core::state& s, std::string_view project, std::string_view name);
std::string name_of_run(const run_id& id);
/// The run of that name in that project, if the caller may see it; else null.
const core::run* find_run(const core::state& s, const http::principal& who, std::string_view project,
                          std::string_view name);
const core::sweep* find_sweep(const core::state& s, const http::principal& who, std::string_view project,
                              std::string_view name);

/// Submits commands one after the other; the first that is refused is the last.
asio::awaitable<result<void>> submit_each(call& c, std::vector<core::command> commands);

/// RFC 3339 without a fraction; null for none.
bj::value time_value(const std::optional<instant>& t);

/// The hidden members of a row: which run, sweep or project it shows.
run_id run_of(const call& c);
sweep_id sweep_of(const call& c);
std::string project_of(const call& c);

}  // namespace sweepd::wandb
