#include "controller/agent/metrics_file.hpp"

#include "controller/base/json_text.hpp"

#include <algorithm>
#include <fstream>
#include <limits>

namespace sweepd::agent {
namespace {

namespace bj = boost::json;
namespace fs = std::filesystem;

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Quotes bare NaN, Infinity and -Infinity outside texts.
std::string quote_non_finite(std::string_view in) {
  std::string out;
  bool in_text = false;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const char c = in[i];
    if (in_text) {
      out += c;
      if (c == '\\' && i + 1 < in.size()) out += in[++i];
      if (c == '"') in_text = false;
      continue;
    }
    bool replaced = false;
    for (const std::string_view token : {"NaN", "Infinity", "-Infinity"}) {
      if (!in.substr(i).starts_with(token)) continue;
      const auto after = i + token.size();
      if (after < in.size() && name_char(in[after])) continue;
      out += '"' + std::string(token) + '"';
      i = after - 1;
      replaced = true;
      break;
    }
    if (replaced) continue;
    in_text = c == '"';
    out += c;
  }
  return out;
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string read_bytes(const fs::path& path, std::uint64_t from, std::size_t n) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(from));
  std::string out(n, '\0');
  in.read(out.data(), static_cast<std::streamsize>(n));
  out.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return out;
}

/// The byte behind the next newline from `from` on; none when there is no newline.
std::optional<std::uint64_t> behind_newline(const fs::path& path, std::uint64_t from) {
  constexpr std::size_t step = 1u << 20;
  for (;;) {
    const auto piece = read_bytes(path, from, step);
    if (const auto at = piece.find('\n'); at != std::string::npos) return from + at + 1;
    if (piece.size() < step) return std::nullopt;
    from += step;
  }
}

/// Takes one line into the batch.
void take(std::string_view line, metrics_batch& batch) {
  if (blank(line)) return;
  auto object = parse_metrics_line(line);
  if (!object) {
    batch.complaints.push_back("not a JSON object: " + std::string(line.substr(0, 80)));
    return;
  }
  const auto* summary = object->if_contains("_summary");
  if (summary == nullptr) {
    batch.history.push_back(std::move(*object));
    ++batch.to.line;
    return;
  }
  if (!summary->is_object()) {
    batch.complaints.push_back("_summary is not an object: " + std::string(line.substr(0, 80)));
    return;
  }
  for (const auto& [key, value] : summary->get_object()) batch.summary[key] = value;
}

}  // namespace

std::optional<bj::object> parse_metrics_line(std::string_view line) {
  auto v = json::parse(line);
  if (!v) v = json::parse(quote_non_finite(line));
  if (!v || !v->is_object()) return std::nullopt;
  return std::move(v->get_object());
}

metrics_batch metrics_file::read(metrics_cursor from, std::size_t lines_max, std::size_t bytes_max,
                                 bool ended) const {
  metrics_batch batch;
  batch.from = from;
  batch.to = from;
  auto bytes = read_bytes(path_, from.byte, bytes_max);
  if (bytes.size() == bytes_max && bytes.find('\n') == std::string::npos)
    bytes = read_bytes(path_, from.byte, metrics_line_bytes_max + 1);  // one long line
  std::string_view rest = bytes;
  while (batch.history.size() < lines_max) {
    const auto newline = rest.find('\n');
    if (newline == std::string_view::npos) break;
    take(rest.substr(0, newline), batch);
    rest.remove_prefix(newline + 1);
    batch.to.byte += newline + 1;
  }
  if (batch.to.byte != from.byte || rest.empty() || lines_max == 0) return batch;
  // Not one newline: a line too long, or one that is still being written.
  if (rest.size() > metrics_line_bytes_max) {
    const auto next = behind_newline(path_, from.byte);
    if (!next && !ended) return batch;
    batch.to.byte = next.value_or(size());
    batch.complaints.push_back("a line of more than 4 MiB was passed over");
  } else if (ended) {
    take(rest, batch);
    batch.to.byte += rest.size();
  }
  return batch;
}

metrics_cursor metrics_file::find(std::uint64_t line, bool ended) const {
  constexpr std::size_t step_bytes = 1u << 20;
  metrics_cursor at;
  while (at.line < line) {
    const auto wanted = std::min<std::uint64_t>(line - at.line, std::numeric_limits<std::size_t>::max());
    const auto batch = read(at, static_cast<std::size_t>(wanted), step_bytes, ended);
    if (batch.to.byte == at.byte) break;
    at = batch.to;
  }
  at.line = line;  // a server that has more than the file holds is not argued with
  return at;
}

std::uint64_t metrics_file::size() const {
  std::error_code ec;
  const auto n = fs::file_size(path_, ec);
  return ec ? 0 : n;
}

}  // namespace sweepd::agent
