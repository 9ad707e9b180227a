#include "controller/store/documents.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace sweepd::store {
namespace {

namespace bj = boost::json;

/// A document wraps what came in over an edge, where 32 is the limit, in a few levels of its own.
constexpr std::size_t depth_max = 64;
constexpr std::size_t parse_buffer_bytes = 64 * 1024;

/// Numbers that JSON does not have become the texts in which they travel everywhere in sweepd.
void only_finite(bj::value& v) {
  if (auto* d = v.if_double()) {
    if (std::isnan(*d)) v = "NaN";
    else if (std::isinf(*d)) v = *d > 0 ? "Infinity" : "-Infinity";
  } else if (auto* o = v.if_object()) {
    for (auto& member : *o) only_finite(member.value());
  } else if (auto* a = v.if_array()) {
    for (auto& item : *a) only_finite(item);
  }
}

template <class T>
std::string text_of(const T& in, std::string_view without = {}) {
  auto v = json::write(in);
  if (!without.empty()) v.get_object().erase(bj::string_view(without.data(), without.size()));
  only_finite(v);
  return bj::serialize(v);
}

/// Builds a value as bj::parser does, but takes a double from its text by std::from_chars, which is
/// exact where the parser's own arithmetic is not.
struct exact_handler {
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();
  using ec = bj::error_code;
  using text = bj::string_view;

  bj::value_stack stack;
  std::string number;  ///< the parts of a number that was cut

  bool on_document_begin(ec&) { return true; }
  bool on_document_end(ec&) { return true; }
  bool on_object_begin(ec&) { return true; }
  bool on_object_end(std::size_t n, ec&) { return stack.push_object(n), true; }
  bool on_array_begin(ec&) { return true; }
  bool on_array_end(std::size_t n, ec&) { return stack.push_array(n), true; }
  bool on_key_part(text s, std::size_t, ec&) { return stack.push_chars(s), true; }
  bool on_key(text s, std::size_t, ec&) { return stack.push_key(s), true; }
  bool on_string_part(text s, std::size_t, ec&) { return stack.push_chars(s), true; }
  bool on_string(text s, std::size_t, ec&) { return stack.push_string(s), true; }
  bool on_number_part(text s, ec&) { return number.append(s.data(), s.size()), true; }
  bool on_int64(std::int64_t n, text, ec&) { return number.clear(), stack.push_int64(n), true; }
  bool on_uint64(std::uint64_t n, text, ec&) { return number.clear(), stack.push_uint64(n), true; }
  bool on_double(double near, text s, ec&) {
    number.append(s.data(), s.size());
    double exact = near;
    std::from_chars(number.data(), number.data() + number.size(), exact);
    number.clear();
    stack.push_double(exact);
    return true;
  }
  bool on_bool(bool b, ec&) { return stack.push_bool(b), true; }
  bool on_null(ec&) { return stack.push_null(), true; }
  bool on_comment_part(text, ec&) { return true; }
  bool on_comment(text, ec&) { return true; }
};

bj::parse_options parse_rules() {
  bj::parse_options out;
  out.max_depth = depth_max;
  out.allow_invalid_utf8 = true;  // a text is kept as the bytes it is
  return out;
}

}  // namespace

std::string doc_of(const core::sweep& s) { return text_of(s, "spec"); }
std::string doc_of(const core::sweep_spec& s) { return text_of(s); }
std::string doc_of(const core::trial& t) { return text_of(t); }
std::string doc_of(const core::run& r) { return text_of(r, "log_tail"); }
std::string doc_of(const core::agent& a) { return text_of(a); }
std::string doc_of(const core::api_key& k) { return text_of(k); }
std::string doc_of(const core::actor& a) { return text_of(a); }
std::string doc_of(const core::event& e) { return text_of(e); }

struct doc_reader::impl {
  bj::basic_parser<exact_handler> parser{parse_rules()};
  std::array<unsigned char, parse_buffer_bytes> buffer;

  template <class T>
  result<void> read(std::string_view doc, T& out) {
    // The value lives only within this call, so its memory is one buffer, given back at once.
    bj::monotonic_resource memory(buffer.data(), buffer.size());
    parser.reset();
    parser.handler().number.clear();
    parser.handler().stack.reset(&memory);
    bj::error_code ec;
    const auto used = parser.write_some(false, doc.data(), doc.size(), ec);
    if (!ec && used != doc.size()) ec = bj::error::extra_data;
    if (ec) {
      parser.handler().stack.reset();
      return fail(errc::internal, "not a JSON document: " + ec.message());
    }
    const auto value = parser.handler().stack.release();
    json::detail::reader r{json::unknown_keys::ignore};
    if (!r.read(value, out)) return fail(errc::internal, r.err.where + ": " + r.err.message);
    return {};
  }
};

doc_reader::doc_reader() : impl_(std::make_unique<impl>()) {}
doc_reader::~doc_reader() = default;

result<void> doc_reader::read(std::string_view doc, core::sweep& out) { return impl_->read(doc, out); }
result<void> doc_reader::read(std::string_view doc, core::sweep_spec& out) {
  return impl_->read(doc, out);
}
result<void> doc_reader::read(std::string_view doc, core::trial& out) { return impl_->read(doc, out); }
result<void> doc_reader::read(std::string_view doc, core::run& out) { return impl_->read(doc, out); }
result<void> doc_reader::read(std::string_view doc, core::agent& out) { return impl_->read(doc, out); }
result<void> doc_reader::read(std::string_view doc, core::api_key& out) {
  return impl_->read(doc, out);
}
result<void> doc_reader::read(std::string_view doc, core::event& out) { return impl_->read(doc, out); }

}  // namespace sweepd::store
