// A server that answers what a test wrote down, over real sockets, and keeps what it was asked.
// Each connection has a thread of its own; no test waits for time, only for answers.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json.hpp>

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sweepd::cli::test {

struct asked {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

struct canned {
  int status = 200;
  std::string body;
  std::vector<std::string> headers = {};  ///< "Name: value"
  bool hold = false;                      ///< keep the connection open behind the body (a stream)
  bool cut = false;                       ///< close the connection instead of answering
};

class scripted_server {
 public:
  scripted_server();
  ~scripted_server();
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  /// `what`: "GET /api/v1/sweeps?limit=1000", or without the query to match any. Answers are given
  /// in the order added; the last one again and again. What is not scripted is 404.
  void on(const std::string& what, canned answer);
  void on(const std::string& what, const std::string& body) { on(what, canned{200, body}); }
  /// problem+json with a request id.
  void refuse(const std::string& what, int status, const std::string& code,
              const std::string& detail, const std::string& more = {});

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<asked> requests() const;
  /// Requests whose method and path (without the query) are these.
  [[nodiscard]] std::vector<asked> requests(const std::string& what) const;

 private:
  void accept();
  void serve(std::shared_ptr<boost::asio::ip::tcp::socket> socket);
  canned answer_for(const asked& request);

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  mutable std::mutex lock_;
  std::map<std::string, std::deque<canned>> script_;
  std::vector<asked> requests_;
  std::list<std::thread> threads_;
  std::vector<std::shared_ptr<boost::asio::ip::tcp::socket>> sockets_;
  bool stopping_ = false;
  std::thread accepting_;
};

/// One command line, run in this process with its own environment and streams.
struct session {
  std::map<std::string, std::string> env{
      {"HOME", "/nonexistent"}, {"LANG", "C.UTF-8"}, {"TERM", "xterm"}};
  std::string input;
  bool terminal = false;  ///< stdin, stdout and stderr
  std::size_t width = 100;
  std::string now = "2026-11-22T18:00:00Z";

  std::string out, err;  ///< of the last call
  int run(std::vector<std::string> args);
  /// The same with --url of the server.
  int run(const scripted_server& server, std::vector<std::string> args);
};

}  // namespace sweepd::cli::test
