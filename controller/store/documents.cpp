#include "controller/store/documents.hpp"

#include "controller/base/json_document.hpp"

#include <array>

namespace sweepd::store {
namespace {

namespace bj = boost::json;

/// A document wraps what came in over an edge, where 32 is the limit, in a few levels of its own.
constexpr std::size_t depth_max = 64;
constexpr std::size_t parse_buffer_bytes = 64 * 1024;

json::text_limits limits() {
  json::text_limits out;
  out.depth_max = depth_max;
  out.any_bytes = true;  // a text is kept as the bytes it is
  return out;
}

}  // namespace

std::string doc_of(const core::sweep& s) { return json::sparse_document(s, "spec"); }
std::string doc_of(const core::sweep_spec& s) { return json::sparse_document(s); }
std::string doc_of(const core::trial& t) { return json::sparse_document(t); }
std::string doc_of(const core::run& r) { return json::sparse_document(r, "log_tail"); }
std::string doc_of(const core::agent& a) { return json::sparse_document(a); }
std::string doc_of(const core::api_key& k) { return json::sparse_document(k); }
std::string doc_of(const core::artifact& a) { return json::sparse_document(a); }
std::string doc_of(const core::webhook& w) { return json::sparse_document(w); }
// What the log shows is whole, not sparse.
std::string doc_of(const core::actor& a) { return json::document(a); }
std::string doc_of(const core::event& e) { return json::document(e); }

struct doc_reader::impl {
  json::text_reader reader{limits()};
  std::array<unsigned char, parse_buffer_bytes> buffer;

  template <class T>
  result<void> read(std::string_view doc, T& out) {
    // The value lives only within this call, so its memory is one buffer, given back at once.
    bj::monotonic_resource memory(buffer.data(), buffer.size());
    const auto value = reader.read(doc, &memory);
    if (!value) return fail(errc::internal, value.error().message);
    json::detail::reader r{json::unknown_keys::ignore};
    if (!r.read(*value, out)) return fail(errc::internal, r.err.where + ": " + r.err.message);
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
result<void> doc_reader::read(std::string_view doc, core::artifact& out) {
  return impl_->read(doc, out);
}
result<void> doc_reader::read(std::string_view doc, core::webhook& out) {
  return impl_->read(doc, out);
}
result<void> doc_reader::read(std::string_view doc, core::event& out) { return impl_->read(doc, out); }

}  // namespace sweepd::store
