#include "controller/http/parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <limits>

namespace sweepd::http {
namespace {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using error_code = beast::error_code;

/// Longest chunk-size line. Without extensions 16 hex digits and two line ends are plenty.
constexpr std::size_t chunk_line_max = 64;

std::string_view view(beast::string_view s) { return {s.data(), s.size()}; }

class request_machine final : public bhttp::basic_parser<true> {
 public:
  request_machine(head& out, std::size_t fields_max) : out_(out), fields_max_(fields_max) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // the session has its own
    body_limit(boost::none);
    eager(true);
  }

  bool too_many_fields = false;
  body_sink* sink = nullptr;
  bool sink_stopped = false;

 private:
  void on_request_impl(bhttp::verb, beast::string_view method, beast::string_view target,
                       int version, error_code&) override {
    out_.method = view(method);
    out_.target = view(target);
    out_.version = version;
  }
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_field_impl(bhttp::field, beast::string_view name, beast::string_view value,
                     error_code& ec) override {
    if (sink != nullptr) {  // after the head: a trailer
      ec = bhttp::error::bad_field;
      return;
    }
    if (out_.fields.size() == fields_max_) {
      too_many_fields = true;
      ec = bhttp::error::header_limit;
      return;
    }
    out_.fields.emplace_back(view(name), view(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code& ec) override {
    if (sink->append(view(body)) != body_state::ok) {
      sink_stopped = true;
      ec = bhttp::error::body_limit;
    }
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view extensions, error_code& ec) override {
    if (!extensions.empty()) ec = bhttp::error::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code& ec) override {
    return on_body_impl(body, ec);
  }
  void on_finish_impl(error_code&) override {}

  head& out_;
  std::size_t fields_max_;
};

class response_machine final : public bhttp::basic_parser<false> {
 public:
  explicit response_machine(std::function<bool(std::string_view)> on_body)
      : on_body_(std::move(on_body)) {
    header_limit(256 * 1024);
    body_limit(boost::none);
    eager(true);
  }

  int status = 0;
  std::map<std::string, std::string> headers;
  bool stopped = false;

 private:
  void on_request_impl(bhttp::verb, beast::string_view, beast::string_view, int,
                       error_code&) override {}
  void on_response_impl(int code, beast::string_view, int, error_code&) override { status = code; }
  void on_field_impl(bhttp::field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    add_field(headers, view(name), view(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code& ec) override {
    if (!on_body_(view(body))) {
      stopped = true;
      ec = bhttp::error::body_limit;
    }
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code& ec) override {
    return on_body_impl(body, ec);
  }
  void on_finish_impl(error_code&) override {}

  std::function<bool(std::string_view)> on_body_;
};

boost::asio::const_buffer buffer(std::string_view s) { return {s.data(), s.size()}; }

}  // namespace

struct request_parser::impl {
  std::optional<request_machine> now;
};

request_parser::request_parser() : impl_(std::make_unique<impl>()) {}
request_parser::~request_parser() = default;

std::optional<refusal> request_parser::parse_head(std::string_view raw, head& out,
                                                  std::size_t fields_max, bool known) {
  if (!known)
    if (auto r = raw_head_problem(raw)) return r;
  out.fields.clear();
  auto& machine = impl_->now.emplace(out, fields_max);
  error_code ec;
  const auto used = machine.put(buffer(raw), ec);
  if (machine.too_many_fields) return refusal{431, "head_too_large", "too many header fields"};
  // Eager: after the head it goes on to the body, for which there are no bytes here.
  if (ec == bhttp::error::need_more) ec = {};
  if (ec || !machine.is_header_done() || used != raw.size())
    return refusal{400, "invalid", "not a well-formed HTTP/1.1 request"};
  return std::nullopt;
}

bool request_parser::keep_alive() const { return impl_->now->keep_alive(); }
bool request_parser::expects_body() const { return !impl_->now->is_done(); }

std::optional<std::uint64_t> request_parser::content_length() const {
  const auto n = impl_->now->content_length();
  return n ? std::optional<std::uint64_t>(*n) : std::nullopt;
}

void request_parser::start_body(body_sink& sink, std::size_t limit) {
  impl_->now->sink = &sink;
  impl_->now->body_limit(limit);
}

fed request_parser::feed(std::string_view bytes) {
  auto& machine = *impl_->now;
  fed out;
  error_code ec;
  out.used = machine.put(buffer(bytes), ec);
  if (ec == bhttp::error::need_more) {
    // What is left is the beginning of a chunk's size line (or of trailers, which are refused
    // anyway).
    out.state = bytes.size() - out.used > chunk_line_max ? fed_state::refused : fed_state::more;
  } else if (ec) {
    out.state = machine.sink_stopped                ? fed_state::stopped
                : ec == bhttp::error::body_limit ? fed_state::too_large
                                                    : fed_state::refused;
  } else {
    out.state = machine.is_done() ? fed_state::done : fed_state::more;
  }
  return out;
}

struct response_parser::impl {
  response_machine machine;
  bool started = false;
  explicit impl(std::function<bool(std::string_view)> on_body) : machine(std::move(on_body)) {}
};

response_parser::response_parser(bool head_only, std::function<bool(std::string_view)> on_body)
    : impl_(std::make_unique<impl>(std::move(on_body))) {
  if (head_only) impl_->machine.skip(true);
}
response_parser::~response_parser() = default;

fed response_parser::feed(std::string_view bytes) {
  auto& machine = impl_->machine;
  impl_->started = impl_->started || !bytes.empty();
  fed out;
  error_code ec;
  out.used = machine.put(buffer(bytes), ec);
  if (ec == bhttp::error::need_more || (!ec && !machine.is_done())) out.state = fed_state::more;
  else if (ec) out.state = machine.stopped ? fed_state::stopped : fed_state::refused;
  else out.state = fed_state::done;
  return out;
}

bool response_parser::end_of_stream() {
  if (!impl_->started || impl_->machine.is_done()) return impl_->machine.is_done();
  error_code ec;
  impl_->machine.put_eof(ec);
  return !ec && impl_->machine.is_done();
}

bool response_parser::head_done() const { return impl_->machine.is_header_done(); }
int response_parser::status() const { return impl_->machine.status; }
const std::map<std::string, std::string>& response_parser::headers() const {
  return impl_->machine.headers;
}
bool response_parser::keep_alive() const { return impl_->machine.keep_alive(); }
bool response_parser::got_some() const { return impl_->started; }

}  // namespace sweepd::http
