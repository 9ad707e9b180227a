// `sweepd serve` as a process: what it refuses, what it writes down, how it ends. Each server is a
// forked child whose words on stderr tell the test when it is ready; nothing here waits on time.
#include "controller/http/client.hpp"
#include "controller/serve/serve.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
namespace bj = boost::json;

class directory {
 public:
  directory() {
    std::string name = (fs::temp_directory_path() / "sweepd-serve-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  directory(const directory&) = delete;
  directory& operator=(const directory&) = delete;
  [[nodiscard]] std::string at(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

class server_process {
 public:
  explicit server_process(std::vector<std::string> args) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::dup2(ends[1], STDERR_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      args.insert(args.begin(), "serve");
      std::vector<char*> argv;
      for (auto& a : args) argv.push_back(a.data());
      argv.push_back(nullptr);
      std::_Exit(sweepd::serve::main(static_cast<int>(args.size()), argv.data()));
    }
    ::close(ends[1]);
    errors_ = ends[0];
  }
  ~server_process() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    ::close(errors_);
  }
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;

  /// Reads on until `words` have been said; false: it ended without saying them.
  bool says(const std::string& words) {
    char piece[4096];
    while (said.find(words) == std::string::npos) {
      const auto n = ::read(errors_, piece, sizeof piece);
      if (n <= 0) return false;
      said.append(piece, static_cast<std::size_t>(n));
    }
    return true;
  }
  void signal(int number) const { REQUIRE(::kill(pid_, number) == 0); }
  /// Waits for its end; 128 + n when a signal ended it.
  int exit_code() {
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string said;

 private:
  pid_t pid_ = -1;
  int errors_ = -1;
};

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string url_in(const std::string& data) {
  auto text = text_of(data + "/sweepd.url");
  return text.substr(0, text.find('\n'));
}

unsigned mode_of(const std::string& path) {
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777u;
}

sweepd::result<bj::value> call(const std::string& url, std::string method, std::string target,
                               bj::value body = nullptr) {
  asio::io_context io;
  sweepd::http::client_options o;
  o.url = url;
  sweepd::http::client c(io.get_executor(), o);
  auto exchange = c.call(std::move(method), std::move(target), std::move(body));
  auto done = asio::co_spawn(io, std::move(exchange), asio::use_future);
  io.run();
  return done.get();
}

std::string make_sweep(const std::string& url) {
  const std::string yaml = "program: t.py\nmethod: grid\nparameters: {x: {values: [1, 2]}}\n";
  const auto made = call(url, "POST", "/api/v1/sweeps", {{"yaml", yaml}});
  REQUIRE(made.has_value());
  return std::string(made->at("id").get_string());
}

std::string metrics_of(const std::string& url) {
  asio::io_context io;
  sweepd::http::client_options o;
  o.url = url;
  sweepd::http::client c(io.get_executor(), o);
  std::map<std::string, std::string> no_headers;
  auto exchange = c.send("GET", "/metrics", "", "", no_headers, std::chrono::milliseconds{30'000});
  auto done = asio::co_spawn(io, std::move(exchange), asio::use_future);
  io.run();
  const auto r = done.get();
  REQUIRE(r.has_value());
  return r->body;
}

/// A connection that has sent a head and owes the body. The interim answer says that it is in hand.
class half_request {
 public:
  explicit half_request(const std::string& url) : socket_(io_) {
    const auto port = url.substr(url.rfind(':') + 1);
    socket_.connect({asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::stoi(port))});
    const std::string head = "POST /api/v1/validate HTTP/1.1\r\nHost: 127.0.0.1:" + port +
                             "\r\nContent-Type: application/json\r\nContent-Length: 10\r\n"
                             "Expect: 100-continue\r\n\r\n";
    asio::write(socket_, asio::buffer(head));
    std::string answer(25, '\0');
    asio::read(socket_, asio::buffer(answer));
    REQUIRE(answer.starts_with("HTTP/1.1 100"));
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_;
};

}  // namespace

TEST_CASE("serve: says where it is, keeps its files to itself, and drains on SIGTERM") {
  const directory d;
  const auto data = d.at("data");
  server_process server({"--listen", "127.0.0.1:0", "--data", data});
  REQUIRE_MESSAGE(server.says("no API keys"), server.said);
  const auto url = url_in(data);
  CHECK(server.said.find(url) != std::string::npos);
  CHECK(server.said.find(data) != std::string::npos);
  CHECK(server.said.find("mode enforce") != std::string::npos);
  CHECK(mode_of(data) == 0700);
  for (const char* name : {"/sweepd.db", "/sweepd.url"}) CHECK(mode_of(data + name) == 0600);
  const auto status = call(url, "GET", "/api/v1/status");
  REQUIRE(status.has_value());
  CHECK(status->at("ready").get_bool());
  server.signal(SIGTERM);
  CHECK(server.exit_code() == 0);
  CHECK(!fs::exists(data + "/sweepd.url"));
}

TEST_CASE("serve: an address beyond this machine is refused while there is no key") {
  const directory d;
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0", "0:0", "*:0", "0x0:0", "0.0.0.0:8088",
                              "[::ffff:0.0.0.0]:0", "example.invalid:0", ":0", "8088", "[::1%lo]x:0"}) {
    CAPTURE(address);
    server_process server({"--listen", address, "--data", d.at("data")});
    CHECK(server.exit_code() == sweepd::serve::exit_config);
    CHECK(!server.says("listens on"));
    CHECK(server.said.find("error: ") != std::string::npos);
  }
}

TEST_CASE("serve: an address or a database in use is told apart from a wrong configuration") {
  const directory d;
  server_process first({"--listen", "127.0.0.1:0", "--data", d.at("first")});
  REQUIRE(first.says("listens on"));
  const auto url = url_in(d.at("first"));
  server_process same_address({"--listen", url.substr(7), "--data", d.at("second")});
  CHECK(same_address.exit_code() == sweepd::serve::exit_address);
  server_process same_data({"--listen", "127.0.0.1:0", "--data", d.at("first")});
  CHECK(same_data.exit_code() == sweepd::serve::exit_config);
  CHECK(!same_data.says("listens on"));
  CHECK(same_data.said.find("owns") != std::string::npos);
  CHECK(call(url, "GET", "/api/v1/status").has_value());  // the first one is unharmed
}

TEST_CASE("serve: a wrong file names every place, a wrong flag is a usage error") {
  const directory d;
  std::ofstream(d.at("sweepd.yaml")) << "listn: 127.0.0.1:0\ncrash_policy:\n  fail_after: 10\n";
  server_process server({"--config", d.at("sweepd.yaml"), "--data", d.at("data")});
  CHECK(server.exit_code() == sweepd::serve::exit_config);
  CHECK(!server.says("listens on"));
  CHECK(server.said.find("sweepd.yaml:1:1: ") != std::string::npos);
  CHECK(server.said.find("sweepd.yaml:3:15: ") != std::string::npos);
  server_process flag({"--no-such-flag"});
  CHECK(flag.exit_code() == sweepd::serve::exit_usage);
}

TEST_CASE("serve: a data directory that others may read is refused") {
  const directory d;
  fs::create_directory(d.at("data"));
  fs::permissions(d.at("data"), fs::perms(0755));
  server_process server({"--listen", "127.0.0.1:0", "--data", d.at("data")});
  CHECK(server.exit_code() == sweepd::serve::exit_config);
}

TEST_CASE("serve: what was answered is there after a kill") {
  const directory d;
  std::string id;
  {
    server_process server({"--listen", "127.0.0.1:0", "--data", d.at("data")});
    REQUIRE(server.says("no API keys"));
    id = make_sweep(url_in(d.at("data")));
    server.signal(SIGKILL);
    CHECK(server.exit_code() == 128 + SIGKILL);
  }
  server_process server({"--listen", "127.0.0.1:0", "--data", d.at("data")});
  REQUIRE(server.says("no API keys"));
  CHECK(call(url_in(d.at("data")), "GET", "/api/v1/sweeps/" + id).has_value());
}

TEST_CASE("serve: a claim that waits is answered when the server drains, and does not hold it up") {
  const directory d;
  server_process server({"--listen", "127.0.0.1:0", "--data", d.at("data"), "--drain", "1h"});
  REQUIRE(server.says("no API keys"));
  const auto url = url_in(d.at("data"));
  const auto sweep = "/api/v1/sweeps/" + make_sweep(url);
  REQUIRE(call(url, "POST", sweep + "/pause").has_value());
  const auto joined = call(url, "POST", sweep + "/agents", {{"name", "a"}});
  REQUIRE(joined.has_value());

  const bj::value body{{"agent", joined->at("agent")}, {"request_id", "r"}, {"wait", "60s"}};
  auto waiting = std::async(std::launch::async, [&] { return call(url, "POST", sweep + "/claims", body); });
  while (metrics_of(url).find("\nsweepd_claims_waiting 1\n") == std::string::npos) continue;
  server.signal(SIGTERM);
  const auto told = waiting.get();
  REQUIRE(told.has_value());
  CHECK(told->at("code").get_string() == "draining");
  CHECK(server.exit_code() == 0);
}

TEST_CASE("serve: a second signal ends a drain at once") {
  const directory d;
  server_process server({"--listen", "127.0.0.1:0", "--data", d.at("data"), "--drain", "1h"});
  REQUIRE(server.says("no API keys"));
  // A client that never sends the body it announced is a request in flight.
  const half_request slow(url_in(d.at("data")));
  server.signal(SIGTERM);
  REQUIRE(server.says("draining"));
  server.signal(SIGINT);
  CHECK(server.exit_code() == 128 + SIGINT);
}
