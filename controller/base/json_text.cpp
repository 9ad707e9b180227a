#include "controller/base/json_text.hpp"

#include "controller/base/json_document.hpp"

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>
#include <vector>

namespace sweepd::json {
namespace {

namespace bj = boost::json;
using code = bj::error_code;
using part = bj::string_view;

/// Builds the value as Boost's own handler does, but reads doubles from their text, and counts.
class handler {
 public:
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();

  explicit handler(const text_limits& limits) : limits_(limits) {}

  bj::value_stack stack;
  error problem;

  void begin(bj::storage_ptr memory) {
    stack.reset(std::move(memory));
    problem = {};
    values_ = depth_ = 0;
    number_.clear();
    key_.clear();
    keys_.clear();
  }

  bool on_document_begin(code&) { return true; }
  bool on_document_end(code&) { return true; }
  bool on_array_begin(code& ec) { return enter(ec); }
  bool on_array_end(std::size_t n, code&) { return leave(), stack.push_array(n), true; }
  bool on_object_begin(code& ec) { return enter(ec); }
  bool on_object_end(std::size_t n, code&) { return leave(), stack.push_object(n), true; }
  bool on_string_part(part s, std::size_t, code&) { return stack.push_chars(s), true; }
  bool on_string(part s, std::size_t, code& ec) { return stack.push_string(s), count(ec); }
  bool on_key_part(part s, std::size_t, code&) {
    if (judges_keys()) key_.append(s.data(), s.size());
    return stack.push_chars(s), true;
  }
  bool on_key(part s, std::size_t, code& ec) {
    stack.push_key(s);
    if (!judges_keys()) return true;
    key_.append(s.data(), s.size());
    if (!keys_.back().insert(key_).second)
      return refuse(errc::invalid, "'" + key_ + "' is given twice", "/" + key_, ec);
    key_.clear();
    return true;
  }
  bool on_number_part(part s, code&) { return number_.append(s.data(), s.size()), true; }
  bool on_int64(std::int64_t n, part, code& ec) {
    number_.clear();
    return stack.push_int64(n), count(ec);
  }
  bool on_uint64(std::uint64_t n, part, code& ec) {
    number_.clear();
    return stack.push_uint64(n), count(ec);
  }
  bool on_double(double, part s, code& ec) {
    double exact = 0;
    if (!number_.empty()) {
      number_.append(s.data(), s.size());
      s = number_;
    }
    if (std::from_chars(s.data(), s.data() + s.size(), exact).ec == std::errc::result_out_of_range) {
      exact = std::strtod(std::string(s).c_str(), nullptr);  // which way, from_chars does not say
      if (std::isinf(exact))
        return refuse(errc::invalid, "a number is out of range: " + std::string(s), "", ec);
    }
    number_.clear();
    return stack.push_double(exact), count(ec);
  }
  bool on_bool(bool b, code& ec) { return stack.push_bool(b), count(ec); }
  bool on_null(code& ec) { return stack.push_null(), count(ec); }
  bool on_comment_part(part, code&) { return true; }
  bool on_comment(part, code&) { return true; }

 private:
  bool judges_keys() const { return depth_ <= limits_.unique_keys_to_depth; }
  bool enter(code& ec) {
    ++depth_;
    if (judges_keys()) keys_.emplace_back();
    return count(ec);
  }
  void leave() {
    if (judges_keys()) keys_.pop_back();
    --depth_;
  }
  bool count(code& ec) {
    if (++values_ <= limits_.values_max) return true;
    return refuse(errc::too_large, "more than " + std::to_string(limits_.values_max) + " JSON values",
                  "", ec);
  }
  bool refuse(errc why, std::string message, std::string where, code& ec) {
    problem = error{why, std::move(message), std::move(where)};
    ec = bj::error::syntax;
    return false;
  }

