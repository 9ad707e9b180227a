#include "controller/serve/serve.hpp"

#include "controller/base/duration.hpp"
#include "controller/hooks/webhooks.hpp"
#include "controller/http/log.hpp"
#include "controller/http/server.hpp"
#include "controller/metrics/metrics.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/wire_types.hpp"
#include "controller/serve/command_line.hpp"
#include "controller/serve/process.hpp"
#include "controller/store/sqlite_reader.hpp"
#include "controller/store/sqlite_store.hpp"
#include "controller/wandb/wandb.hpp"
#include "controller/web/assets.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>

namespace sweepd::serve {
namespace {

namespace asio = boost::asio;

inline constexpr unsigned blocking_threads = 4;

http::server_options network_of(const config::server_config& c) {
  http::server_options o;
  o.listen = c.listen;
  o.public_url = c.public_url;
  o.insecure_plaintext = c.insecure_plaintext;
  o.tls_certificate = c.tls_certificate;
  o.tls_key = c.tls_key;
  o.connections_max = static_cast<std::size_t>(c.connections_max);
  o.connections_per_address_max = static_cast<std::size_t>(c.connections_per_address_max);
  o.header_bytes_max = static_cast<std::size_t>(c.header_bytes_max);
  o.header_fields_max = static_cast<std::size_t>(c.header_fields_max);
  o.target_bytes_max = static_cast<std::size_t>(c.target_bytes_max);
  o.inflight_body_bytes_max = static_cast<std::size_t>(c.inflight_body_bytes_max);
  o.header_deadline = c.header_deadline;
  o.body_deadline = c.body_deadline;
  o.idle_deadline = c.idle_deadline;
  o.write_deadline = c.write_deadline;
  o.failed_auth_per_minute = static_cast<int>(c.failed_auth_per_minute);
  o.requests_per_second = c.requests_per_second;
  o.agent_requests_per_second = c.agent_requests_per_second;
  return o;
}

service::options controller_of(const config::server_config& c) {
  service::options o;
  o.default_policy = c.crash_policy;
  o.batch_commands_max = static_cast<std::size_t>(c.batch_commands_max);
  o.queue_commands_max = static_cast<std::size_t>(c.queue_commands_max);
  o.checkpoint_every = c.checkpoint_every;
  o.late_tick = c.late_tick;
  o.suggest_threads = static_cast<unsigned>(c.suggest_threads);
  o.on_fatal = [](const error& e) {
    http::log::line(http::log::level::error, "the store failed; nothing can be promised any more",
                    {{"error", to_string(e)}});
    std::_Exit(exit_store);
  };
  return o;
}

hooks::hook_options hooks_of(const config::server_config& c) {
  hooks::hook_options o;
  o.allow_private = c.webhooks_private;
  o.base_url = c.public_url;
  while (o.base_url.ends_with('/')) o.base_url.pop_back();
  o.view = rest::wire::event;
  return o;
}

std::vector<std::span<const http::route>> all_routes() {
  auto out = rest::tables();
  for (const auto& table : wandb::tables()) out.push_back(table);
  out.push_back(web::routes());
  return out;
}

/// Everything that lives as long as the server, in the order it is made; it ends in reverse.
class program {
 public:
  program(const config::server_config& c, core::store& store, store::sqlite_reader& reader,
          const std::string& database);
  ~program();
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  /// Serves until a signal; the exit code.
  int run();

 private:
  asio::awaitable<void> serve();
  asio::awaitable<void> await_signals();
  asio::awaitable<void> drain();
  void announce(bool any_key);
  void look_for_damage();
  [[nodiscard]] std::vector<std::string> urls() const;

