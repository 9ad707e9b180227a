#include "controller/agent/shipper.hpp"

#include <algorithm>
#include <utility>

namespace sweepd::agent {
namespace {

constexpr std::size_t lines_most = 1'000;
constexpr std::size_t metrics_bytes_most = 1u << 20;
constexpr std::size_t log_most = 512 * 1024;
constexpr std::size_t log_least = 4 * 1024;

}  // namespace

void shipper::set_bases(const told& answer) {
  spool_.record.history_base = answer.history_lines;
  spool_.record.log_base = answer.log_bytes;
}

void shipper::read_metrics() {
  const auto metrics = spool_.metrics();
  if (metrics.size() < metrics_at_.byte) metrics_at_.byte = 0;  // the program began its file anew
  for (;;) {
    last_ = metrics.read(metrics_at_, lines_max_, metrics_bytes_most, ended_);
    const bool only_skipped = last_.empty() && last_.to != last_.from;
    if (!only_skipped) return;
    complaints_.insert(complaints_.end(), last_.complaints.begin(), last_.complaints.end());
    metrics_at_ = last_.to;
  }
}

void shipper::add_log(report& out) {
  out.log = spool_.read_output(log_at_, log_max_, ended_);
  out.log_offset = spool_.record.log_base + log_at_;
  last_log_ = out.log.size();
  if (log_at_ < blank_log_until_) out.log.assign(out.log.size(), '?');
}

report shipper::next(bool ended) {
  ended_ = ended;
  read_metrics();
  report out;
  out.history_offset = spool_.record.history_base + last_.from.line;
  for (std::size_t i = 0; i < last_.history.size(); ++i) {
    if (noted_lines_.contains(last_.from.line + i)) {
      boost::json::object note;
      note["_sweepd_refused"] = why_;
      out.history.push_back(std::move(note));
    } else {
      out.history.push_back(last_.history[i]);
    }
  }
  if (!skip_summary_) out.summary = last_.summary;
  last_log_ = 0;
  if (!history_alone_ || last_.empty()) add_log(out);
  return out;
}

void shipper::forget() {
  last_ = metrics_batch{};
  last_.from = last_.to = metrics_at_;
  last_log_ = 0;
}

void shipper::taken(const told& answer) {
  auto& record = spool_.record;
  // A server that has less than our beginning was restored from a backup: begin where it stands.
  record.history_base = std::min(record.history_base, answer.history_lines);
  record.log_base = std::min(record.log_base, answer.log_bytes);
  complaints_.insert(complaints_.end(), last_.complaints.begin(), last_.complaints.end());
  const auto lines = answer.history_lines - record.history_base;
  metrics_at_ = lines == last_.to.line ? last_.to : spool_.metrics().find(lines, ended_);
  log_at_ = std::min(answer.log_bytes - record.log_base, spool_.output_size());
  forget();
  skip_summary_ = false;
  history_alone_ = false;
  lines_max_ = std::min(lines_max_ * 2, lines_most);
  log_max_ = std::min(log_max_ * 2, log_most);
}

void shipper::refused(const std::string& why) {
  why_ = why;
  if (!history_alone_ && !last_.empty() && last_log_ > 0) {
    history_alone_ = true;
  } else if (last_.history.size() > 1) {
    lines_max_ = last_.history.size() / 2;
  } else if (last_.history.size() == 1 && !noted_lines_.contains(last_.from.line)) {
    noted_lines_.insert(last_.from.line);
    complaints_.push_back("the server refuses a metrics line: " + why);
  } else if (!last_.summary.empty() && !skip_summary_) {
    skip_summary_ = true;
    complaints_.push_back("the server refuses a summary: " + why);
    if (last_.history.empty()) metrics_at_ = last_.to;
  } else if (last_log_ > log_least) {
    log_max_ = std::max(log_least, last_log_ / 2);
  } else if (last_log_ > 0) {
    blank_log_until_ = log_at_ + last_log_;
    complaints_.push_back("the server refuses a piece of output: " + why);
  }
}

std::vector<std::string> shipper::complaints() { return std::exchange(complaints_, {}); }

}  // namespace sweepd::agent
