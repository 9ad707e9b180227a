#include "controller/suggest/scan.hpp"

#include <array>

namespace sweepd::suggest {
namespace {

constexpr auto npos = std::string_view::npos;

enum class mark : unsigned char { none, quote, open, close };

constexpr auto marks = [] {
  std::array<mark, 256> out{};
  out['"'] = mark::quote;
  out['{'] = out['['] = mark::open;
  out['}'] = out[']'] = mark::close;
  return out;
}();

mark mark_of(char c) { return marks[static_cast<unsigned char>(c)]; }

/// The place behind the string that begins at `at`; npos when it is not closed.
std::size_t after_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return npos;
}

std::size_t after_container(std::string_view text, std::size_t at) {
  for (std::size_t depth = 0; at < text.size();) {
    switch (mark_of(text[at])) {
      case mark::none:
        ++at;
        break;
      case mark::quote:
        at = after_string(text, at);
        if (at == npos) return npos;
        break;
      case mark::open:
        ++depth;
        ++at;
        break;
      case mark::close:
        ++at;
        if (--depth == 0) return at;
        break;
    }
  }
  return npos;
}

}  // namespace

std::size_t after_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() &&
         (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
    ++at;
  return at;
}

std::optional<std::size_t> after_value(std::string_view text, std::size_t at) {
  if (at >= text.size()) return std::nullopt;
  std::size_t end = npos;
  switch (mark_of(text[at])) {
    case mark::quote:
      end = after_string(text, at);
      break;
    case mark::open:
      end = after_container(text, at);
      break;
    case mark::close:
      return std::nullopt;
    case mark::none:
      end = text.find_first_of(",]} \t\r\n", at);
      if (end == npos) end = text.size();
      if (end == at) return std::nullopt;
      break;
  }
  if (end == npos) return std::nullopt;
  return end;
}

bool member_walk::next_after_value() {
  if (!begun_) return next(0);
  const auto end = after_value(text_, value_at_);
  return end && next(*end);
}

bool member_walk::next(std::size_t end) {
  auto at = after_blanks(text_, end);
  if (at >= text_.size()) return false;
  const char here = text_[at];
  if (here == '}' && begun_) {
    well_formed_ = after_blanks(text_, at + 1) == text_.size();
    return false;
  }
  if (here != (begun_ ? ',' : '{')) return false;
  at = after_blanks(text_, at + 1);
  if (!begun_ && at < text_.size() && text_[at] == '}') {
    well_formed_ = after_blanks(text_, at + 1) == text_.size();
    return false;
  }
  begun_ = true;
  return member(at);
}

bool member_walk::member(std::size_t at) {
  if (at >= text_.size() || text_[at] != '"') return false;
  const auto key_end = after_string(text_, at);
  if (key_end == npos) return false;
  key_ = text_.substr(at, key_end - at);
  at = after_blanks(text_, key_end);
  if (at >= text_.size() || text_[at] != ':') return false;
  value_at_ = after_blanks(text_, at + 1);
  return true;
}

}  // namespace sweepd::suggest
