#include "controller/hooks/follower.hpp"

#include "controller/base/json_text.hpp"
#include "controller/hooks/address_rule.hpp"
#include "controller/http/client.hpp"
#include "controller/http/log.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <set>

namespace sweepd::hooks {
namespace {

constexpr std::size_t log_page = 500;
constexpr std::size_t items_max = 100;
constexpr std::size_t answer_bytes_max = 64 * 1024;
constexpr milliseconds look_every{60'000};
/// Progress over events that are somebody else's is stored this seldom: reading them again costs little.
constexpr std::uint64_t quiet_events_max = 10'000;

template <class F>
asio::awaitable<std::invoke_result_t<F&>> call_it(F f) {
  co_return f();
}

std::string words(const service::delivery& d) {
  return d.taken ? std::string() : d.status != 0 ? "answered " + std::to_string(d.status) : d.message;
}

}  // namespace

follower::follower(const surroundings& around, core::webhook hook)
    : around_(around),
      hook_(std::move(hook)),
      read_to_(hook_.told_to),
      stored_to_(hook_.told_to),
      timer_(around.io) {}

void follower::start(std::function<void()> ended) {
  auto self = shared_from_this();
  asio::co_spawn(around_.io, live(),
                 asio::bind_cancellation_slot(cancel_.slot(), [self, ended](std::exception_ptr) { ended(); }));
}

void follower::stop() {
  stopped_ = true;
  timer_.cancel();
  cancel_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> follower::pause(milliseconds how_long) {
  if (stopped_) co_return;
  boost::system::error_code ec;
  timer_.expires_after(how_long);
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

/// follow(), again after whatever went wrong within us.
asio::awaitable<void> follower::live() {
  while (!stopped_) {
    std::string what = "ended";
    try {
      co_await follow();
    } catch (const std::exception& e) {
      what = e.what();
    }
    if (stopped_) co_return;
    hook_.last_error = "an internal error; it goes on in a while";
    http::log::line(http::log::level::error, "a webhook was left", {{"webhook", hook_.id.value}, {"error", what}});
    co_await pause(around_.opts.retry_max);
  }
}

asio::awaitable<void> follower::follow() {
  while (!stopped_) {
    const auto newest = co_await around_.controller.wait_events(read_to_, look_every);
    if (stopped_) co_return;
    // While the server drains, waiting ends at once and with nothing new.
    if (newest <= read_to_) {
      co_await pause(around_.opts.retry_first);
      continue;
    }
    auto items = co_await next();
    if (!items) {
      hook_.last_error = items.error().message;
      co_await pause(around_.opts.retry_first);
      continue;
    }
    if (items->empty()) {
      if (read_to_ - stored_to_ >= quiet_events_max) co_await store();
      continue;
    }
    message m;
    m.items = std::move(*items);
    m.delivery = hook_.id.value + "-" + std::to_string(m.items.front().event.seq);
    co_await deliver(std::move(m));
    co_await pause(hook_.shape == core::webhook_shape::slack ? around_.opts.slack_pace : around_.opts.pace);
  }
}

bool follower::wants(std::string_view kind) const {
  if (kind.empty()) return false;
  return hook_.kinds.empty() || std::find(hook_.kinds.begin(), hook_.kinds.end(), kind) != hook_.kinds.end();
}

asio::awaitable<result<std::vector<item>>> follower::next() {
  core::event_filter f;
  f.after = read_to_;
  if (!hook_.sweep.empty()) f.sweep = hook_.sweep;
  f.limit = log_page;
  const auto newest = around_.controller.stats().durable_seq;
  auto load = [&reader = around_.reader, f] { return reader.events(f); };
  auto task = call_it(std::move(load));
  // Not to be cancelled: a cancellation that meets the pool's thread before the task has begun is thrown there,
  // where nobody catches it, and ends the process (seen with Asio of Boost 1.81).
  auto whole = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  auto reading = asio::co_spawn(around_.blocking, std::move(task), std::move(whole));
  SWEEPD_CO_TRY(auto rows, co_await std::move(reading));
  const bool all = rows.size() < log_page;
  std::vector<item> out;
  for (auto& e : rows) {
    if (out.size() == items_max) co_return out;
    read_to_ = e.seq;
    auto body = json::parse(e.body);
    if (!body || !body->is_object()) continue;
    const auto kind = kind_of(e.type, body->get_object());
    if (wants(kind)) out.push_back({kind, std::move(e), std::move(body->get_object())});
  }
  if (all) read_to_ = std::max(read_to_, newest);
  co_return out;
}

/// Leaves out what is of other projects.
asio::awaitable<result<void>> follower::name_sweeps(message& m) {
  std::set<std::string> ids;
  for (const auto& i : m.items) ids.insert(i.event.sweep);
  std::function<sweep_names(const core::state&, moment)> look = [ids](const core::state& s, moment) {
    sweep_names found;
    for (const auto& id : ids)
      if (const auto it = s.sweeps.find(sweep_id{id}); it != s.sweeps.end())
        found[id] = {it->second.spec.name, it->second.project};
    return found;
  };
  SWEEPD_CO_TRY(m.sweeps, co_await service::read_state<sweep_names>(around_.controller, std::move(look)));
  if (hook_.project == "*") co_return result<void>{};
  std::erase_if(m.items, [&](const item& i) {
    const auto found = m.sweeps.find(i.event.sweep);
    return found == m.sweeps.end() || found->second.project != hook_.project;
  });
  co_return result<void>{};
}

asio::awaitable<void> follower::deliver(message m) {
  auto named = co_await name_sweeps(m);
  while (!named && !stopped_) {  // a full disk, say
    co_await pause(around_.opts.retry_first);
    named = co_await name_sweeps(m);
  }
  if (m.items.empty()) co_return;
  auto wait = around_.opts.retry_first;
  for (int tries = 1; !stopped_; ++tries) {
    const auto done = co_await try_once(m);
    if (stopped_) co_return;
    hook_.last_error = words(done);
    hook_.last_try = around_.clock.now();
    const bool over = tries >= around_.opts.tries_max;
    if (done.taken || over) {
      ++(done.taken ? hook_.delivered : hook_.given_up);
      if (!done.taken)
        http::log::line(http::log::level::warn, "a webhook's delivery is given up",
                        {{"webhook", hook_.id.value}, {"tries", std::to_string(tries)}, {"error", hook_.last_error}});
      co_await store();
      co_return;
    }
    co_await pause(wait);
    wait = std::min(2 * wait, around_.opts.retry_max);
  }
}

asio::awaitable<service::delivery> follower::try_once(message m) {
  service::delivery out;
  const auto where = target_of(hook_.url);
  if (!where) {
    out.message = where.error().message;
    co_return out;
  }
  m.base_url = around_.opts.base_url;
  m.now = around_.clock.now();
  auto body = body_of(hook_, m, around_.opts.view);
  std::map<std::string, std::string> headers;
  headers["Sweepd-Webhook"] = hook_.id.value;
  headers["Sweepd-Delivery"] = m.delivery;
  headers["Sweepd-Signature"] = signature(hook_.secret, body, m.now);
  http::client_options opts;
  opts.url = where->origin;
  opts.timeout = around_.opts.timeout;
  opts.body_bytes_max = answer_bytes_max;
  if (!around_.opts.allow_private) opts.may_reach = is_public;
  http::client client(around_.io, std::move(opts));
  const auto began = around_.clock.steady();
  std::string method = "POST", type = "application/json", path = where->path;
  auto sending = client.send(std::move(method), std::move(path), std::move(body), std::move(type),
                             std::move(headers), around_.opts.timeout);
  const auto answer = co_await std::move(sending);
  out.took = around_.clock.steady() - began;
  if (!answer) {
    out.message = answer.error().message;
    co_return out;
  }
  out.status = answer->status;
  out.taken = answer->status / 100 == 2;
  if (!out.taken) out.message = "answered " + std::to_string(answer->status);
  co_return out;
}

asio::awaitable<service::delivery> follower::test() {
  message m;
  m.delivery = hook_.id.value + "-test-" + service::fresh_id();
  auto out = co_await try_once(std::move(m));
  hook_.last_error = words(out);
  hook_.last_try = around_.clock.now();
  co_return out;
}

/// What cannot be stored now (the server drains, the disk is full) is told again after a restart.
asio::awaitable<void> follower::store() {
  hook_.told_to = read_to_;
  core::cmd::change_webhook c;
  c.hook = hook_;
  c.verb = core::cmd::webhook_verb::told;
  core::command command = std::move(c);
  service::caller who;
  const auto done = co_await around_.controller.submit(std::move(command), std::move(who));
  if (done) stored_to_ = read_to_;
}

}  // namespace sweepd::hooks
