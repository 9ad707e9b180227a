#include "strategies/canonical.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

template <class Number>
void add_number(char type, Number x, std::string& out) {
  std::array<char, 40> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), x);
  out += type;
  out.append(digits.data(), end.ptr);
  out += ';';
}

void add_text(std::string_view text, std::string& out) {
  add_number('s', text.size(), out);  // the length first: no text can pretend to be structure
  out += text;
}

void add_double(double x, bool top, std::string& out) {
  // JSON has no NaN and no infinities: they travel as these texts and are equal to them.
  if (std::isnan(x)) return add_text("NaN", out);
  if (std::isinf(x)) return add_text(x > 0 ? "Infinity" : "-Infinity", out);
  if (top && std::trunc(x) == x) {
    if (x >= -0x1p63 && x < 0x1p63) return add_number('i', static_cast<std::int64_t>(x), out);
    if (x > 0 && x < 0x1p64) return add_number('i', static_cast<std::uint64_t>(x), out);
  }
  add_number('d', x, out);
}

void add(const bj::value& v, bool top, std::string& out) {
  switch (v.kind()) {
    case bj::kind::null:
      out += 'n';
      return;
    case bj::kind::bool_:
      out += v.get_bool() ? 't' : 'f';
      return;
    case bj::kind::int64:
      return add_number('i', v.get_int64(), out);
    case bj::kind::uint64:
      return add_number('i', v.get_uint64(), out);
    case bj::kind::double_:
      return add_double(v.get_double(), top, out);
    case bj::kind::string:
      return add_text(v.get_string(), out);
    case bj::kind::array:
      add_number('l', v.get_array().size(), out);
      for (const auto& item : v.get_array()) add(item, false, out);
      return;
    case bj::kind::object:
      break;
  }
  const auto& object = v.get_object();
  std::vector<const bj::key_value_pair*> sorted;
  for (const auto& entry : object) sorted.push_back(&entry);
  std::ranges::sort(sorted, {}, [](const auto* entry) { return std::string_view(entry->key()); });
  add_number('m', object.size(), out);
  for (const auto* entry : sorted) {
    add_text(entry->key(), out);
    add(entry->value(), false, out);
  }
}

}  // namespace

std::string canonical(const bj::value& v) {
  std::string out;
  add(v, true, out);
  return out;
}

}  // namespace sweepd::strategies