  text_limits limits_;
  std::size_t values_ = 0;
  std::size_t depth_ = 0;
  std::string number_;  ///< the parts of a number that was cut
  std::string key_;
  std::vector<std::set<std::string>> keys_;  ///< of the open objects and arrays whose keys are judged
};

bj::parse_options rules(const text_limits& limits) {
  bj::parse_options out;
  out.max_depth = limits.depth_max;
  out.allow_invalid_utf8 = limits.any_bytes;
  return out;
}

void append_number(std::string& out, double d) {
  std::array<char, 32> digits{};
  const double size = std::fabs(d);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), d,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  out += text;
  if (plain && text.find('.') == std::string_view::npos) out += ".0";
}

void append_double(std::string& out, double d) {
  if (std::isfinite(d)) return append_number(out, d);
  out += std::isnan(d) ? "\"NaN\"" : d > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

template <class Integer>
void append_integer(std::string& out, Integer n) {
  std::array<char, 24> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr);
}

void append_escaped(std::string& out, char c) {
  static constexpr char hex[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
  }
}

/// Whether a byte stands in a JSON text as it is.
constexpr auto plain_bytes = [] {
  std::array<bool, 256> out{};
  for (std::size_t c = 0x20; c < out.size(); ++c) out[c] = c != '"' && c != '\\';
  return out;
}();

void append_string(std::string& out, std::string_view s) {
  out += '"';
  const char* const end = s.data() + s.size();
  for (const char* from = s.data(); from != end;) {
    const char* to = from;
    while (to != end && plain_bytes[static_cast<unsigned char>(*to)]) ++to;
    out.append(from, to);
    if (to != end) append_escaped(out, *to++);
    from = to;
  }
  out += '"';
}

void append(std::string& out, const bj::value& v);

void append(std::string& out, const bj::object& o) {
  char before = '{';
  for (const auto& entry : o) {
    out += before;
    append_string(out, entry.key());
    out += ':';
    append(out, entry.value());
    before = ',';
  }
  out += o.empty() ? "{}" : "}";
}

void append(std::string& out, const bj::array& a) {
  char before = '[';
  for (const auto& item : a) {
    out += before;
    append(out, item);
    before = ',';
  }
  out += a.empty() ? "[]" : "]";
}

void append(std::string& out, const bj::value& v) {
  switch (v.kind()) {
    case bj::kind::null: out += "null"; return;
    case bj::kind::bool_: out += v.get_bool() ? "true" : "false"; return;
    case bj::kind::int64: return append_integer(out, v.get_int64());
    case bj::kind::uint64: return append_integer(out, v.get_uint64());
    case bj::kind::double_: return append_double(out, v.get_double());
    case bj::kind::string: return append_string(out, v.get_string());
    case bj::kind::array: return append(out, v.get_array());
    case bj::kind::object: return append(out, v.get_object());
  }
}

}  // namespace

struct text_reader::impl {
  explicit impl(const text_limits& limits) : parser(rules(limits), limits) {}
  bj::basic_parser<handler> parser;
};

text_reader::text_reader(const text_limits& limits) : impl_(std::make_unique<impl>(limits)) {}
text_reader::~text_reader() = default;

result<bj::value> text_reader::read(std::string_view text, bj::storage_ptr memory) {
  auto& parser = impl_->parser;
  auto& h = parser.handler();
  parser.reset();
  h.begin(std::move(memory));
  code ec;
  const auto used = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && used < text.size()) ec = bj::error::extra_data;
  if (!ec) return h.stack.release();
  h.stack.reset();  // nothing may point into `memory` any more
  if (!h.problem.message.empty()) return tl::unexpected<error>(std::move(h.problem));
  return fail(errc::invalid, "not valid JSON: " + ec.message() + " at byte " + std::to_string(used));
}

result<bj::value> parse(std::string_view text, const text_limits& limits) {
  return text_reader(limits).read(text);
}

std::string to_text(const bj::value& v) {
  std::string out;
  append(out, v);
  return out;
}

std::string to_text(const bj::object& v) {
  std::string out;
  append(out, v);
  return out;
}

void append_value(std::string& out, const bj::value& v) { append(out, v); }
void append_value(std::string& out, const bj::object& v) { append(out, v); }
void append_value(std::string& out, std::string_view text) { append_string(out, text); }
void append_value(std::string& out, double d) { append_double(out, d); }
void append_value(std::string& out, std::int64_t n) { append_integer(out, n); }
void append_value(std::string& out, std::uint64_t n) { append_integer(out, n); }

std::string number_text(double finite) {
  std::string out;
  append_number(out, finite);
  return out;
}

}  // namespace sweepd::json
