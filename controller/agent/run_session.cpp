#include "controller/agent/run_session.hpp"

#include "controller/agent/config_text.hpp"
#include "controller/agent/slurm.hpp"
#include "controller/core/diagnose.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>

namespace sweepd::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t facts_max = 20;  ///< the server takes no more
/// How long a killed run's final record waits for the scheduler's words, and how often they are looked for.
constexpr milliseconds scheduler_words_limit{3'000};
constexpr milliseconds scheduler_words_poll{50};

http::client_options client_of(const settings& conf) {
  http::client_options out;
  out.url = conf.url;
  out.api_key = conf.api_key;
  return out;
}

/// Ended by TERM or KILL; a shell says 128 + the signal when its own child was.
bool taken_away(const exit_status& s) {
  for (const int signal : {SIGTERM, SIGKILL})
    if (s.signal == signal || s.exit_code == 128 + signal) return true;
  return false;
}

std::string mebibytes(std::uint64_t kib) { return std::to_string(kib / 1024) + " MiB"; }

}  // namespace

run_session::run_session(session_env& env, spool s, std::string agent)
    : env_(env), spool_(std::move(s)), agent_(std::move(agent)), shipper_(spool_),
      api_(env.io, client_of(env.conf), env.link), wake_(env.io),
      backoff_(env.conf.time.retry_first, env.conf.time.retry_most) {}

bool run_session::owes_finish() const {
  const auto& r = spool_.record;
  return !r.finish_acked && r.refused.empty() && !kept_;
}

bool run_session::listed() const { return !agent_.empty() && (running() || owes_finish()); }

void run_session::say(const std::string& text) { env_.out.line("run " + spool_.record.run + " " + text); }

void run_session::save() {
  const auto saved = spool_.save();
  if (saved || disk_complained_) return;
  disk_complained_ = true;
  say("cannot be recorded on disk: " + to_string(saved.error()));
}

