// What the handlers of every edge are made of: look at the state on its strand, submit one command, do
// what may block elsewhere; and what a text from outside must be like to be shown.
//
// Authorisation by role is the router's; by object it is here: a thing of another project does not
// exist for the caller.
#pragma once

#include "controller/http/router.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sweepd::http {

/// `return failed(r);` : the error of one result as the error of another.
template <class T>
[[nodiscard]] tl::unexpected<error> failed(result<T>& r) {
  return tl::unexpected<error>(std::move(r).error());
}

/// result<T> of a T, and of a result<T>.
template <class T>
struct as_result {
  using type = result<T>;
};
template <class T>
struct as_result<result<T>> {
  using type = result<T>;
};
template <class F>
using viewed = typename as_result<std::invoke_result_t<F&, const core::state&, moment>>::type;

using look_function = std::function<void(const core::state&, moment)>;

/// Calls `f` by one of the controller's ways to look. An exception of `f` is the caller's.
template <class F>
asio::awaitable<viewed<F>> look_by(services& svc,
                                   asio::awaitable<result<void>> (service::controller::*way)(look_function), F f) {
  std::optional<viewed<F>> out;
  std::exception_ptr thrown;
  look_function look = [&](const core::state& s, moment now) {
    try {
      out.emplace(f(s, now));
    } catch (...) {
      thrown = std::current_exception();
    }
  };
  auto done = co_await (svc.controller.*way)(std::move(look));
  if (!done) co_return failed(done);
  if (thrown) std::rethrow_exception(thrown);
  co_return std::move(*out);
}

/// Looks at the state on its strand; what `f` returns must be a value, never a reference into it. Errors:
/// those of `f`, and disk_full or unavailable when what it saw cannot be made durable.
template <class F>
asio::awaitable<viewed<F>> view(services& svc, F f) {
  return look_by(svc, &service::controller::try_read, std::move(f));
}

/// The same before a command, which waits for the disk itself: what is found is not waited for and must not be
/// told. Only an error of `f` is looked at again, and that waits: "there is no such thing" ends an agent.
template <class F>
asio::awaitable<viewed<F>> view_before(services& svc, F f) {
  auto out = co_await look_by(svc, &service::controller::glance, f);
  if (!out) out = co_await view(svc, std::move(f));
  co_return out;
}

template <class F>
asio::awaitable<std::invoke_result_t<F&>> call_it(F f) {
  co_return f();
}

/// Runs `f` on the pool for calls that may block on the disk. Its result must have a default.
template <class F>
asio::awaitable<std::invoke_result_t<F&>> off_strand(services& svc, F f) {
  auto task = call_it<F>(std::move(f));
  co_return co_await asio::co_spawn(svc.blocking, std::move(task), asio::use_awaitable);
}

/// Submits one command under the caller's name and Idempotency-Key; the answer must be a T.
template <class T>
asio::awaitable<result<T>> submit(request_context& ctx, services& svc, core::command command) {
  auto who = ctx.caller();
  auto r = co_await svc.controller.submit(std::move(command), std::move(who));
  if (!r) co_return failed(r);
  if (auto* told = std::get_if<T>(&*r)) co_return std::move(*told);
  co_return fail(errc::conflict, "the Idempotency-Key was used for another kind of request");
}

/// The thing, if the caller may know of it; otherwise not_found.
result<const core::sweep*> seen(const core::state& s, const principal& who,
                                const sweep_id& id);
result<const core::run*> seen(const core::state& s, const principal& who, const run_id& id);
result<const core::agent*> seen(const core::state& s, const principal& who,
                                const agent_id& id);

/// Is this key still let in: there, not revoked, not expired; local_key_id: while there is no key.
bool let_in(const core::state& s, std::string_view key_id, instant now);

/// The project of a sweep, for visibility; "" when there is no such sweep.
std::string_view project_of(const core::state& s, const sweep_id& id);

/// seen(), as a check before a command: does not wait for the disk, the command does. Costs nothing for
/// callers who see every project.
template <class Id>
asio::awaitable<result<void>> must_see(request_context& ctx, services& svc, Id id) {
  if (ctx.who.project == "*") co_return result<void>{};
  auto look = [who = ctx.who, id](const core::state& s, moment) -> result<void> {
    auto found = seen(s, who, id);
    if (!found) return failed(found);
    return {};
  };
  co_return co_await view_before(svc, std::move(look));
}

inline constexpr std::size_t name_bytes_max = 128;

/// A text from outside that will be shown: at most `bytes_max`, no control characters (line breaks and
/// tabs if `lines`), no bidirectional overrides. `where` is its JSON path.
result<void> check_text(std::string_view text, std::size_t bytes_max, std::string where,
                        bool lines = false);
}  // namespace sweepd::http
