#include "controller/agent/agent_loop.hpp"

#include "controller/agent/slurm.hpp"

#include <boost/asio/co_spawn.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <random>

namespace sweepd::agent {
namespace {

constexpr milliseconds long_wait{3'600'000};
constexpr milliseconds quick_answer{1'000};

http::client_options client_of(const settings& conf) {
  http::client_options out;
  out.url = conf.url;
  out.api_key = conf.api_key;
  return out;
}

/// 128 random bits in hex: a claim's or a join's name for itself.
std::string fresh_request_id() {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::random_device source;
  std::string out;
  for (int i = 0; i < 4; ++i) {
    auto bits = source();
    for (int n = 0; n < 8; ++n, bits >>= 4) out += digits[bits & 15u];
  }
  return out;
}

std::string plural(std::uint64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

}  // namespace

agent_loop::agent_loop(asio::any_io_executor io, settings conf, console& out)
    : io_(io), conf_(std::move(conf)), out_(out), link_(out),
      env_{io, conf_, out, link_, {}, std::nullopt, 0}, control_(io, client_of(conf_), link_),
      beat_api_(io, client_of(conf_), link_), main_wake_(io), work_wake_(io), beat_wake_(io),
      patience_(io) {}

bool agent_loop::over() const { return signals_ > 0 || !over_why_.empty(); }

void agent_loop::finish(std::string why) {
  if (!over_why_.empty()) return;
  over_why_ = std::move(why);
  out_.line("no more runs: " + over_why_);
  work_wake_.raise();
  main_wake_.raise();
}

void agent_loop::give_up(const error& e) {
  exit_code_ = exit_code(e.code);
  auto text = to_string(e);
  if (key_refused(e.code))
    text += "; give a key with --api-key-file or SWEEPD_API_KEY (role agent or higher)";
  if (e.code == errc::not_found) text += " (server " + conf_.url + ")";
  finish(text);
}

std::vector<std::string> agent_loop::listed(bool ours_only) const {
  std::vector<std::string> out;
  for (const auto& s : sessions_)
    if (s->listed() && (!ours_only || s->agent() == agent_id_)) out.push_back(s->record().run);
  return out;
}

std::size_t agent_loop::slots_used() const { return listed(false).size(); }

asio::awaitable<int> agent_loop::run() {
  const auto self = shared_from_this();
  asio::co_spawn(io_, work(self), [self](const std::exception_ptr& e) {
    self->work_done_ = true;
    if (e) self->give_up(error{errc::internal, "the agent's own work failed: " + words_of(e), {}});
    self->main_wake_.raise();
  });
  while (!((work_done_ || over()) && sessions_.empty())) co_await main_wake_.wait_for(long_wait);
  co_await leave();
  out_.line(summary());
  if (undelivered_ > 0 && exit_code_ == 0) exit_code_ = exit_code(errc::unavailable);
  if (signal_name_ == "SIGINT" && exit_code_ == 0) exit_code_ = 130;
  co_return exit_code_;
}

asio::awaitable<void> agent_loop::work(std::shared_ptr<agent_loop> self) {
  if (conf_.slurm_job) env_.job_log = co_await find_slurm_log(io_, *conf_.slurm_job, conf_.workdir);
  co_await deliver_leftovers();
  if (over()) co_return;
  const bool in = co_await join();
  if (!in) co_return;
  say_joined();
  if (const auto allowed = check_command(conf_, env_.sweep); !allowed) {
    give_up(allowed.error());
    co_return;
  }
  beating_ = true;
  asio::co_spawn(io_, beat_loop(self), [self](const std::exception_ptr& e) {
    if (e) self->give_up(error{errc::internal, "the agent's heartbeats failed: " + words_of(e), {}});
  });
  co_await claim_loop();
}

asio::awaitable<void> agent_loop::deliver_leftovers() {
  std::vector<std::string> complaints;
  const auto dirs = unfinished_spools(conf_.spool_root(), complaints);
  for (const auto& text : complaints) out_.line("left as it is: " + text);
  for (const auto& dir : dirs) {
    auto found = spool::open(dir);
    if (!found) {
      if (found.error().code != errc::busy) out_.line("left as it is: " + to_string(found.error()));
      continue;
    }
    if (found->record.url != conf_.url) {
      out_.line("run " + found->record.run + " belongs to " + found->record.url + "; left as it is");
      continue;
    }
    out_.line("run " + found->record.run + " was left by an earlier agent: delivering it");
    auto session = std::make_shared<run_session>(env_, std::move(*found), "");
    leftovers_.push_back(session);
    launch(session, session->deliver_leftover(), true);
  }
  // A program that still runs is shipped on the side; what has ended goes first.
  const auto waiting = [this] {
    return std::any_of(leftovers_.begin(), leftovers_.end(),
                       [](const auto& s) { return !s->running() && s->owes_finish(); });
  };
  while (waiting() && !over()) co_await work_wake_.wait_for(conf_.time.batch);
}

asio::awaitable<bool> agent_loop::join() {
  backoff delay(conf_.time.retry_first, conf_.time.retry_most);
  const auto nonce = fresh_request_id();
  while (!over()) {
    auto sweep = conf_.sweep;
    auto name = conf_.name;
    auto host = conf_.host;
    auto key = nonce;
    auto answer = co_await control_.join(std::move(sweep), std::move(name), std::move(host),
                                         static_cast<std::int64_t>(::getpid()), std::move(key));
    if (answer) {
      env_.sweep = std::move(*answer);
      agent_id_ = env_.sweep.agent;
      co_return true;
    }
    if (!passes(answer.error().code)) {
      give_up(answer.error());
      co_return false;
    }
    co_await work_wake_.wait_for(delay.next());
  }
  co_return false;
}

/// The server does not know us any more (its database was restored, perhaps).
asio::awaitable<bool> agent_loop::rejoin() {
  rejoin_wanted_ = false;
  out_.line("the server does not know this agent any more: joining again");
  const bool in = co_await join();
  if (in) say_joined();
  co_return in;
}

void agent_loop::say_joined() {
  const auto& sweep = env_.sweep;
  out_.line("joined sweep " + conf_.sweep + " as agent " + agent_id_ + " (" + conf_.name + ")" +
            (sweep.method.empty() ? "" : ": " + sweep.method) +
            (sweep.size ? ", " + plural(*sweep.size, "configuration") : "") + ", up to " +
            plural(conf_.jobs, "run") + " at once");
}

asio::awaitable<void> agent_loop::claim_loop() {
  backoff delay(conf_.time.retry_first, conf_.time.retry_most);
  auto request_id = fresh_request_id();
  while (!over()) {
    if (conf_.count && taken_ >= *conf_.count) {
      finish("--count " + std::to_string(*conf_.count) + " is reached");
      break;
    }
    if (rejoin_wanted_) {
      const bool in = co_await rejoin();
      if (!in) break;
    }
    if (slots_used() >= conf_.jobs) {
      co_await work_wake_.wait_for(long_wait);
      continue;
    }
    const auto asked_at = steady_now();
    auto sweep = conf_.sweep;
    auto agent = agent_id_;
    auto request = request_id;
    auto knows = listed(false);
    const auto wait = conf_.poll ? milliseconds{0} : conf_.time.claim_wait;
    auto answer = co_await control_.claim(std::move(sweep), std::move(agent), std::move(request),
                                          std::move(knows), wait);
    if (over()) break;  // a run that comes now is not started; leaving tells the server so
    if (!answer) {
      const auto code = answer.error().code;
      if (code == errc::not_found || code == errc::conflict) {
        rejoin_wanted_ = true;
      } else if (!passes(code)) {
        give_up(answer.error());
        break;
      }
      co_await work_wake_.wait_for(delay.next());  // then the same request again
      continue;
    }
    delay.reset();
    request_id = fresh_request_id();
    const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - asked_at);
    if (answer->what == claim_answer::kind::over) {
      finish(answer->reason.empty() ? "the sweep is over" : answer->reason);
    } else if (answer->what == claim_answer::kind::run) {
      last_wait_.clear();
      take(answer->run);
    } else {
      auto waiting = std::move(*answer);
      co_await wait_for_hand_out(std::move(waiting), took);
    }
  }
}

asio::awaitable<void> agent_loop::wait_for_hand_out(claim_answer answer, milliseconds took) {
  if (answer.code != last_wait_) {
    last_wait_ = answer.code;
    out_.line("waiting: " + (answer.reason.empty() ? answer.code : answer.reason));
  }
  if (took >= quick_answer) co_return;  // the server has waited with us
  const auto hint = answer.retry_in.value_or(conf_.time.idle_claim);
  co_await work_wake_.wait_for(std::clamp(hint, std::min(quick_answer, conf_.time.idle_claim),
                                          std::max(conf_.time.claim_wait, conf_.time.idle_claim)));
}

void agent_loop::take(const handout& h) {
  const auto known = listed(false);
  if (std::find(known.begin(), known.end(), h.run) != known.end()) return;  // a repeated answer
  spool_record record;
  record.url = conf_.url;
  record.sweep = conf_.sweep;
  record.run = h.run;
  record.trial = h.trial;
  record.attempt = h.attempt;
  record.epoch = h.epoch;
  record.host = conf_.host;
  auto made = spool::create(conf_.spool_root(), std::move(record));
  if (!made) {
    give_up(made.error());  // nothing can be kept here: better to leave than to burn through the sweep
    return;
  }
  ++taken_;
  show_command(h, *made);
  auto session = std::make_shared<run_session>(env_, std::move(*made), agent_id_);
  launch(session, session->execute(h), false);
}

void agent_loop::show_command(const handout& h, const spool& s) {
  if (std::exchange(command_shown_, true)) return;
  const auto command = command_for(conf_, env_.sweep, h.config, (s.dir() / "args.json").string());
  if (command) out_.line("the first command is: " + display_command(command->argv));
}

void agent_loop::launch(std::shared_ptr<run_session> session, asio::awaitable<void> work,
                        bool leftover) {
  sessions_.push_back(session);
  if (signals_ > 0) session->leaving(conf_.grace);
  asio::co_spawn(io_, std::move(work),
                 [self = shared_from_this(), session, leftover](const std::exception_ptr& e) {
                   if (e) self->out_.line("run " + session->record().run + " failed inside the agent: " + words_of(e));
                   self->ended(session, leftover);
                 });
}

void agent_loop::ended(const std::shared_ptr<run_session>& session, bool leftover) {
  std::erase(sessions_, session);
  std::erase(leftovers_, session);
  const auto& r = session->record();
  if (!r.finish_acked && r.refused.empty())
    ++undelivered_;
  else if (!leftover)
    ++tally_[r.refused.empty() ? r.state : "lost"];
  work_wake_.raise();
  main_wake_.raise();
}

asio::awaitable<void> agent_loop::beat_loop(std::shared_ptr<agent_loop> self) {
  while (self->beating_) {
    auto agent = agent_id_;
    auto alive = listed(true);
    const auto answer = co_await beat_api_.beat(std::move(agent), std::move(alive));
    if (answer) {
      obey(*answer);
    } else if (answer.error().code == errc::not_found && !over()) {
      rejoin_wanted_ = true;
      work_wake_.raise();
    } else if (key_refused(answer.error().code) && !over()) {
      give_up(answer.error());
    }
    co_await beat_wake_.wait_for(env_.sweep.heartbeat_every);
  }
}

void agent_loop::obey(const beat_answer& answer) {
  for (const auto& run : answer.stop)
    for (const auto& s : sessions_)
      if (s->record().run == run && s->agent() == agent_id_)
        s->stop(conf_.grace, "the server asks for it" +
                                 (answer.reason.empty() ? std::string() : ": " + answer.reason));
  if (answer.exit) finish(answer.reason.empty() ? "the sweep is over" : answer.reason);
}

asio::awaitable<void> agent_loop::leave() {
  beating_ = false;
  patience_.cancel();
  if (agent_id_.empty()) co_return;
  auto agent = agent_id_;
  auto why = signal_name_.empty() ? over_why_ : signal_name_;
  // A connection of its own: the heartbeat's may be in the middle of an exchange.
  server_api goodbye(io_, client_of(conf_), link_);
  co_await goodbye.leave(std::move(agent), std::move(why));  // unheard, the server finds out by itself
}

void agent_loop::on_signal(int signal) {
  ++signals_;
  if (signals_ == 1) {
    first_signal(signal);
  } else if (signals_ == 2) {
    out_.line("again: programs are ended now");
    for (const auto& s : sessions_) {
      s->leaving(conf_.time.impatient_grace);
      s->stop(conf_.time.impatient_grace, "the agent was told twice to leave");
    }
  } else {
    out_.line("again: programs are killed");
    for (const auto& s : sessions_) {
      s->kill();
      s->leaving(milliseconds{0});
    }
  }
  work_wake_.raise();
  main_wake_.raise();
}

void agent_loop::first_signal(int signal) {
  signal_name_ = agent::signal_name(signal);
  const auto running = static_cast<std::uint64_t>(
      std::count_if(sessions_.begin(), sessions_.end(), [](const auto& s) { return s->running(); }));
  for (const auto& s : sessions_) s->leaving(conf_.grace);
  const bool preempted = signal == SIGTERM && (conf_.preemptible || conf_.slurm_job);
  if (running == 0) {
    out_.line(signal_name_ + ": leaving");
    return;
  }
  if (preempted) {
    const auto grace = std::min(conf_.grace, conf_.time.preempt_grace_max);
    const auto why = conf_.slurm_job ? "SIGTERM came to the agent in Slurm job " + *conf_.slurm_job
                                     : std::string("SIGTERM came to the agent (--preemptible)");
    out_.line(signal_name_ + ": taken as preemption; " + plural(running, "program") + " told to end within " +
              to_string(grace));
    for (const auto& s : sessions_) s->agent().empty() ? s->stop(grace, why) : s->preempt(grace, why);
    return;
  }
  out_.line(signal_name_ + ": no new runs; " + plural(running, "program") + " may end within " +
            to_string(conf_.grace) + " (send it again to end them now)");
  patience_.expires_after(conf_.grace);
  patience_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
    const auto self = weak.lock();
    if (ec || !self) return;
    for (const auto& s : self->sessions_)
      s->stop(self->conf_.grace, "the agent was told to leave by " + self->signal_name_);
  });
}

std::string agent_loop::summary() const {
  std::uint64_t runs = undelivered_;
  for (const auto& [state, n] : tally_) runs += n;
  std::string out = plural(runs, "run");
  static constexpr std::array order{"finished", "failed", "crashed", "killed", "preempted"};
  auto rest = tally_;
  for (const std::string state : order) {
    const auto n = rest.contains(state) ? rest.at(state) : 0;
    if (n > 0 || state == "finished") out += ", " + std::to_string(n) + " " + state;
    rest.erase(state);
  }
  for (const auto& [state, n] : rest)
    out += ", " + std::to_string(n) + " " + (state.empty() ? "ended" : state);
  if (undelivered_ > 0) out += ", " + std::to_string(undelivered_) + " not delivered";
  return out;
}

}  // namespace sweepd::agent
