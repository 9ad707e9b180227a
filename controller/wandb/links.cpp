#include "controller/wandb/links.hpp"

namespace sweepd::wandb {
namespace {

constexpr std::chrono::hours link_life{24};

}  // namespace

std::string link_maker::operator()(access what, const run_id& run, const std::string& file) const {
  return origin + link_of(ticket{what, run, file, key_id, until}, secret);
}

std::string link_maker::artifact_file(access what, const std::string& project, const std::string& md5) const {
  const ticket t{what, core::artifact_files_of(project), md5, key_id, until};
  return origin + "/storage/artifacts/" + project + "/" + md5 + query_of(t, secret);
}

asio::awaitable<result<link_maker>> links_for(environment& env) {
  const auto now = env.svc.clock.now();
  auto look = [id = env.ctx.who.key_id, now](const core::state& s, moment) -> result<std::string> {
    auto secret = secret_of(s, id, now);
    if (!secret) return fail(errc::unauthorized, "this key is not valid");
    return std::move(*secret);
  };
  SWEEPD_CO_TRY(auto secret, co_await view(env.svc, std::move(look)));
  co_return link_maker{env.ctx.req.origin, env.ctx.who.key_id, std::move(secret), now + link_life};
}

}  // namespace sweepd::wandb
