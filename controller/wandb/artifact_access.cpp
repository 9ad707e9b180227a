#include "controller/wandb/artifact_access.hpp"

#include "controller/wandb/artifact_rows.hpp"

namespace sweepd::wandb {

result<void> check_artifact_name(std::string_view name, const std::string& where) {
  if (name.empty() || name.find_first_of("/:") != std::string_view::npos)
    return fail(errc::invalid, "must not be empty or contain '/' or ':'", where);
  return http::check_text(name, http::name_bytes_max, where);
}

result<const core::artifact*> seen_artifact(const core::state& s, const environment& env, const std::string& id) {
  SWEEPD_TRY(const auto name, name_in("Artifact", id));
  const auto* a = s.artifacts.find(artifact_id{name});
  if (a == nullptr || a->state == core::artifact_state::deleted || !env.ctx.who.sees(a->project))
    return fail(errc::not_found, "there is no artifact '" + name + "'");
  return a;
}

asio::awaitable<result<core::artifact>> the_artifact(call& c, std::string id) {
  auto look = [&](const core::state& s, moment) -> result<core::artifact> {
    SWEEPD_TRY(const auto* a, seen_artifact(s, c.env, id));
    return *a;
  };
  co_return co_await view(c.env.svc, std::move(look));
}

resolved answer_with(call& c, artifact_id id) {
  auto look = [id](const core::state& s, moment) { return artifact_row(*s.artifacts.find(id)); };
  SWEEPD_CO_TRY(auto row, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(bj::object{{"artifact", std::move(row)}});
}

resolved submit_change(call& c, artifact_id id, core::command command) {
  auto told = co_await http::submit<core::answer::done>(c.env.ctx, c.env.svc, std::move(command));
  if (!told) co_return failed(told);
  co_return co_await answer_with(c, id);
}

}  // namespace sweepd::wandb
