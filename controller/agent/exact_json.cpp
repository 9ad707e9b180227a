#include "controller/agent/exact_json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <charconv>
#include <string>

namespace sweepd::agent {
namespace {

namespace bj = boost::json;
using boost::system::error_code;

/// Builds the value as Boost's own handler does, but reads doubles from their text.
struct exact_handler {
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();

  bj::value_stack stack;
  std::string number;  ///< the parts of the number under way

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t n, error_code&) { return stack.push_object(n), true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t n, error_code&) { return stack.push_array(n), true; }
  bool on_key_part(bj::string_view s, std::size_t, error_code&) { return stack.push_chars(s), true; }
  bool on_key(bj::string_view s, std::size_t, error_code&) { return stack.push_key(s), true; }
  bool on_string_part(bj::string_view s, std::size_t, error_code&) { return stack.push_chars(s), true; }
  bool on_string(bj::string_view s, std::size_t, error_code&) { return stack.push_string(s), true; }
  bool on_number_part(bj::string_view s, error_code&) {
    number.append(s.data(), s.size());
    return true;
  }
  bool on_int64(std::int64_t i, bj::string_view, error_code&) {
    number.clear();
    return stack.push_int64(i), true;
  }
  bool on_uint64(std::uint64_t u, bj::string_view, error_code&) {
    number.clear();
    return stack.push_uint64(u), true;
  }
  bool on_double(double near, bj::string_view s, error_code&) {
    number.append(s.data(), s.size());
    double exact = near;
    const auto end = number.data() + number.size();
    const auto [at, failed] = std::from_chars(number.data(), end, exact);
    stack.push_double(failed == std::errc{} && at == end ? exact : near);
    number.clear();
    return true;
  }
  bool on_bool(bool b, error_code&) { return stack.push_bool(b), true; }
  bool on_null(error_code&) { return stack.push_null(), true; }
  bool on_comment_part(bj::string_view, error_code&) { return true; }
  bool on_comment(bj::string_view, error_code&) { return true; }
};

}  // namespace

bj::value parse_exact(std::string_view text, error_code& ec) {
  bj::basic_parser<exact_handler> parser{bj::parse_options{}};
  parser.handler().stack.reset();
  const auto used = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && used < text.size()) ec = bj::error::extra_data;
  if (ec) return nullptr;
  return parser.handler().stack.release();
}

}  // namespace sweepd::agent
