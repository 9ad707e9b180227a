#include "controller/agent/console.hpp"

#include "controller/agent/waiting.hpp"

#include <array>
#include <cstdio>

namespace sweepd::agent {

std::string visible(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // C1 controls are U+0080..U+009F: in UTF-8 the byte C2 and one below A0.
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c >= 0x20 && c != 0x7F && !c1) {
      out += text[i];
      continue;
    }
    std::array<char, 8> hex{};
    std::snprintf(hex.data(), hex.size(), "\\x%02x", static_cast<unsigned>(c));
    out += hex.data();
    if (c1) {
      ++i;
      std::snprintf(hex.data(), hex.size(), "\\x%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(text[i])));
      out += hex.data();
    }
  }
  return out;
}

std::string spell(std::chrono::milliseconds d) {
  const auto ms = d.count();
  std::array<char, 48> out{};
  if (ms < 10'000)
    std::snprintf(out.data(), out.size(), "%.1fs", static_cast<double>(ms) / 1000.0);
  else if (ms < 60'000)
    std::snprintf(out.data(), out.size(), "%llds", static_cast<long long>(ms / 1000));
  else if (ms < 3'600'000)
    std::snprintf(out.data(), out.size(), "%lldm%02llds", static_cast<long long>(ms / 60'000),
                  static_cast<long long>(ms / 1000 % 60));
  else
    std::snprintf(out.data(), out.size(), "%lldh%02lldm", static_cast<long long>(ms / 3'600'000),
                  static_cast<long long>(ms / 60'000 % 60));
  return out.data();
}

console::console(std::function<void(std::string_view)> write) : write_(std::move(write)) {
  if (write_) return;
  write_ = [](std::string_view text) {
    const auto whole = std::string(text) + "\n";  // one call, so that lines of several agents stay whole
    std::fwrite(whole.data(), 1, whole.size(), stderr);
  };
}

void console::line(std::string_view text) { write_("agent: " + visible(text)); }

void link_watch::failed(const error& e) {
  if (away_since_) return;
  away_since_ = steady_now();
  out_.line("the server is away (" + to_string(e) +
            "); trying again until it is back, while programs go on and their words are kept on disk");
}

void link_watch::answered() {
  if (!away_since_) return;
  const auto gone = steady_now() - *away_since_;
  away_since_.reset();
  out_.line("the server is back after " +
            spell(std::chrono::duration_cast<std::chrono::milliseconds>(gone)));
}

}  // namespace sweepd::agent
