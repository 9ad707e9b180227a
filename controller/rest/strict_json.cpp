#include "controller/rest/strict_json.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace sweepd::rest {
namespace {

namespace bj = boost::json;

/// Builds the value as boost::json::parse does and looks at each step while it passes.
class checker {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  explicit checker(const json_limits& limits) : limits_(limits) {}

  error problem;
  bj::value_stack stack;

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_array_begin(bj::error_code& ec) { return enter(ec); }
  bool on_array_end(std::size_t n, bj::error_code&) {
    keys_.pop_back();
    stack.push_array(n);
    return true;
  }
  bool on_object_begin(bj::error_code& ec) { return enter(ec); }
  bool on_object_end(std::size_t n, bj::error_code&) {
    keys_.pop_back();
    stack.push_object(n);
    return true;
  }
  bool on_string_part(bj::string_view s, std::size_t, bj::error_code&) {
    stack.push_chars(s);
    return true;
  }
  bool on_string(bj::string_view s, std::size_t, bj::error_code& ec) {
    stack.push_string(s);
    return count(ec);
  }
  bool on_key_part(bj::string_view s, std::size_t, bj::error_code&) {
    key_.append(s.data(), s.size());
    stack.push_chars(s);
    return true;
  }
  bool on_key(bj::string_view s, std::size_t, bj::error_code& ec) {
    key_.append(s.data(), s.size());
    stack.push_key(s);
    const bool fresh =
        keys_.size() > limits_.unique_keys_to_depth || keys_.back().insert(key_).second;
    if (!fresh) return refuse(errc::invalid, "'" + key_ + "' is given twice", "/" + key_, ec);
    key_.clear();
    return true;
  }
  bool on_number_part(bj::string_view, bj::error_code&) { return true; }
  bool on_int64(std::int64_t i, bj::string_view, bj::error_code& ec) {
    stack.push_int64(i);
    return count(ec);
  }
  bool on_uint64(std::uint64_t u, bj::string_view, bj::error_code& ec) {
    stack.push_uint64(u);
    return count(ec);
  }
  bool on_double(double d, bj::string_view text, bj::error_code& ec) {
    if (!std::isfinite(d))
      return refuse(errc::invalid, "a number is out of range: " + std::string(text), "", ec);
    stack.push_double(d);
    return count(ec);
  }
  bool on_bool(bool b, bj::error_code& ec) {
    stack.push_bool(b);
    return count(ec);
  }
  bool on_null(bj::error_code& ec) {
    stack.push_null();
    return count(ec);
  }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }

 private:
  bool enter(bj::error_code& ec) {
    keys_.emplace_back();
    return count(ec);
  }
  bool count(bj::error_code& ec) {
    if (++values_ <= limits_.values_max) return true;
    return refuse(errc::too_large,
                  "more than " + std::to_string(limits_.values_max) + " JSON values", "", ec);
  }
  bool refuse(errc code, std::string message, std::string where, bj::error_code& ec) {
    problem = error{code, std::move(message), std::move(where)};
    ec = bj::error::syntax;
    return false;
  }

  json_limits limits_;
  std::size_t values_ = 0;
  std::string key_;
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

result<bj::value> parse_strict(std::string_view text, const json_limits& limits) {
  bj::parse_options options;
  options.max_depth = limits.depth_max;
  bj::basic_parser<checker> parser(options, limits);
  parser.handler().stack.reset();
  bj::error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && used < text.size()) ec = bj::error::extra_data;
  if (!ec) return parser.handler().stack.release();
  if (!parser.handler().problem.message.empty())
    return tl::unexpected<error>(std::move(parser.handler().problem));
  return fail(errc::invalid, "the body is not valid JSON (" + ec.message() + " at byte " +
                                 std::to_string(used) + ")");
}

}  // namespace sweepd::rest
