// The one translation unit that sees spdlog; header-only fmt, so that no further library is linked.
#ifndef FMT_HEADER_ONLY
#define FMT_HEADER_ONLY
#endif
#include "controller/http/log.hpp"

#include "controller/base/json_text.hpp"

#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdio>
#include <memory>
#include <mutex>

namespace sweepd::http::log {
namespace {

namespace bj = boost::json;

spdlog::level::level_enum to_spdlog(level l) {
  switch (l) {
    case level::debug: return spdlog::level::debug;
    case level::info: return spdlog::level::info;
    case level::warn: return spdlog::level::warn;
    case level::error: return spdlog::level::err;
    case level::off: break;
  }
  return spdlog::level::off;
}

level from_spdlog(spdlog::level::level_enum l) {
  if (l <= spdlog::level::debug) return level::debug;
  if (l == spdlog::level::info) return level::info;
  return l == spdlog::level::warn ? level::warn : level::error;
}

using receiver = std::function<void(level, std::string_view)>;

/// Hands whole lines, without their end, to a function.
class function_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit function_sink(receiver to) : to_(std::move(to)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    spdlog::memory_buf_t text;
    formatter_->format(msg, text);
    std::string_view view(text.data(), text.size());
    if (view.ends_with('\n')) view.remove_suffix(1);
    to_(from_spdlog(msg.level), view);
  }
  void flush_() override {}

  receiver to_;
};

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink,
                                            spdlog::level::level_enum least) {
  auto made = std::make_shared<spdlog::logger>("sweepd", std::move(sink));
  made->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc));
  made->set_level(least);
  made->flush_on(spdlog::level::trace);
  return made;
}

std::shared_ptr<spdlog::logger>& current() {
  static auto logger = make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                   spdlog::level::info);
  return logger;
}

/// JSON wants UTF-8; any other byte becomes '?', so that one bad byte cannot spoil the line's
/// reader.
std::string quoted(std::string_view raw) {
  std::string clean(raw);
  for (char& c : clean)
    if (static_cast<unsigned char>(c) >= 0x80 || c == 0x7F) c = '?';
  return json::to_text(bj::value(bj::string_view(clean.data(), clean.size())));
}

void add(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out += '"';
  out += name;
  out += "\":";
  out += quoted(value);
}

void add(std::string& out, std::string_view name, std::uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string(value);
}

void write(level l, const std::string& members) {
  current()->log(to_spdlog(l), spdlog::string_view_t(members.data(), members.size()));
}

}  // namespace

void set_level(level least) { current()->set_level(to_spdlog(least)); }

bool set_level(std::string_view name) {
  constexpr std::pair<std::string_view, level> names[] = {{"debug", level::debug},
                                                          {"info", level::info},
                                                          {"warn", level::warn},
                                                          {"error", level::error},
                                                          {"off", level::off}};
  for (const auto& [text, l] : names) {
    if (text != name) continue;
    set_level(l);
    return true;
  }
  return false;
}

void redirect(receiver sink) {
  spdlog::sink_ptr to;
  if (sink) to = std::make_shared<function_sink>(std::move(sink));
  else to = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  current() = make_logger(std::move(to), current()->level());
}

void line(level l, std::string_view message,
          std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  if (!current()->should_log(to_spdlog(l))) return;
  std::string out;
  add(out, "msg", message);
  for (const auto& [name, value] : fields) add(out, name, value);
  write(l, out);
}

void request(const request_record& r) {
  const auto l = r.status >= 500 ? level::error : r.status >= 400 ? level::warn : level::info;
  if (!current()->should_log(to_spdlog(l))) return;
  std::string out;
  out.reserve(320);
  add(out, "msg", "request");
  add(out, "method", r.method);
  add(out, "route", r.pattern);
  add(out, "status", static_cast<std::uint64_t>(r.status));
  char ms[32];
  std::snprintf(ms, sizeof ms, ",\"ms\":%.3f", r.ms);
  out += ms;
  add(out, "bytes_in", r.bytes_in);
  add(out, "bytes_out", r.bytes_out);
  add(out, "key", r.key_id);
  add(out, "request_id", r.request_id);
  add(out, "peer", r.peer);
  if (!r.note.empty()) add(out, "note", r.note);
  write(l, out);
}

}  // namespace sweepd::http::log
