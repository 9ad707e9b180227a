// Load for the benchmarks: N keep-alive connections on one thread, each with one request in flight.
//
//   sweepd_bench_load PORT CONNECTIONS SECONDS [--once] [--bodies] [--expect TEXT] < REQUESTS
//
// REQUESTS: one a line, METHOD TAB PATH TAB BODY. Without --once connection i repeats line i (mod lines) for
// SECONDS; with it every line is sent once, by whichever connection is free. --bodies prints each answer's body.
// The last line is JSON: requests, bad (status not 2xx, or TEXT not in the body), seconds, cpu_seconds of this
// program, mean_us, p50_us, p99_us, first_bad. Plain sockets and epoll: the generator must cost less than what
// it measures.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

struct options {
  unsigned short port = 0;
  std::size_t connections = 1;
  double seconds = 1;
  bool once = false;
  bool bodies = false;
  std::string expect;
};

struct connection {
  int fd = -1;
  std::string in;
  clock_type::time_point sent;
};

[[noreturn]] void stop(const char* what) {
  std::perror(what);
  std::exit(2);
}

std::vector<std::string> read_requests(unsigned short port) {
  std::vector<std::string> out;
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto a = line.find('\t');
    const auto b = line.find('\t', a + 1);
    if (a == std::string::npos || b == std::string::npos) continue;
    const auto body = line.substr(b + 1);
    out.push_back(line.substr(0, a) + " " + line.substr(a + 1, b - a - 1) +
                  " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\nContent-Type: application/json\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  return out;
}

int connect_to(unsigned short port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) stop("connect");
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/// The length of the whole answer at the front of `in`; 0: not there yet. `head`: up to its body.
std::size_t whole_answer(std::string_view in, std::size_t& head) {
  const auto end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  head = end + 4;
  constexpr std::string_view name = "\r\nContent-Length: ";
  const auto at = in.find(name);
  if (at == std::string_view::npos || at > end) return head;
  const auto length = std::strtoul(in.data() + at + name.size(), nullptr, 10);
  return in.size() >= head + length ? head + length : 0;
}

class load {
 public:
  load(options o, std::vector<std::string> requests) : opts_(std::move(o)), requests_(std::move(requests)) {}

  void run() {
    epoll_ = ::epoll_create1(0);
    connections_.resize(opts_.connections);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].fd = connect_to(opts_.port);
      epoll_event e{};
      e.events = EPOLLIN;
      e.data.u64 = i;
      if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].fd, &e) != 0) stop("epoll_ctl");
    }
    began_ = clock_type::now();
    for (std::size_t i = 0; i < connections_.size(); ++i) send_next(i);
    std::array<epoll_event, 256> ready{};
    while (in_flight_ > 0) {
      const int n = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 60'000);
      if (n == 0) {
        std::fputs("no answer for 60 s\n", stderr);
        std::exit(2);
      }
      for (int k = 0; k < n; ++k) receive(static_cast<std::size_t>(ready[static_cast<std::size_t>(k)].data.u64));
    }
    ended_ = clock_type::now();
  }

  void report() {
    std::sort(times_us_.begin(), times_us_.end());
    double sum = 0;
    for (const auto t : times_us_) sum += t;
    const auto n = times_us_.size();
    const auto at = [&](double share) { return n == 0 ? 0.0 : times_us_[static_cast<std::size_t>(share * static_cast<double>(n - 1))]; };
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds_of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
    for (char& c : first_bad_)
      if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) c = ' ';
    std::printf("{\"requests\": %zu, \"bad\": %zu, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"mean_us\": %.1f, "
                "\"p50_us\": %.1f, \"p99_us\": %.1f, \"first_bad\": \"%s\"}\n",
                n, bad_, std::chrono::duration<double>(ended_ - began_).count(),
                seconds_of(used.ru_utime) + seconds_of(used.ru_stime), n == 0 ? 0 : sum / static_cast<double>(n), at(0.5), at(0.99),
                first_bad_.c_str());
  }

 private:
  void send_next(std::size_t i) {
    const std::string* what = nullptr;
    const auto now = clock_type::now();
    if (opts_.once) {
      if (next_ < requests_.size() && now - began_ < std::chrono::duration<double>(opts_.seconds)) what = &requests_[next_++];
    } else if (now - began_ < std::chrono::duration<double>(opts_.seconds)) {
      what = &requests_[i % requests_.size()];
    }
    if (what == nullptr) return;
    auto& c = connections_[i];
    c.sent = now;
    // Requests are smaller than a socket's buffer: one call takes all of it.
    if (::send(c.fd, what->data(), what->size(), MSG_NOSIGNAL) != static_cast<ssize_t>(what->size())) stop("send");
    ++in_flight_;
  }

  void receive(std::size_t i) {
    auto& c = connections_[i];
    std::array<char, 16 * 1024> bytes{};
    const auto n = ::recv(c.fd, bytes.data(), bytes.size(), 0);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
      std::fputs("the server closed a connection\n", stderr);
      std::exit(2);
    }
    c.in.append(bytes.data(), static_cast<std::size_t>(n));
    std::size_t head = 0;
    const auto length = whole_answer(c.in, head);
    if (length == 0) return;
    times_us_.push_back(std::chrono::duration<double, std::micro>(clock_type::now() - c.sent).count());
    judge(std::string_view(c.in).substr(0, length), head);
    c.in.erase(0, length);
    --in_flight_;
    send_next(i);
  }

  void judge(std::string_view answer, std::size_t head) {
    const auto body = answer.substr(head);
    const bool good = answer.size() > 9 && answer[9] == '2' &&
                      (opts_.expect.empty() || body.find(opts_.expect) != std::string_view::npos);
    if (!good && bad_++ == 0) first_bad_ = std::string(answer.substr(0, 15)) + " ... " + std::string(body.substr(0, 300));
    if (opts_.bodies) std::printf("%.*s\n", static_cast<int>(body.size()), body.data());
  }

  options opts_;
  std::vector<std::string> requests_;
  std::vector<connection> connections_;
  int epoll_ = -1;
  std::size_t next_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t bad_ = 0;
  std::string first_bad_;
  std::vector<double> times_us_;
  clock_type::time_point began_, ended_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: sweepd_bench_load PORT CONNECTIONS SECONDS [--once] [--bodies] [--expect TEXT] < REQUESTS\n", stderr);
    return 2;
  }
  options o;
  o.port = static_cast<unsigned short>(std::atoi(argv[1]));
  o.connections = static_cast<std::size_t>(std::max(1, std::atoi(argv[2])));
  o.seconds = std::atof(argv[3]);
  for (int i = 4; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--once") o.once = true;
    else if (word == "--bodies") o.bodies = true;
    else if (word == "--expect" && i + 1 < argc) o.expect = argv[++i];
  }
  auto requests = read_requests(o.port);
  if (requests.empty()) {
    std::fputs("no requests on stdin\n", stderr);
    return 2;
  }
  load l(std::move(o), std::move(requests));
  l.run();
  l.report();
  return 0;
}
