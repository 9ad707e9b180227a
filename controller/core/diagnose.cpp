#include "controller/core/diagnose.hpp"

#include <array>
#include <string_view>

namespace sweepd::core {
namespace {

struct phrase {
  std::string_view text;
  cause means;
  bool whole_line;  ///< the line is nothing but this (shells print "Killed")
};

// Where each comes from: CUDA/PyTorch's allocator, Python, C++, the kernel, Slurm's slurmstepd and
// scontrol, shells reporting SIGKILL, the W&B article on crashed runs; for invalid_config Python's
// argparse (python/cpython:Lib/argparse.py) and click (pallets/click:src/click/exceptions.py).
constexpr std::array phrases{
    phrase{"DUE TO PREEMPTION", cause::preempted, false},
    phrase{"DUE TO TIME LIMIT", cause::preempted, false},
    phrase{"*** JOB ", cause::preempted, false},  // slurmstepd: "*** JOB 4 ON host CANCELLED AT ... ***", also by scancel
    phrase{"JobState=PREEMPTED", cause::preempted, false},
    phrase{"CUDA out of memory", cause::oom, false},
    phrase{"torch.cuda.OutOfMemoryError", cause::oom, false},
    phrase{"torch.OutOfMemoryError", cause::oom, false},
    phrase{"CUDA_ERROR_OUT_OF_MEMORY", cause::oom, false},
    phrase{"RESOURCE_EXHAUSTED: Out of memory", cause::oom, false},
    phrase{"oom-kill", cause::oom, false},
    phrase{"oom_kill", cause::oom, false},
    phrase{"Out of memory: Killed process", cause::oom, false},
    phrase{"OUT_OF_MEMORY", cause::oom, false},
    phrase{"numpy.core._exceptions._ArrayMemoryError", cause::oom, false},
    phrase{"numpy._core._exceptions._ArrayMemoryError", cause::oom, false},
    phrase{"MemoryError", cause::oom, false},
    phrase{"std::bad_alloc", cause::oom, false},
    phrase{"Killed", cause::oom, true},
    phrase{": error: argument ", cause::invalid_config, false},
    phrase{": error: unrecognized arguments", cause::invalid_config, false},
    phrase{": error: the following arguments are required", cause::invalid_config, false},
    phrase{"Error: Invalid value for ", cause::invalid_config, false},
    phrase{"Error: No such option", cause::invalid_config, false},
    phrase{"Error: Missing option", cause::invalid_config, false},
    phrase{"Traceback (most recent call last)", cause::exception, false},
    phrase{"terminate called after throwing", cause::exception, false},
    phrase{"panicked at", cause::exception, false},
    phrase{"Uncaught exception", cause::exception, false},
};

std::string_view trim(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

/// The last line of `text` that says one of the phrases for `wanted`; none: "".
std::string_view find_line(std::string_view text, cause wanted) {
  std::string_view found;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = trim(text.substr(0, end));
    for (const auto& p : phrases) {
      if (p.means != wanted) continue;
      if (p.whole_line ? line == p.text : line.find(p.text) != std::string_view::npos) found = line;
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return found;
}

/// The last non-empty line: for Python it names the exception.
std::string_view last_line(std::string_view text) {
  std::string_view found;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (const auto line = trim(text.substr(0, end)); !line.empty()) found = line;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return found;
}

/// With which argparse and click refuse their arguments.
constexpr int exit_usage = 2;
constexpr std::size_t evidence_text_max = 500;

evidence quote(std::string source, std::string_view words) {
  return {std::move(source), std::string(words.substr(0, evidence_text_max))};
}

}  // namespace

std::string signal_text(int signal) {
  struct row {
    int number;
    std::string_view name;
  };
  constexpr std::array names{row{1, "SIGHUP"},   row{2, "SIGINT"},   row{3, "SIGQUIT"},
                             row{4, "SIGILL"},   row{6, "SIGABRT"},  row{7, "SIGBUS"},
                             row{8, "SIGFPE"},   row{9, "SIGKILL"},  row{11, "SIGSEGV"},
                             row{13, "SIGPIPE"}, row{14, "SIGALRM"}, row{15, "SIGTERM"},
                             row{24, "SIGXCPU"}, row{25, "SIGXFSZ"}};
  for (const auto& r : names)
    if (r.number == signal) return std::string(r.name) + " (" + std::to_string(signal) + ")";
  return "signal " + std::to_string(signal);
}

diagnosis diagnose(std::optional<int> exit_code, std::optional<int> signal,
                   const std::string& log_tail, const std::vector<evidence>& told) {
  diagnosis out;
  if (exit_code && *exit_code == 0) return out;
  if (signal) out.why.push_back({"exit status", "killed by " + signal_text(*signal)});
  if (exit_code) out.why.push_back({"exit status", "exit code " + std::to_string(*exit_code)});
  for (const auto& e : told) out.why.push_back(quote(e.source, e.text));

  // A shell reports a child's death by signal n as exit code 128 + n.
  const std::optional<int> killed_by =
      signal ? signal
             : (exit_code && *exit_code > 128 && *exit_code < 160 ? std::optional(*exit_code - 128)
                                                                  : std::nullopt);
  for (const cause c : {cause::preempted, cause::oom}) {
    for (const auto& e : told) {
      if (!find_line(e.text, c).empty()) {
        out.cause = c;
        return out;
      }
    }
    if (const auto line = find_line(log_tail, c); !line.empty()) {
      out.cause = c;
      out.why.push_back(quote("output.log", line));
      return out;
    }
  }
  if (signal) {
    out.cause = cause::signal;
    return out;
  }
  for (const auto& e : told) {
    if (e.source != configuration_source) continue;
    out.cause = cause::invalid_config;
    return out;
  }
  if (exit_code == exit_usage) {
    if (const auto line = find_line(log_tail, cause::invalid_config); !line.empty()) {
      out.cause = cause::invalid_config;
      out.why.push_back(quote("output.log", line));
      return out;
    }
  }
  if (const auto line = find_line(log_tail, cause::exception); !line.empty()) {
    out.cause = cause::exception;
    out.why.push_back(quote("output.log", last_line(log_tail)));
    return out;
  }
  out.cause = killed_by ? cause::signal : (exit_code ? cause::exit_code : cause::exited_silently);
  return out;
}

}  // namespace sweepd::core
