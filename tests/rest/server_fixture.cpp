#include "tests/rest/server_fixture.hpp"

#include "tests/rest/openapi_check.hpp"

#include "controller/base/json_text.hpp"
#include "controller/config/policy_yaml.hpp"
#include "controller/hooks/webhooks.hpp"
#include "controller/http/log.hpp"
#include "controller/http/server.hpp"
#include "controller/metrics/metrics.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/wire_types.hpp"
#include "controller/store/sqlite_reader.hpp"
#include "controller/store/sqlite_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <charconv>
#include <filesystem>
#include <thread>

namespace sweepd::test {
namespace {

namespace fs = std::filesystem;

std::string fresh_directory() {
  std::string name = (fs::temp_directory_path() / "sweepd-rest-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  fs::create_directories(fs::path(name) / "tmp");
  return name;
}

service::options controller_options() {
  service::options o;
  o.default_policy = config::built_in_policy();
  return o;
}

/// To this machine, without pauses: tests wait for what arrives, not for time.
hooks::hook_options quick_hooks() {
  hooks::hook_options o;
  o.allow_private = true;
  o.pace = o.slack_pace = milliseconds{1};
  o.retry_first = milliseconds{1};
  o.retry_max = milliseconds{10};
  o.tries_max = 300;
  o.view = rest::wire::event;
  return o;
}

}  // namespace

const std::string grid_yaml = R"(program: train.py
method: grid
metric: {name: loss, goal: minimize}
parameters:
  lr: {values: [0.1, 0.01, 0.001]}
  depth: {values: [1, 2, 3, 4]}
)";
const std::string patient_yaml = grid_yaml + R"(crash_policy:
  fail_after: 1h
  rules:
    - {when: {}, do: fail, after: 1h}
)";

const bj::value& reply::at(std::string_view path) const {
  const bj::value* here = &json;
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto dot = std::min(rest.find('.'), rest.size());
    const auto step = rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
    const bj::value* next = nullptr;
    if (here->is_object()) {
      next = here->get_object().if_contains(bj::string_view(step.data(), step.size()));
    } else if (here->is_array()) {
      std::size_t i = 0;
      std::from_chars(step.data(), step.data() + step.size(), i);
      next = here->get_array().if_contains(i);
    }
    REQUIRE_MESSAGE(next != nullptr, "no " << std::string(path) << " in " << text);
    here = next;
  }
  return *here;
}

std::string reply::str(std::string_view path) const {
  const auto& v = at(path);
  REQUIRE_MESSAGE(v.is_string(), std::string(path) << " is no text in " << text);
  return std::string(v.get_string());
}

std::int64_t reply::num(std::string_view path) const {
  const auto& v = at(path);
  REQUIRE_MESSAGE(v.is_number(), std::string(path) << " is no number in " << text);
  return v.to_number<std::int64_t>();
}

struct rest_server::impl {
  explicit impl(std::string in);
  ~impl();

  std::string directory;
  std::unique_ptr<store::sqlite_store> store;
  std::unique_ptr<store::sqlite_reader> reader;
  asio::io_context io{1};
  asio::thread_pool strand{1};
  asio::thread_pool blocking{2};
  std::unique_ptr<service::controller> controller;
  std::unique_ptr<metrics::metrics> metrics;
  std::unique_ptr<hooks::webhooks> hooks;
  std::unique_ptr<http::services> services;
  http::router routes{rest::tables()};
  std::unique_ptr<http::server> server;
  std::thread thread;

  asio::io_context client_io{1};
  std::map<std::string, http::client> clients;  ///< one connection for each key

