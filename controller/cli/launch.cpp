// launch: makes a sweep from a file and, with --agents N, works it off here: N agents as child
// processes, the sweep's story on stderr, a summary at the end.
#include "controller/cli/context.hpp"
#include "controller/cli/event_text.hpp"
#include "controller/cli/follow.hpp"
#include "controller/cli/launch_agents.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"
#include "controller/cli/views.hpp"

#include <csignal>
#include <ostream>

namespace sweepd::cli {
namespace {

constexpr std::size_t sweep_bytes_max = 1024 * 1024;
constexpr std::int64_t agents_max = 256;

std::string size_text(const json::object& sweep) {
  const auto size = field(sweep, "size");
  return field(sweep, "method") + (size.empty() ? "" : ", " + size + " configurations");
}

/// Sends the file; the sweep as the server understood it. A sweep that the server wants confirmed is asked
/// about.
result<json::object> create(context& c) {
  const auto& name = c.args.operands.front();
  SWEEPD_TRY(const auto text, read_input(c, name, sweep_bytes_max));
  json::object body{{"yaml", text}, {"source", input_name(name)}};
  const auto& project = c.config.project.value;
  if (!project.empty() && project != "all" && project != "*") body["project"] = project;
  if (c.args.has("name")) body["name"] = c.args.value("name");
  if (c.args.has("dry-run")) body["dry_run"] = true;
  if (c.args.has("yes")) body["confirm"] = true;
  auto answer = c.server().change("POST", "/sweeps", body);
  if (!answer && answer.error().where == "/confirm") {
    SWEEPD_TRY(const bool go, c.confirmed(clean(answer.error().message) + "\nlaunch it all the same?"));
    if (!go) return c.refuse(errc::conflict, "not confirmed: nothing was created", "set run_cap in the file");
    body["confirm"] = true;
    answer = c.server().change("POST", "/sweeps", std::move(body));
  }
  if (!answer) {
    if (!c.server().problems().empty()) c.at.next = "mend the file and repeat";
    return tl::unexpected<error>(std::move(answer).error());
  }
  return as_object(*answer);
}

/// Runs the agents until they are all gone.
class foreground {
 public:
  foreground(context& c, const json::object& sweep)
      : c_(c),
        id_(field(sweep, "id")),
        path_(path_of("sweeps", sweep)),
        children_("/proc/self/exe", {"agent", id_}, agent_environment(c)) {}

  result<int> work(std::int64_t agents, std::uint64_t after) {
    waiting_.on_signal({SIGCHLD}, [this](int) { collect(); });
    waiting_.on_signal({SIGINT, SIGTERM, SIGHUP}, [this](int number) { pass_on(number); });
    event_stream::hooks on;
    on.on_event = [this](const json::object& e) { tell(e); };
    on.on_refused = [this](const error& e) { c_.note("no events: " + clean(e.message)); };
    on.on_lost = [](const error&) {};  // the agents say so themselves
    const event_stream stream(waiting_, c_.config, {{"sweep", id_}}, after, std::move(on));
    for (std::int64_t i = 0; i < agents; ++i) {
      auto started = children_.start();
      if (!started) return tl::unexpected<error>(started.error());
    }
    std::string processes;
    for (const auto pid : children_.pids()) processes += " " + std::to_string(pid);
    c_.note(counted(static_cast<std::uint64_t>(agents), "agent") + " started (process" +
            (agents == 1 ? "" : "es") + processes + "); Ctrl-C ends them");
    waiting_.after(milliseconds{0},
                   [this] { collect(); });  // one may have ended before we listened
    waiting_.run();
    return summary();
  }

 private:
  static std::map<std::string, std::string> agent_environment(const context& c) {
    std::map<std::string, std::string> env{{"SWEEPD_URL", c.config.url.value}};
    if (!c.config.api_key.value.empty()) env["SWEEPD_API_KEY"] = c.config.api_key.value;
    return env;
  }

