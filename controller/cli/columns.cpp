// The usual kinds of column, states as symbol and word, colours.
#include "controller/cli/columns.hpp"

#include "controller/cli/text.hpp"

#include <algorithm>
#include <array>

namespace sweepd::cli {
namespace {

struct state_sign {
  std::string_view word;
  std::string_view sign;
  tone colour;
};

// One sign a meaning, each one column wide; never the same sign for two states that a person must
// tell apart without colour.
constexpr std::array signs{
    state_sign{"pending", "○", tone::dim},     state_sign{"running", "▶", tone::good},
    state_sign{"preempting", "◐", tone::warn}, state_sign{"preempted", "◑", tone::warn},
    state_sign{"crashed", "✱", tone::bad},     state_sign{"failed", "✘", tone::bad},
    state_sign{"killed", "■", tone::dim},      state_sign{"finished", "✔", tone::good},
    state_sign{"paused", "‖", tone::warn},     state_sign{"canceled", "■", tone::dim},
    state_sign{"ok", "✔", tone::good},         state_sign{"suspect", "?", tone::warn},
    state_sign{"stalled", "◌", tone::warn},    state_sign{"exiting", "→", tone::warn},
    state_sign{"superseded", "≠", tone::dim},  state_sign{"live", "▶", tone::good},
    state_sign{"lost", "✱", tone::bad},        state_sign{"left", "■", tone::dim},
    state_sign{"waiting", "○", tone::dim},     state_sign{"held", "▶", tone::good},
    state_sign{"done", "✔", tone::good},       state_sign{"infeasible", "∅", tone::warn},
    state_sign{"warn", "!", tone::warn},       state_sign{"fail", "✘", tone::bad},
    state_sign{"open", "!", tone::bad},        state_sign{"half_open", "◐", tone::warn},
    state_sign{"closed", "✔", tone::good},     state_sign{"revoked", "✘", tone::dim},
    state_sign{"quarantined", "!", tone::bad}, state_sign{"valid", "✔", tone::good},
    state_sign{"expired", "◌", tone::dim},
};

column shown(std::string title, std::string key,
             std::function<cell(const json::object&, const look&)> show) {
  return column{std::move(title), std::move(key), std::move(show)};
}

}  // namespace

cell state_cell(std::string_view state, const look& how) {
  const auto at = std::find_if(signs.begin(), signs.end(),
                               [&](const state_sign& s) { return s.word == state; });
  const std::string word = clean(state);
  if (at == signs.end()) return {word, tone::plain};
  return {how.symbols ? std::string(at->sign) + " " + word : word, at->colour};
}

std::string time_text(std::optional<instant> t, const look& how) {
  if (!t) return {};
  return how.terminal ? local_time(*t) : to_rfc3339(*t);
}

column text_column(std::string title, std::string key) {
  return shown(title, key,
               [key](const json::object& o, const look&) { return cell{field(o, key)}; });
}

column count_column(std::string title, std::string key) {
  auto c = shown(title, key, [key](const json::object& o, const look&) {
    const auto text = field(o, key);
    return cell{text, text == "0" ? tone::dim : tone::plain};
  });
  c.right = true;
  return c;
}

column number_column(std::string title, std::string key) {
  auto c = text_column(std::move(title), std::move(key));
  c.right = true;
  return c;
}

column time_column(std::string title, std::string key) {
  return shown(title, key, [key](const json::object& o, const look& how) {
    return cell{time_text(time_at(o, key), how)};
  });
}

column age_column(std::string title, std::string key) {
  auto c = shown(title, key, [key](const json::object& o, const look& how) {
    const auto t = time_at(o, key);
    return cell{t ? short_age(how.now - *t) : std::string{}};
  });
  c.right = true;
  return c;
}

column seconds_column(std::string title, std::string key) {
  auto c = shown(title, key, [key](const json::object& o, const look&) {
    const auto* v = find(o, key);
    return cell{v == nullptr ? std::string{} : short_age(milliseconds{whole(o, key) * 1000})};
  });
  c.right = true;
  return c;
}

column state_column(std::string title, std::string key) {
  return shown(title, key, [key](const json::object& o, const look& how) {
    return state_cell(field(o, key), how);
  });
}

column wide(column c) {
  c.wide_only = true;
  return c;
}

column flexible(column c) {
  c.flexible = true;
  return c;
}

std::string painted(std::string_view text, tone t, bool colour) {
  if (!colour || t == tone::plain || text.empty()) return std::string(text);
  // Blue and orange from the 256-colour palette rather than green and red: told apart by everyone.
  static constexpr std::array<std::string_view, 6> codes{"", "38;5;33", "38;5;208", "33", "2", "1"};
  return "\x1B[" + std::string(codes[static_cast<std::size_t>(t)]) + "m" + std::string(text) +
         "\x1B[0m";
}

std::string heading(std::string_view text, const look& how) {
  return painted(text, tone::strong, how.colour);
}

}  // namespace sweepd::cli
