// The door: each member suspends its caller and lets the engine start the work on its strand.
#include "controller/service/controller.hpp"

#include "controller/service/engine.hpp"

#include <stdexcept>

namespace sweepd::service {

controller::controller(asio::any_io_executor io, core::store& store, const clock& clock,
                       options opts)
    : engine_(std::make_shared<engine>(std::move(io), store, clock, std::move(opts))) {}

controller::~controller() {
  engine_->stop_threads();
  engine_->abandon();
}

result<void> controller::start() { return engine_->load(); }

asio::awaitable<void> controller::stop() {
  const auto e = engine_;
  auto begin = [e](completion<bool> to, asio::cancellation_slot) { e->start_drain(std::move(to)); };
  auto drained = wait_for<bool>(std::move(begin));
  co_await std::move(drained);
  e->stop_threads();
}

asio::awaitable<result<core::answer_to>> controller::submit(core::command c, caller who) {
  auto begin = [e = engine_, c = std::move(c), who = std::move(who)](
                   completion<command_reply> to, asio::cancellation_slot) mutable {
    e->start_submit(std::move(c), std::move(who), std::move(to));
  };
  return wait_for<command_reply>(std::move(begin));
}

asio::awaitable<std::vector<result<core::answer_to>>> controller::submit_all(
    std::vector<core::command> c, caller who) {
  auto begin = [e = engine_, c = std::move(c), who = std::move(who)](
                   completion<std::vector<command_reply>> to, asio::cancellation_slot) mutable {
    e->start_submit_all(std::move(c), std::move(who), std::move(to));
  };
  return wait_for<std::vector<command_reply>>(std::move(begin));
}

asio::awaitable<result<core::answer_to>> controller::claim(core::cmd::claim c, caller who,
                                                           milliseconds patience) {
  auto begin = [e = engine_, c = std::move(c), who = std::move(who), patience](
                   completion<command_reply> to, asio::cancellation_slot slot) mutable {
    e->start_claim(std::move(c), std::move(who), patience, std::move(to), slot);
  };
  return wait_for<command_reply>(std::move(begin));
}

asio::awaitable<result<void>> controller::put_files(std::vector<core::file_part> parts) {
  auto begin = [e = engine_, parts = std::move(parts)](completion<result<void>> to,
                                                       asio::cancellation_slot) mutable {
    e->start_files(std::move(parts), std::move(to));
  };
  return wait_for<result<void>>(std::move(begin));
}

namespace {

asio::awaitable<result<void>> look_at(std::shared_ptr<engine> e, engine::answered when,
                                      std::function<void(const core::state&, moment)> look) {
  auto begin = [e = std::move(e), when, look = std::move(look)](completion<result<void>> to,
                                                                asio::cancellation_slot) mutable {
    e->start_read(std::move(look), when, std::move(to));
  };
  return wait_for<result<void>>(std::move(begin));
}

}  // namespace

asio::awaitable<void> controller::read(std::function<void(const core::state&, moment)> look) {
  auto reading = look_at(engine_, engine::answered::durable, std::move(look));
  const auto done = co_await std::move(reading);
  if (!done) throw std::runtime_error(done.error().message);
}

asio::awaitable<result<void>> controller::try_read(
    std::function<void(const core::state&, moment)> look) {
  return look_at(engine_, engine::answered::durable_or_refused, std::move(look));
}

asio::awaitable<result<void>> controller::glance(
    std::function<void(const core::state&, moment)> look) {
  return look_at(engine_, engine::answered::at_once, std::move(look));
}

asio::awaitable<std::uint64_t> controller::wait_events(std::uint64_t after, milliseconds patience) {
  auto begin = [e = engine_, after, patience](completion<std::uint64_t> to,
                                              asio::cancellation_slot slot) {
    e->start_wait_events(after, patience, std::move(to), slot);
  };
  return wait_for<std::uint64_t>(std::move(begin));
}

asio::awaitable<void> controller::poke() {
  const auto e = engine_;
  auto begin = [e](completion<bool> to, asio::cancellation_slot) { e->start_poke(std::move(to)); };
  auto poked = wait_for<bool>(std::move(begin));
  co_await std::move(poked);
}

controller_stats controller::stats() const { return engine_->stats(); }

}  // namespace sweepd::service
