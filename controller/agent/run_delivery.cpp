// The second half of run_session: everything it sends, in which order, and what it does when the server
// is away, refuses, or has given the run to somebody else.
#include "controller/agent/run_files.hpp"
#include "controller/agent/run_session.hpp"

#include <cstdlib>

namespace sweepd::agent {
namespace {

namespace fs = std::filesystem;

/// A report of this size was probably cut short: more is waiting.
constexpr std::size_t backlog_bytes = 128 * 1024;
constexpr std::size_t backlog_lines = 500;

fs::path wandb_root(const settings& conf) {
  const char* dir = std::getenv("WANDB_DIR");
  return dir != nullptr && *dir != '\0' ? fs::path(dir) : conf.workdir;
}

}  // namespace

run_session::step run_session::next_step() {
  auto& r = spool_.record;
  if (r.finish_acked || kept_) return step::over;
  if (!r.refused.empty()) return running() || !r.ended ? step::idle : step::over;
  if (!r.start_acked) return step::start;
  if (r.preempting && !preempting_acked_) return step::preempting;
  report_ = report{};
  if (!synced_) return step::report;  // empty: only to be told where the server stands
  report_ = shipper_.next(r.ended);
  if (!report_.empty()) return step::report;
  if (r.ended) return step::finish;
  return steady_now() - last_report_ >= env_.sweep.run_heartbeat_every ? step::report : step::idle;
}

asio::awaitable<result<told>> run_session::perform(step what) {
  auto record = spool_.record;
  switch (what) {
    case step::start: co_return co_await api_.start(std::move(record));
    case step::preempting: co_return co_await api_.preempting(std::move(record));
    case step::finish: co_return co_await api_.finish(std::move(record));
    default: break;
  }
  last_report_ = steady_now();
  auto what_to_send = report_;
  co_return co_await api_.send(std::move(record), std::move(what_to_send));
}

void run_session::absorb(step what, const told& answer) {
  auto& r = spool_.record;
  if (what == step::start) {
    shipper_.set_bases(answer);
    r.start_acked = true;
    save();
  } else if (what == step::preempting) {
    preempting_acked_ = true;
  } else if (what == step::report) {
    if (!synced_) shipper_.forget();
    shipper_.taken(answer);
    synced_ = true;
    for (const auto& text : shipper_.complaints()) say("metrics: " + text);
  } else {
    r.finish_acked = true;
    r.state = answer.state;
    save();
    say((answer.state.empty() ? "ended" : answer.state) + ": " + end_text());
  }
  if (answer.stop && stopping_.empty())
    stop(env_.conf.grace, "the server asks for it" +
                              (answer.reason.empty() ? std::string() : ": " + answer.reason));
}

void run_session::lose(const std::string& why) {
  spool_.record.refused = why;
  save();
  say("is no longer ours: " + why);
  stop(env_.conf.grace, why);
}

std::optional<milliseconds> run_session::on_error(step what, const error& e) {
  const bool ended = spool_.record.ended;
  if (passes(e.code)) return out_of_time() ? std::nullopt : std::optional(backoff_.next());
  if (key_refused(e.code)) {
    if (!key_complained_) say("is refused for want of a key: " + to_string(e));
    key_complained_ = true;
    // A program is not thrown away for a key that may be put right; its end is kept on disk.
    return ended ? std::nullopt : std::optional(env_.conf.time.retry_most);
  }
  const bool with_data = what == step::report && synced_;
  if (e.code == errc::conflict && with_data && e.where != "/epoch") {
    synced_ = false;  // it stands elsewhere than we thought: ask
    return milliseconds{0};
  }
  if (e.code == errc::conflict || e.code == errc::not_found) {
    lose(to_string(e));
    return milliseconds{0};
  }
  if (with_data && !report_.empty()) {  // invalid or too large
    shipper_.refused(e.message);
    for (const auto& text : shipper_.complaints()) say("metrics: " + text);
    return milliseconds{0};
  }
  if (what == step::finish && !evidence_dropped_) {
    evidence_dropped_ = true;
    spool_.record.why.clear();
    return milliseconds{0};
  }
  say("cannot be reported: " + to_string(e));
  return ended ? std::nullopt : std::optional(env_.conf.time.retry_most);
}

asio::awaitable<void> run_session::deliver() {
  for (;;) {
    const auto what = next_step();
    if (what == step::over) co_return;
    if (what == step::idle) {
      co_await wake_.wait_for(env_.conf.time.batch);
      continue;
    }
    const auto answer = co_await perform(what);
    if (answer) {
      backoff_.reset();
      absorb(what, *answer);
      // Output that trickles is gathered for a moment; a backlog or an end goes out at once.
      const bool backlog = report_.log.size() >= backlog_bytes || report_.history.size() >= backlog_lines;
      const bool gather = what == step::report && !backlog && !spool_.record.ended;
      if (gather) co_await wake_.wait_for(env_.conf.time.batch);
      continue;
    }
    const auto delay = on_error(what, answer.error());
    if (!delay) {
      kept_ = true;
      say("ended (" + end_text() + ") but could not be delivered; it is kept in " +
          spool_.dir().string() + " and goes out when an agent runs here again");
      co_return;
    }
    if (*delay > milliseconds{0}) co_await wake_.wait_for(*delay);
  }
}

asio::awaitable<bool> run_session::send_file(std::string name, fs::path path) {
  for (;;) {
    auto bytes = bytes_to_send(path);
    if (!bytes) {
      say("file " + name + ": " + to_string(bytes.error()));
      co_return true;
    }
    auto record = spool_.record;
    auto name_to_send = name;
    const auto sent = co_await api_.put_file(std::move(record), std::move(name_to_send), std::move(*bytes));
    if (sent) co_return true;
    if (!passes(sent.error().code)) {
      say("file " + name + " was not taken: " + to_string(sent.error()));
      co_return true;
    }
    if (out_of_time()) co_return false;
    co_await wake_.wait_for(backoff_.next());
  }
}

asio::awaitable<void> run_session::send_files() {
  if (spool_.record.files_sent) co_return;
  const auto list = files_of_run(spool_, wandb_root(env_.conf), env_.job_log);
  for (const auto& note : list.notes) say(note);
  for (const auto& file : list.files) {
    auto name = file.name;
    auto path = file.path;
    const bool go_on = co_await send_file(std::move(name), std::move(path));
    if (!go_on) co_return;
  }
  spool_.record.files_sent = true;
  save();
}

}  // namespace sweepd::agent
