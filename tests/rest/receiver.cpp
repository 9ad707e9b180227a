#include "tests/rest/receiver.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

namespace sweepd::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

struct receiver::impl {
  asio::io_context io{1};
  tcp::acceptor listening{io, {asio::ip::address_v4::loopback(), 0}};
};

receiver::receiver() : impl_(std::make_unique<impl>()), thread_([this] { serve(); }) {}

receiver::~receiver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  tcp::socket wake(impl_->io);
  boost::system::error_code ignored;
  wake.connect(impl_->listening.local_endpoint(), ignored);
  thread_.join();
}

std::string receiver::url() const {
  return "http://127.0.0.1:" + std::to_string(impl_->listening.local_endpoint().port());
}

void receiver::answer(std::deque<int> statuses) {
  const std::lock_guard lock(mutex_);
  statuses_ = std::move(statuses);
}

void receiver::always(std::optional<int> status) {
  const std::lock_guard lock(mutex_);
  always_ = status;
}

received receiver::next() {
  std::unique_lock lock(mutex_);
  REQUIRE(came_.wait_for(lock, std::chrono::minutes{1}, [&] { return !kept_.empty(); }));
  auto out = std::move(kept_.front());
  kept_.pop_front();
  return out;
}

std::size_t receiver::waiting() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

void receiver::serve() {
  for (;;) {
    boost::system::error_code ec;
    tcp::socket socket(impl_->io);
    impl_->listening.accept(socket, ec);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || ec) return;
    }
    beast::flat_buffer buffer;
    beast::http::request<beast::http::string_body> request;
    beast::http::read(socket, buffer, request, ec);
    if (ec) continue;
    received got{std::string(request.target()), {}, request.body()};
    for (const auto& field : request) {
      std::string name(field.name_string());
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      got.headers[name] = std::string(field.value());
    }
    int status = 204;
    {
      const std::lock_guard lock(mutex_);
      if (!statuses_.empty()) {
        status = statuses_.front();
        statuses_.pop_front();
      } else if (always_) {
        status = *always_;
      }
      kept_.push_back(std::move(got));
    }
    beast::http::response<beast::http::empty_body> answer(static_cast<beast::http::status>(status), 11);
    answer.set(beast::http::field::connection, "close");
    if (status != 204) answer.content_length(0);
    // First the answer, then the news of it: who waited for the request may count on its outcome soon.
    beast::http::write(socket, answer, ec);
    came_.notify_all();
  }
}

}  // namespace sweepd::test