  http::client& client_of(const std::string& key) {
    auto found = clients.find(key);
    if (found == clients.end()) {
      http::client_options o;
      o.url = url();
      o.api_key = key;
      found = clients.emplace(key, http::client(client_io.get_executor(), o)).first;
    }
    return found->second;
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->ports().front()); }

  template <class T>
  T wait(asio::awaitable<T> a) {
    auto future = asio::co_spawn(client_io, std::move(a), asio::use_future);
    client_io.restart();
    client_io.run();
    return future.get();
  }
  asio::awaitable<void> shut_down() {
    co_await hooks->stop();
    co_await server->stop(milliseconds{2'000});
    co_await controller->stop();
  }
};

rest_server::impl::impl(std::string in) : directory(std::move(in)) {
  auto& i = *this;
  const auto path = (fs::path(i.directory) / "sweepd.db").string();
  auto writing = store::sqlite_store::open(path);
  REQUIRE_MESSAGE(writing.has_value(), (writing ? std::string() : to_string(writing.error())));
  i.store = std::move(*writing);
  auto reading = store::sqlite_reader::open(path, {}, i.store->gate());
  REQUIRE_MESSAGE(reading.has_value(), (reading ? std::string() : to_string(reading.error())));
  i.reader = std::move(*reading);
  i.controller = std::make_unique<service::controller>(i.strand.get_executor(), *i.store,
                                                       service::system_clock(), controller_options());
  const auto started = i.controller->start();
  REQUIRE_MESSAGE(started.has_value(), (started ? std::string() : to_string(started.error())));
  metrics::metrics_options told{"test", path};
  i.metrics = std::make_unique<metrics::metrics>(*i.controller, *i.reader,
                                                 i.blocking.get_executor(), std::move(told));
  i.services.reset(new http::services{*i.controller, *i.reader, service::system_clock(),
                                      i.blocking.get_executor(), "test"});
  i.hooks = std::make_unique<hooks::webhooks>(hooks::surroundings{
      *i.controller, *i.reader, service::system_clock(), i.io.get_executor(), i.blocking.get_executor(), quick_hooks()});
  const auto following = i.hooks->start();
  REQUIRE_MESSAGE(following.has_value(), (following ? std::string() : to_string(following.error())));
  i.services->hooks = i.hooks.get();
  i.services->scratch_directory = (fs::path(i.directory) / "tmp").string();
  i.services->metrics_text = [&i] { return i.metrics->text(); };
  i.services->observe = [&i](std::string_view pattern, std::string_view method, int status,
                             double seconds) {
    i.metrics->observe_http(pattern, method, status, seconds);
  };
  http::server_options o;
  o.listen = {"127.0.0.1:0"};
  o.failed_auth_per_minute = 100'000;
  i.server = std::make_unique<http::server>(i.io.get_executor(), i.routes, *i.services, o);
  const auto listening = i.server->listen(false);
  REQUIRE_MESSAGE(listening.has_value(), (listening ? std::string() : to_string(listening.error())));
  i.server->run();
  i.thread = std::thread([&i] {
    const auto work = asio::make_work_guard(i.io);
    i.io.run();
  });
}

rest_server::impl::~impl() {
  auto& i = *this;
  i.clients.clear();
  auto ending = i.shut_down();
  asio::co_spawn(i.io, std::move(ending), asio::use_future).get();
  i.io.stop();
  i.thread.join();
  i.blocking.stop();
  i.blocking.join();
  i.strand.stop();
  i.strand.join();
}

rest_server::rest_server() {
  http::log::set_level(http::log::level::off);
  impl_ = std::make_unique<impl>(fresh_directory());
}

rest_server::~rest_server() {
  const auto directory = impl_->directory;
  impl_.reset();
  std::error_code ignored;
  fs::remove_all(directory, ignored);
}

void rest_server::restart() {
  const auto directory = impl_->directory;
  impl_.reset();
  impl_ = std::make_unique<impl>(directory);
}

reply rest_server::send(const std::string& method, const std::string& target,
                        const std::string& body, const sent& how) {
  auto& c = impl_->client_of(how.key);
  auto headers = how.headers;
  if (!how.idempotency_key.empty()) headers["idempotency-key"] = how.idempotency_key;
  auto exchange = c.send(method, target, body, how.content_type, headers, milliseconds{60'000});
  auto r = impl_->wait(std::move(exchange));
  REQUIRE_MESSAGE(r.has_value(), (r ? std::string() : method + " " + target + ": " + to_string(r.error())));
  reply out{r->status, r->headers, std::move(r->body), nullptr};
  if (auto parsed = json::parse(out.text)) out.json = std::move(*parsed);
  const auto route = impl_->routes.find(method, target.substr(0, target.find('?')));
  if (route.found == nullptr) return out;
  // Every answer that any test gets is held against the document.
  const auto type = out.headers.contains("content-type") ? out.headers.at("content-type") : "";
  for (const auto& wrong : answer_problems(method, route.found->pattern, out.status, type, out.text))
    FAIL_CHECK(wrong);
  return out;
}

reply rest_server::get(const std::string& target, const sent& how) {
  return send("GET", target, "", how);
}

reply rest_server::post(const std::string& target, const bj::value& body, const sent& how) {
  return send("POST", target, json::to_text(body), how);
}

reply rest_server::stream(const std::string& target, std::map<std::string, std::string> headers,
                          std::function<bool(std::string_view)> sink) {
  http::client_options o;
  o.url = url();
  http::client c(impl_->client_io.get_executor(), o);
  auto r = impl_->wait(c.stream(target, std::move(headers), std::move(sink)));
  REQUIRE_MESSAGE(r.has_value(), (r ? std::string() : to_string(r.error())));
  return reply{r->status, r->headers, r->body, nullptr};
}

const http::router& rest_server::routes() const { return impl_->routes; }
std::string rest_server::url() const { return impl_->url(); }
std::string rest_server::data() const { return impl_->directory; }

std::string rest_server::create_sweep(const std::string& yaml, const sent& how) {
  const auto r = post("/api/v1/sweeps", {{"yaml", yaml}}, how);
  REQUIRE_MESSAGE(r.status == 201, r.text);
  return r.str("id");
}

std::string rest_server::join(const std::string& sweep, const sent& how) {
  const auto r = post("/api/v1/sweeps/" + sweep + "/agents",
                      {{"name", "a"}, {"host", "node1"}, {"pid", 7}}, how);
  REQUIRE_MESSAGE(r.status == 201, r.text);
  return r.str("agent");
}

bj::object rest_server::claim(const std::string& sweep, const std::string& agent, const sent& how) {
  static int requests = 0;
  // It lists what it has, as an agent does: a pending run it does not know would be offered again.
  const auto mine = get("/api/v1/runs?agent=" + agent + "&state=pending,running,preempting", how);
  bj::array knows;
  for (const auto& run : mine.at("items").get_array()) knows.push_back(run.at("id"));
  const auto r = post("/api/v1/sweeps/" + sweep + "/claims",
                      {{"agent", agent},
                       {"request_id", "claim-" + std::to_string(++requests)},
                       {"knows", knows},
                       {"wait", "30s"}},
                      how);
  REQUIRE_MESSAGE(r.status == 200, r.text);
  REQUIRE_MESSAGE(r.str("status") == "run", r.text);
  return r.at("run").get_object();
}

std::string rest_server::start_run(const std::string& sweep, const std::string& agent,
                                   const sent& how) {
  const auto run = claim(sweep, agent, how);
  std::string id(run.at("id").get_string());
  const auto r = post("/api/v1/runs/" + id + "/start",
                      {{"epoch", run.at("epoch")}, {"host", "node1"}, {"pid", 42}}, how);
  REQUIRE_MESSAGE(r.status == 200, r.text);
  REQUIRE(r.str("state") == "running");
  return id;
}

std::string rest_server::crash_run(const std::string& sweep, const std::string& agent,
                                   const sent& how) {
  auto id = start_run(sweep, agent, how);
  const auto r = post("/api/v1/runs/" + id + "/finish", {{"epoch", 1}, {"signal", 9}}, how);
  REQUIRE_MESSAGE(r.status == 200, r.text);
  REQUIRE_MESSAGE(r.str("state") == "crashed", r.text);
  return id;
}

std::string rest_server::make_key(const std::string& role, const std::string& project,
                                  const std::string& by) {
  sent how;
  how.key = by;
  const auto r = post("/api/v1/keys", {{"name", role}, {"role", role}, {"project", project}}, how);
  REQUIRE_MESSAGE(r.status == 201, r.text);
  // With the first key the server closes to everybody else, within a second: asking is the waiting.
  int keyless = 200;
  for (int i = 0; i < 100'000 && keyless == 200; ++i) keyless = get("/api/v1/whoami").status;
  REQUIRE(keyless == 401);
  return r.str("key");
}

}  // namespace sweepd::test