  const config::server_config& config_;
  store::sqlite_reader& reader_;
  std::string database_;
  std::atomic<bool> leaving_{false};
  asio::io_context io_{1};  // sockets and the controller's strand: no request changes threads twice
  asio::thread_pool blocking_{blocking_threads};
  asio::signal_set signals_{io_, SIGINT, SIGTERM};
  service::controller controller_;
  std::optional<hooks::webhooks> hooks_;
  std::optional<metrics::metrics> metrics_;
  http::services services_;
  http::router routes_;
  std::optional<http::server> server_;
  int exit_ = 0;
};

program::program(const config::server_config& c, core::store& store, store::sqlite_reader& reader,
                 const std::string& database)
    : config_(c),
      reader_(reader),
      database_(database),
      controller_(io_.get_executor(), store, service::system_clock(), controller_of(c)),
      services_{controller_, reader, service::system_clock(), blocking_.get_executor(),
                SWEEPD_VERSION},
      routes_(all_routes()) {}

program::~program() {
  // The pool stops before the objects that its threads use go.
  leaving_ = true;
  blocking_.stop();
  blocking_.join();
}

int program::run() {
  if (const auto ok = controller_.start(); !ok) {
    std::fprintf(stderr, "error: the database cannot be used: %s\n", to_string(ok.error()).c_str());
    return exit_store;
  }
  metrics::metrics_options told{SWEEPD_VERSION, database_};
  metrics_.emplace(controller_, reader_, services_.blocking, std::move(told));
  services_.scratch_directory = (std::filesystem::path(config_.data) / "tmp").string();
  services_.metrics_text = [this] { return metrics_->text(); };
  services_.observe = [this](std::string_view pattern, std::string_view method, int status,
                             double seconds) {
    metrics_->observe_http(pattern, method, status, seconds);
  };
  hooks_.emplace(hooks::surroundings{controller_, reader_, service::system_clock(), io_.get_executor(),
                                     blocking_.get_executor(), hooks_of(config_)});
  if (const auto ok = hooks_->start(); !ok) {
    std::fprintf(stderr, "error: the webhooks cannot be read: %s\n", to_string(ok.error()).c_str());
    return exit_store;
  }
  services_.hooks = &*hooks_;
  server_.emplace(io_.get_executor(), routes_, services_, network_of(config_));

  const auto done = [this](std::exception_ptr e) {
    if (e) std::rethrow_exception(e);
    io_.stop();
  };
  asio::co_spawn(io_, serve(), done);
  io_.run();
  return exit_;
}

asio::awaitable<void> program::serve() {
  bool any_key = false;
  std::function<void(const core::state&, moment)> look = [&](const core::state& s, moment) {
    any_key = std::any_of(s.keys.begin(), s.keys.end(),
                          [](const auto& k) { return !k.second.revoked; });
  };
  co_await controller_.read(std::move(look));
  if (const auto ok = server_->listen(any_key); !ok) {
    std::fprintf(stderr, "error: %s\n", to_string(ok.error()).c_str());
    exit_ = ok.error().code == errc::unavailable ? exit_address : exit_config;
  } else {
    server_->run();
    if (const auto written = write_urls(config_.data, urls()); !written)
      std::fprintf(stderr, "warning: %s\n", to_string(written.error()).c_str());
    announce(any_key);
    auto check = [this] { look_for_damage(); };
    asio::post(blocking_, std::move(check));
    co_await await_signals();
  }
  co_await drain();
}

/// Returns at the first signal. The second one ends the process at once: every answer given so far is
/// on disk, and what was not answered was not promised.
asio::awaitable<void> program::await_signals() {
  const int first = co_await signals_.async_wait(asio::use_awaitable);
  http::log::line(http::log::level::info, "draining; a second signal ends it at once",
                  {{"signal", std::to_string(first)}});
  remove_urls(config_.data);
  signals_.async_wait([](const boost::system::error_code& ec, int again) {
    if (!ec) std::_Exit(128 + again);
  });
}

/// Both at once: the controller answers the claims and streams that wait, so that the server's drain
/// ends with the last answer under way and not with its deadline.
asio::awaitable<void> program::drain() {
  using asio::experimental::awaitable_operators::operator&&;
  co_await hooks_->stop();
  auto connections = server_->stop(config_.drain);
  auto commands = controller_.stop();
  co_await (std::move(connections) && std::move(commands));
  signals_.cancel();
}

/// What loading did not read may be damaged as well (history, logs, old events). Writing on would make it
/// worse, so the process ends; everything acknowledged is in the file, or was lost with its pages.
void program::look_for_damage() {
  const auto found = reader_.damage(&leaving_);
  if (found && found->empty()) return;
  const auto what = found ? found->front() : to_string(found.error());
  const std::string advice = "keep the file, and put a backup in its place (`sweepd backup` makes them)";
  http::log::line(http::log::level::error, "the database is damaged",
                  {{"file", database_}, {"damage", what}, {"do", advice}});
  std::fprintf(stderr, "error: the database %s is damaged: %s; %s\n", database_.c_str(), what.c_str(),
               advice.c_str());
  std::_Exit(exit_store);
}

std::vector<std::string> program::urls() const {
  const auto ports = server_->ports();
  const std::string scheme = config_.tls_certificate.empty() ? "http://" : "https://";
  std::vector<std::string> out;
  for (std::size_t i = 0; i < config_.listen.size(); ++i) {
    const auto& address = config_.listen[i];
    if (address.starts_with("unix:")) {
      out.push_back(address);
      continue;
    }
    const auto colon = address.rfind(':');
    out.push_back(scheme + address.substr(0, colon) + ":" + std::to_string(ports[i]));
  }
  return out;
}

void program::announce(bool any_key) {
  std::string text = "sweepd " SWEEPD_VERSION "\n";
  for (const auto& url : urls()) text += "  listens on  " + url + "\n";
  if (!config_.public_url.empty()) text += "  public as   " + config_.public_url + "\n";
  text += "  data in     " + std::filesystem::absolute(config_.data).string() + "\n";
  const auto& p = config_.crash_policy;
  text += "  policy      mode " + std::string(json::enum_name(p.mode)) + ", crashed after " +
          to_string(p.crash_after) + " of silence, failed after another " + to_string(p.fail_after) +
          ", " + std::to_string(p.rules.size()) + " rules (for sweeps without their own)\n";
  if (!any_key)
    text += "  no API keys: served to this machine only, and everyone on it is an admin;\n"
            "              `sweepd keys create NAME --role admin` makes the first key\n";
  for (const auto& w : config_.warnings) text += "  warning     " + w + "\n";
  std::fputs(text.c_str(), stderr);
}

}  // namespace

int main(int argc, char** argv) {
  auto given = read_command_line(argc, argv);
  if (const int* code = std::get_if<int>(&given)) return *code;
  const auto& c = std::get<config::server_config>(given);
  http::log::set_level(c.log_level);
  prepare_process();
  if (const auto ok = prepare_data(c.data); !ok) {
    std::fprintf(stderr, "error: %s\n", to_string(ok.error()).c_str());
    return exit_config;
  }
  const auto path = (std::filesystem::path(c.data) / "sweepd.db").string();
  auto store = store::sqlite_store::open(path);
  if (!store) {
    const bool owned = store.error().code == errc::conflict;
    std::fprintf(stderr, "error: %s%s\n", to_string(store.error()).c_str(),
                 owned ? "; stop it, or give this one a folder of its own with --data" : "");
    return store.error().code == errc::conflict || store.error().code == errc::invalid ? exit_config
                                                                                       : exit_store;
  }
  auto reader = store::sqlite_reader::open(path, {}, (*store)->gate());
  if (!reader) {
    std::fprintf(stderr, "error: %s\n", to_string(reader.error()).c_str());
    return exit_store;
  }
  program p(c, **store, **reader, (*store)->path());
  return p.run();
}

}  // namespace sweepd::serve