  void collect() {
    for (const auto& end : children_.reap()) {
      if (signalled_ == 0 && (end.signal != 0 || end.exit_code != 0))
        c_.note("agent " + std::to_string(end.number) + " (process " + std::to_string(end.pid) +
                ") ended with " +
                (end.signal != 0 ? "signal " + std::to_string(end.signal)
                                 : "exit code " + std::to_string(end.exit_code)));
    }
    if (children_.running() == 0) waiting_.stop();
  }

  void pass_on(int number) {
    if (signalled_ == 0) c_.note("stopping: the agents end their runs (again: faster)");
    signalled_ = number;
    children_.signal_all(number);
  }

  void tell(const json::object& e) {
    const auto type = field(e, "type");
    if (type == "run_moved" || type == "sweep_moved" || type == "breaker_moved" ||
        type == "trial_requeued" || type == "agent_quarantined")
      c_.note(event_line(e, c_.how));
  }

  result<int> summary() {
    if (signalled_ != 0) c_.note("interrupted; go on with: sweepd agent " + id_);
    SWEEPD_TRY(const auto answer, c_.server().get(path_));
    const auto& sweep = as_object(answer);
    if (!print_data(c_.io.out, c_.how, sweep)) print_sweep(c_.io.out, c_.how, sweep);
    if (signalled_ != 0) return exit_with::interrupted;
    const auto state = field(sweep, "state");
    if (state == "finished") return exit_with::success;
    if (state == "canceled") return exit_with::conflict;
    c_.note("the agents have ended, but the sweep is " + state_words(sweep) + ": 'sweepd explain " +
            id_ + "' says why");
    return exit_with::failure;
  }

  context& c_;
  std::string id_;
  std::string path_;
  loop waiting_;
  agent_children children_;
  int signalled_ = 0;
};

result<int> launch(context& c) {
  c.doing("launch " + c.args.operands.front());
  const auto agents = c.args.number("agents", 1);
  if (!agents) return c.usage(agents.error().message);
  if (agents->value_or(0) > agents_max)
    return c.usage("--agents: more than " + std::to_string(agents_max) + " on one machine");
  std::uint64_t after = 0;
  if (*agents) {
    SWEEPD_TRY(const auto status, c.server().get("/status"));
    after = static_cast<std::uint64_t>(whole(as_object(status), "durable_seq"));
  }
  SWEEPD_TRY(const auto answer, create(c));
  if (c.args.has("dry-run")) {
    const auto& understood = object_at(answer, "sweep");
    if (!print_data(c.io.out, c.how, answer))
      c.io.out << "valid (" << size_text(understood) << "); nothing was created\n";
    for (const auto& w : list(answer, "warnings")) c.note("warning: " + scalar(w));
    return exit_with::success;
  }
  const auto id = field(answer, "id");
  if (*agents) {
    c.note("sweep " + id + " created (" + size_text(answer) + ")");
    c.doing("run the agents of sweep " + id);
    return foreground(c, answer).work(**agents, after);
  }
  if (print_data(c.io.out, c.how, answer)) return exit_with::success;
  c.io.out << "sweep " << id << " created (" << size_text(answer) << ")\n"
           << "agents: sweepd agent " << id << "\n";
  return exit_with::success;
}

}  // namespace

std::vector<command> launch_commands() {
  return {{"launch",
           "Sweeps",
           "SWEEP.yaml",
           1,
           1,
           "make a sweep from a file, and run it",
           "Prints the sweep's id and the line that starts an agent. With --agents N it starts N "
           "agents here, waits for the sweep to end, and prints how it went. '-' reads standard "
           "input. A grid of more than a million configurations without a run_cap is asked about "
           "first; without a terminal it needs --yes.",
           "sweepd launch sweep.yaml\nsweepd launch sweep.yaml --agents 4\n"
           "id=$(sweepd launch sweep.yaml -q)",
           {{"name", '\0', "NAME", "instead of the file's name"},
            {"agents", '\0', "N", "start N agents here and wait for the end"},
            {"dry-run", '\0', "", "let the server check the file, and create nothing"},
            {"yes", 'y', "", "do not ask about a very large grid"}},
           launch}};
}

}  // namespace sweepd::cli