void run_session::add_fact(std::string source, std::string text) {
  auto& why = spool_.record.why;
  if (why.size() >= facts_max) return;
  clean_utf8(text, true);
  why.push_back(fact{std::move(source), text.substr(0, 1'000)});
}

asio::awaitable<void> run_session::execute(handout h) {
  const auto self = shared_from_this();  // lives as long as this coroutine
  begin(h);
  if (child_) start_watch();
  co_await deliver();
  if (spool_.record.finish_acked) co_await send_files();
}

/// Whatever goes wrong while its end is looked into, a run whose process is gone must end.
void run_session::start_watch() {
  const auto self = shared_from_this();
  asio::co_spawn(env_.io, watch(self), [self](const std::exception_ptr& e) {
    if (!e) return;
    self->say("ended; how, could not be found out");
    self->note_end(exit_status{});
    self->wake_.raise();
  });
}

void run_session::begin(const handout& h) {
  started_ = steady_now();
  oom_before_ = read_oom_counter();
  std::error_code ec;
  if (env_.job_log)
    if (const auto size = fs::file_size(*env_.job_log, ec); !ec) job_log_from_ = size;
  auto spec = prepare_run(env_.conf, env_.sweep, h, spool_);
  // The command itself was tried when joining: what is invalid now are this run's parameters.
  const bool configuration = !spec && spec.error().code == errc::invalid;
  if (!spec)
    return not_started(spec.error(), configuration ? core::configuration_source : "agent");
  auto sink = [weak = weak_from_this()](std::string_view bytes) {
    const auto self = weak.lock();
    if (!self) return;
    const auto kept = self->spool_.append_output(bytes);
    if (kept || self->disk_complained_) return;
    self->disk_complained_ = true;
    self->say("output is being lost: " + to_string(kept.error()));
  };
  auto child = child_process::start(env_.io, *spec, sink);
  if (!child) return not_started(child.error(), "agent");
  child_ = std::move(*child);
  shared_memory_ = ++env_.programs > 1;
  auto& r = spool_.record;
  r.pid = child_->pid();
  r.pid_started = process_start_ticks(child_->pid()).value_or(0);
  r.boot = boot_id();
  save();
  std::string params;
  for (const auto& [name, value] : plain_params(h.config)) {
    const std::string key(name);
    params += " " + key + "=" + (looks_secret(key) && value.is_string() ? "***" : python_str(value));
  }
  say("started: trial " + std::to_string(h.trial) +
      (h.attempt > 1 ? ", attempt " + std::to_string(h.attempt) : "") + ", pid " +
      std::to_string(child_->pid()) + (params.empty() ? "" : ":" + params.substr(0, 300)));
}

void run_session::not_started(const error& e, std::string_view source) {
  const auto text = "sweepd agent: " + e.message + (e.where.empty() ? "" : " (" + e.where + ")");
  if (const auto kept = spool_.append_output(text + "\n"); !kept) say(to_string(kept.error()));
  auto& r = spool_.record;
  r.ended = true;
  r.exit_code = e.code == errc::not_found ? 127 : 126;  // as shells do: not there, not runnable
  add_fact(std::string(source), e.message);
  ended_at_ = steady_now();
  save();
  say("could not be started: " + e.message);
}

asio::awaitable<void> run_session::watch(std::shared_ptr<run_session> self) {
  exit_status status;
  try {
    status = co_await child_->wait();
  } catch (const std::exception& e) {  // whatever happens here, the run must not be waited for for ever
    add_fact("agent", std::string("how it ended could not be seen: ") + e.what());
  }
  if (env_.job_log && (spool_.record.preempting || taken_away(status))) co_await await_scheduler();
  note_end(status);
  self->wake_.raise();
}

/// A scheduler that takes a job signals its programs and writes why into the job's log, in either order.
asio::awaitable<void> run_session::await_scheduler() {
  asio::steady_timer pause(env_.io);
  for (milliseconds waited{0}; waited < scheduler_words_limit; waited += scheduler_words_poll) {
    if (!scheduler_words(*env_.job_log, job_log_from_).empty()) co_return;
    pause.expires_after(scheduler_words_poll);
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void run_session::note_end(const exit_status& status) {
  auto& r = spool_.record;
  ended_at_ = steady_now();
  run_time_ = status.wall;
  r.exit_code = status.exit_code;
  r.signal = status.signal;
  shared_memory_ = shared_memory_ || env_.programs > 1;
  if (env_.programs > 0 && !agent_.empty()) --env_.programs;
  const bool good = status.exit_code == 0;
  if (!stopping_.empty()) add_fact("agent", stopping_);
  if (!good && env_.job_log)
    for (auto& words : scheduler_words(*env_.job_log, job_log_from_))
      add_fact(std::move(words.source), std::move(words.text));
  if (!good) note_memory_kills(status);
  if (status.signal && !limit_note(*status.signal).empty())
    add_fact("resource limit", limit_note(*status.signal));
  if (!status.output_lost.empty()) say("output was lost: " + status.output_lost);
  if (status.core_dumped) add_fact("exit status", "a core file was written");
  if (status.left_behind > 0)
    add_fact("process group", std::to_string(status.left_behind) +
                                  " processes that the program left behind were ended");
  if (!good && status.wall)
    add_fact("resource usage", "largest resident size " + mebibytes(status.max_rss_kib) + ", cpu " +
                                   spell(status.cpu_user) + " user, " + spell(status.cpu_system) +
                                   " system, ran " + spell(*status.wall));
  if (!good && !status.wall && !status.exit_code && !status.signal)
    add_fact("agent", "the agent that had started it died; the process is gone, nobody saw how it ended");
  r.ended = true;
  save();
}

/// The kernel counts out-of-memory kills for a control group, not for a process: a risen counter is
/// evidence against this run only when nobody else was in the group, or when it died as those kills do.
void run_session::note_memory_kills(const exit_status& status) {
  const auto after = read_oom_counter();
  if (!oom_before_ || !after || after->file != oom_before_->file) return;
  if (after->kills <= oom_before_->kills) return;
  const bool by_kill = status.signal == SIGKILL || status.exit_code == 128 + SIGKILL;
  if (shared_memory_ && !by_kill) return;
  add_fact("control group", "oom_kill rose from " + std::to_string(oom_before_->kills) + " to " +
                                std::to_string(after->kills) + " while it ran (" + after->file +
                                (shared_memory_ ? ", shared with other runs of this agent)" : ")"));
}

asio::awaitable<void> run_session::deliver_leftover() {
  const auto self = shared_from_this();
  auto& r = spool_.record;
  if (r.pid == 0 && !r.ended) {  // handed out, and its agent died before it could start anything
    r.refused = "its agent died before it was started";
    save();
    co_return;
  }
  if (!r.finish_acked) {
    synced_ = !r.start_acked;
    started_ = steady_now();
    if (!r.ended && r.boot == boot_id()) {
      auto child = child_process::adopt(env_.io, static_cast<pid_t>(r.pid), r.pid_started);
      if (child) child_ = std::move(*child);
    }
    if (child_) {
      say("of an earlier agent still runs, pid " + std::to_string(r.pid) + "; it is watched again");
      start_watch();
      if (!env_.conf.keep_orphans) stop(env_.conf.grace, "its agent had died");
    } else if (!r.ended) {
      note_end(exit_status{});
    }
    co_await deliver();
  }
  if (r.finish_acked) co_await send_files();
}

void run_session::stop(milliseconds grace, const std::string& why) {
  if (!running()) return;
  if (stopping_.empty()) {
    stopping_ = why;
    say("is being stopped: " + why);
  }
  child_->stop(grace);
}

void run_session::preempt(milliseconds grace, const std::string& why) {
  if (!running()) return;
  spool_.record.preempting = true;
  save();
  stop(grace, why);
  wake_.raise();
}

void run_session::kill() {
  if (running()) child_->kill();
}

void run_session::leaving(milliseconds limit) {
  if (!leave_limit_) leave_from_ = steady_now();
  leave_limit_ = limit;
  wake_.raise();
}

bool run_session::out_of_time() const {
  if (!leave_limit_ || !spool_.record.ended) return false;
  return steady_now() - std::max(leave_from_, ended_at_) >= *leave_limit_;
}

std::string run_session::end_text() const {
  const auto& r = spool_.record;
  std::string out = r.exit_code ? "exit " + std::to_string(*r.exit_code)
                    : r.signal  ? "killed by " + signal_name(*r.signal)
                                : "exit status unknown";
  if (run_time_) out += " after " + spell(*run_time_);
  return out;
}

}  // namespace sweepd::agent
