// The command line of `sweepd agent`: flags, environment, signals, exit code. The work is agent_loop's.
#include "controller/agent/agent.hpp"

#include "controller/agent/agent_loop.hpp"
#include "controller/agent/slurm.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace sweepd::agent {
namespace {

namespace fs = std::filesystem;

/// The flags as given, before they are checked.
struct flags {
  std::string sweep;
  std::string url;
  std::string api_key_file;
  std::string name;
  std::string workdir = ".";
  std::string grace = "30s";
  std::string orphans = "stop";
  std::vector<std::string> allow_program;
  std::vector<std::string> allow_env;
  std::size_t jobs = 1;
  std::uint64_t count = 0;
  bool poll = false;
  bool preemptible = false;
};

constexpr const char* after_text =
    "The program is started without a shell, in a process group of its own, in --workdir; what it\n"
    "prints, and the metrics it appends to SWEEPD_METRICS_FILE, are kept in WORKDIR/sweepd-runs/RUN/\n"
    "until the server has them. An agent that is killed takes its programs with it (SIGTERM) unless\n"
    "--orphans keep is given; the next agent in the same WORKDIR delivers what was left.\n"
    "Ctrl-C once: no new runs, programs may end within --grace; twice: they are ended; thrice: killed.\n"
    "Environment: SWEEPD_URL, SWEEPD_API_KEY (else WANDB_BASE_URL, WANDB_API_KEY).";

void declare(CLI::App& app, flags& f) {
  app.footer(after_text);
  app.add_option("SWEEP", f.sweep, "sweep id; PROJECT/ID and ENTITY/PROJECT/ID are taken too")->required();
  app.add_option("-j,--jobs", f.jobs, "runs at the same time")->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--count", f.count, "leave after so many runs (0: when the sweep is over)")
      ->capture_default_str();
  app.add_option("--url", f.url, "server address");
  app.add_option("--api-key-file", f.api_key_file, "file that holds the API key");
  app.add_option("--name", f.name, "the agent's name (default: HOST-PID)");
  app.add_option("--workdir", f.workdir, "where programs run and sweepd-runs/ is kept")
      ->capture_default_str();
  app.add_option("--grace", f.grace, "from TERM to KILL, e.g. 30s")->capture_default_str();
  app.add_option("--allow-program", f.allow_program,
                 "run nothing but programs matching this pattern (repeatable)")
      ->allow_extra_args(false);
  app.add_option("--allow-env", f.allow_env,
                 "let ${envvar:NAME} use this secret-looking variable (repeatable)")
      ->allow_extra_args(false);
  app.add_option("--orphans", f.orphans, "what becomes of programs when the agent is killed")
      ->check(CLI::IsMember({"stop", "keep"}))
      ->capture_default_str();
  app.add_flag("--poll", f.poll, "short requests only, for proxies that cut long ones");
  app.add_flag("--preemptible", f.preemptible, "SIGTERM means preemption (as it does under Slurm)");
}

std::string env_text(const char* first, const char* second) {
  for (const char* name : {first, second})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return {};
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

/// `python`, as in W&B's agent; `python3` where only that is installed.
std::string find_interpreter() {
  std::string path = env_text("PATH", "PATH");
  std::size_t at = 0;
  while (at <= path.size()) {
    const auto colon = std::min(path.find(':', at), path.size());
    const auto candidate = path.substr(at, colon - at) + "/python";
    if (::access(candidate.c_str(), X_OK) == 0) return "python";
    at = colon + 1;
  }
  return "python3";
}

result<std::string> read_key(const std::string& file) {
  std::ifstream in(file);
  std::string key;
  if (!(in >> key)) return fail(errc::invalid, "no API key can be read from it", file);
  return key;
}

result<std::string> sweep_id_of(const std::string& text) {
  const auto id = text.substr(text.rfind('/') == std::string::npos ? 0 : text.rfind('/') + 1);
  const bool plain = !id.empty() && id.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
                                        std::string::npos;
  if (!plain) return fail(errc::invalid, "'" + text + "' is not a sweep id like k3f9x2ab");
  return id;
}

result<settings> settings_of(const flags& f) {
  settings s;
  SWEEPD_TRY(s.sweep, sweep_id_of(f.sweep));
  SWEEPD_TRY(s.grace, parse_duration(f.grace));
  const auto env_url = env_text("SWEEPD_URL", "WANDB_BASE_URL");
  if (!f.url.empty()) s.url = f.url;
  else if (!env_url.empty()) s.url = env_url;
  while (s.url.ends_with('/')) s.url.pop_back();
  s.api_key = env_text("SWEEPD_API_KEY", "WANDB_API_KEY");
  if (!f.api_key_file.empty()) {
    SWEEPD_TRY(s.api_key, read_key(f.api_key_file));
  }
  std::error_code ec;
  s.workdir = fs::canonical(f.workdir, ec);
  if (ec || !fs::is_directory(s.workdir, ec))
    return fail(errc::invalid, "--workdir " + f.workdir + " is not a folder");
  s.host = host_name();
  s.name = f.name.empty() ? s.host + "-" + std::to_string(::getpid()) : f.name;
  s.jobs = f.jobs;
  if (f.count > 0) s.count = f.count;
  s.allow_program = f.allow_program;
  s.allow_env = f.allow_env;
  s.poll = f.poll;
  s.preemptible = f.preemptible;
  s.keep_orphans = f.orphans == "keep";
  s.interpreter = find_interpreter();
  s.slurm_job = slurm_job_id();
  return s;
}

/// Re-arms itself for every signal until the io_context stops.
void listen_for_signals(asio::signal_set& signals, const std::shared_ptr<agent_loop>& loop) {
  signals.async_wait([&signals, weak = std::weak_ptr(loop)](const boost::system::error_code& ec, int n) {
    const auto alive = weak.lock();
    if (ec || !alive) return;
    alive->on_signal(n);
    listen_for_signals(signals, alive);
  });
}

int run(settings s) {
  console out;
  asio::io_context io(1);
  asio::signal_set signals(io, SIGTERM, SIGINT);
  ::signal(SIGPIPE, SIG_IGN);  // a connection that breaks is an error code, not a death
  int code = exit_code(errc::internal);
  {
    const auto loop = std::make_shared<agent_loop>(io.get_executor(), std::move(s), out);
    listen_for_signals(signals, loop);
    asio::co_spawn(io, loop->run(), [&](const std::exception_ptr& e, int result) {
      if (!e) code = result;
      io.stop();
    });
    io.run();
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  flags f;
  CLI::App app("Pulls runs of a sweep from the server and executes them here.", "sweepd agent");
  declare(app, f);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  auto s = settings_of(f);
  if (!s) {
    std::fprintf(stderr, "error: %s\n", to_string(s.error()).c_str());
    return 2;
  }
  return run(std::move(*s));
}

}  // namespace sweepd::agent
