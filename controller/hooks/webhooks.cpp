#include "controller/hooks/webhooks.hpp"

#include <openssl/rand.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sweepd::hooks {
namespace {

/// 256 bits, as text.
std::string fresh_secret() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("the system's random generator failed");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "whsec_";
  for (const auto b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

result<void> check_kinds(const std::vector<std::string>& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (std::find(kinds().begin(), kinds().end(), wanted[i]) != kinds().end()) continue;
    std::string all;
    for (const auto k : kinds()) all += (all.empty() ? "" : ", ") + std::string(k);
    return fail(errc::invalid, "there is no kind '" + wanted[i] + "'; there are " + all,
                "/kinds/" + std::to_string(i));
  }
  return {};
}

}  // namespace

webhooks::webhooks(surroundings around) : around_(std::move(around)), all_gone_(around_.io) {}

void webhooks::follow(core::webhook hook) {
  const auto id = hook.id.value;
  const auto made = std::make_shared<follower>(around_, std::move(hook));
  followers_[id] = made;
  ++at_work_;
  made->start([this] {
    if (--at_work_ == 0) all_gone_.cancel();
  });
}

result<void> webhooks::start() {
  SWEEPD_TRY(auto rows, around_.reader.webhooks());
  for (auto& row : rows) follow(std::move(row));
  return {};
}

asio::awaitable<void> webhooks::stop() {
  for (const auto& [id, f] : followers_) f->stop();
  boost::system::error_code ec;
  all_gone_.expires_after(2 * around_.opts.timeout);
  if (at_work_ > 0) co_await all_gone_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

std::vector<core::webhook> webhooks::list() const {
  std::vector<core::webhook> out;
  for (const auto& [id, f] : followers_) out.push_back(f->hook());
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::pair(a.created, a.id) < std::pair(b.created, b.id);
  });
  return out;
}

asio::awaitable<result<core::webhook>> webhooks::add(core::webhook wanted, service::caller who) {
  if (followers_.size() >= webhooks_max)
    co_return fail(errc::conflict, "there are " + std::to_string(webhooks_max) + " webhooks already; remove one first");
  SWEEPD_CO_TRY(const auto where, target_of(wanted.url));
  if (auto known = check_kinds(wanted.kinds); !known) co_return tl::unexpected<error>(std::move(known).error());
  wanted.id = webhook_id{service::fresh_id()};
  wanted.secret = fresh_secret();
  wanted.by = who.who.id;
  wanted.created = around_.clock.now();
  wanted.told_to = around_.controller.stats().durable_seq;
  core::cmd::change_webhook c;
  c.hook = wanted;
  c.to = where.origin;
  core::command command = std::move(c);
  SWEEPD_CO_TRY(const auto done, co_await around_.controller.submit(std::move(command), std::move(who)));
  const auto* told = std::get_if<core::answer::done>(&done);
  if (told == nullptr || told->id != wanted.id.value)
    co_return fail(errc::conflict, "this request was made before; its secret is not shown again");
  follow(wanted);
  co_return wanted;
}

asio::awaitable<result<void>> webhooks::remove(webhook_id id, service::caller who, std::string reason) {
  const auto found = followers_.find(id.value);
  if (found == followers_.end()) co_return fail(errc::not_found, "there is no webhook '" + id.value + "'");
  const auto gone = found->second;
  core::cmd::change_webhook c;
  c.hook = gone->hook();
  c.verb = core::cmd::webhook_verb::remove;
  if (const auto where = target_of(c.hook.url)) c.to = where->origin;
  c.reason = std::move(reason);
  // First of all: what it stores of its progress would bring the row back.
  gone->stop();
  followers_.erase(id.value);
  core::command command = std::move(c);
  auto done = co_await around_.controller.submit(std::move(command), std::move(who));
  if (!done) {
    follow(gone->hook());
    co_return tl::unexpected<error>(std::move(done).error());
  }
  co_return result<void>{};
}

asio::awaitable<result<service::delivery>> webhooks::test(webhook_id id) {
  const auto found = followers_.find(id.value);
  if (found == followers_.end()) co_return fail(errc::not_found, "there is no webhook '" + id.value + "'");
  const auto f = found->second;
  co_return co_await f->test();
}

}  // namespace sweepd::hooks
