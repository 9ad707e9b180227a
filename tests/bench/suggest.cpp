// What a request of `sweepd suggest` costs when the history grew by a few: the time from a line to its
// answer, without the pipe, in processor time (the machine may be busy). Usage: sweepd_suggest_bench.
#include "controller/suggest/responder.hpp"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using sweepd::suggest::responder;

double now_ms() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

/// Milliseconds of the median answer to `line(k)`, k = 0, 1, ...; the first is warming up, told apart.
void measure(const char* name, int times, const std::function<std::string(int)>& line) {
  responder of;
  std::vector<double> took;
  double first = 0;
  std::size_t bytes = 0;
  for (int k = 0; k <= times; ++k) {
    const auto text = line(k);
    const auto begin = now_ms();
    const auto answer = of.answer(text);
    const auto ms = now_ms() - begin;
    if (answer.find("\"error\"") != std::string::npos) {
      std::printf("%s: %.200s\n", name, answer.c_str());
      return;
    }
    bytes = text.size();
    if (k == 0)
      first = ms;
    else
      took.push_back(ms);
  }
  std::ranges::sort(took);
  std::printf("%-60s %8.1f MB a line, first %8.2f ms, then median %7.3f ms, worst %7.3f ms\n", name,
              static_cast<double>(bytes) / 1e6, first, took[took.size() / 2], took.back());
}

std::string cell(int i) {
  return R"({"state": "finished", "config": {"a": {"value": )" + std::to_string(i / 1'000'000) +
         R"(}, "b": {"value": )" + std::to_string(i / 1000 % 1000) + R"(}, "c": {"value": )" +
         std::to_string(i % 1000) + "}}}";
}

std::string grid_line(const std::string& runs) {
  return R"({"op": "next_runs", "config": {"method": "grid", "parameters": {"a": {"min": 0, "max": 999},
    "b": {"min": 0, "max": 999}, "c": {"min": 0, "max": 999}}}, "n": 1, "seed": 0, "runs": [)" + runs + "]}";
}

/// A finished run of ten axes, spread without order.
std::string ten_axes(int i) {
  std::string config;
  double loss = 0;
  for (int j = 0; j < 10; ++j) {
    const double x = static_cast<double>((i * 7'919 + j * 104'729 + i * j * 31) % 10'007) / 10'007;
    loss += x;
    config += (j == 0 ? "" : ", ") + std::string("\"x") + std::to_string(j) + R"(": {"value": )" + std::to_string(x) + "}";
  }
  return R"({"state": "finished", "config": {)" + config + R"(}, "summary_metrics": {"loss": )" + std::to_string(loss) + "}}";
}

std::string ten_axes_line(const std::string& method, const std::string& runs) {
  std::string parameters;
  for (int j = 0; j < 10; ++j)
    parameters += (j == 0 ? "" : ", ") + std::string("\"x") + std::to_string(j) + R"(": {"min": 0.0, "max": 1.0})";
  return R"({"op": "next_runs", "config": {"method": ")" + method +
         R"(", "metric": {"name": "loss", "goal": "minimize"}, "parameters": {)" + parameters +
         R"(}}, "n": 1, "seed": 0, "runs": [)" + runs + "]}";
}

struct curves {
  std::vector<std::string> runs;
  int rows = 100;

  explicit curves(int n) {
    for (int i = 0; i < n; ++i) {
      std::string one = R"({"name": "r)" + std::to_string(i) + R"(", "state": ")" +
                        (i % 50 == 7 ? "running" : "finished") +
                        R"(", "config": {"a": {"value": 1}}, "history": [)";
      for (int k = 0; k < rows; ++k) one += std::string(k == 0 ? "" : ", ") + row(i, k);
      runs.push_back(one);
    }
  }
  static std::string row(int i, int k) {
    return R"({"_step": )" + std::to_string(k) + R"(, "loss": )" + std::to_string(1.0 / (k + 1) + i * 0.001) + "}";
  }
  /// The line after ten more points, one in each of ten running runs.
  std::string grown(const std::string& rule) {
    ++rows;
    for (int i = 7; i < 500; i += 50) runs[static_cast<std::size_t>(i)] += ", " + row(i, rows);
    std::string out;
    for (const auto& one : runs) out += (out.empty() ? "" : ", ") + one + "]}";
    return R"({"op": "stop_runs", "config": {"method": "random", "metric": {"name": "loss"}, "parameters": {"a": {"value": 1}},
      "early_terminate": )" + rule + R"(}, "runs": [)" + out + "]}";
  }
};

}  // namespace

int main() {
  std::string runs;
  int told = 0;
  const auto grow = [&](int by) {
    for (; by > 0; --by, ++told) runs += (told == 0 ? "" : ", ") + cell(told);
  };
  grow(100'000);
  measure("grid of 10^9 cells, 100,000 runs, one more", 50, [&](int) { return grow(1), grid_line(runs); });
  measure("the same, a run in the middle changed", 50, [&](int k) {
    auto changed = runs;
    const auto at = changed.find("finished", changed.size() / 2);
    return changed.replace(at, 8, k % 2 == 0 ? "crashed" : "finished"), grid_line(changed);
  });
  for (const std::string rule : {"hyperband", "asha", "median"}) {
    curves of(1000);
    const auto block = R"({"type": ")" + rule + (rule == "hyperband" ? R"(", "min_iter": 3})" : R"("})");
    measure(("stop_runs, 1,000 runs of 100 points, 10 more, " + rule).c_str(), 50, [&](int) { return of.grown(block); });
  }
  for (const std::string method : {"tpe", "cma_es"}) {
    std::string seen;
    int runs_told = 0;
    const auto more = [&](int by) {
      for (; by > 0; --by, ++runs_told) seen += (runs_told == 0 ? "" : ", ") + ten_axes(runs_told);
    };
    more(1000);
    measure((method + ", 10 axes, 1,000 runs, one more").c_str(), 50,
            [&](int) { return more(1), ten_axes_line(method, seen); });
  }
  return 0;
}
