// Reads lines with read(2) in large portions, since a line may carry a hundred thousand runs, and
// answers each before it reads the next.
#include "controller/suggest/suggest.hpp"

#include "controller/suggest/responder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

namespace sweepd::suggest {
namespace {

constexpr int exit_usage = 2;
constexpr int exit_io = 74;
constexpr std::size_t portion = std::size_t{1} << 20;
constexpr std::size_t line_bytes_max = std::size_t{1} << 30;

/// The lines of a file descriptor, without their ends. The last one may lack its end.
class line_source {
 public:
  explicit line_source(int fd) : fd_(fd) {
    ::fcntl(fd_, F_SETPIPE_SZ, static_cast<int>(portion));  // a pipe that takes a line at once; or not
  }

  /// The next line, valid until the next call; false at the end, and when reading failed.
  bool next(std::string_view& line) {
    if (begin_ == end_) begin_ = end_ = searched_ = 0;
    while (true) {
      const auto* from = buffer_.data() + searched_;
      if (const auto* stop = static_cast<const char*>(std::memchr(from, '\n', end_ - searched_))) {
        const auto at = static_cast<std::size_t>(stop - buffer_.data());
        line = {buffer_.data() + begin_, at - begin_};
        begin_ = searched_ = at + 1;
        return true;
      }
      searched_ = end_;
      const auto got = fill();
      if (got > 0) continue;
      failed_ = got < 0;
      if (failed_ || begin_ == end_) return false;
      line = {buffer_.data() + begin_, end_ - begin_};
      begin_ = end_;
      return true;
    }
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  ssize_t fill() {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      searched_ -= begin_;
      begin_ = 0;
    }
    if (end_ >= line_bytes_max) return errno = EMSGSIZE, -1;
    if (buffer_.size() < end_ + portion) buffer_.resize(std::max(buffer_.size() * 2, end_ + portion));
    while (true) {
      const auto got = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
      if (got < 0 && errno == EINTR) continue;
      if (got > 0) end_ += static_cast<std::size_t>(got);
      return got;
    }
  }

  int fd_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0, searched_ = 0;
  bool failed_ = false;
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    const std::string_view word = argv[1];
    if (word == "--help" || word == "-h") {
      const auto text = help_text();
      return write_all(STDOUT_FILENO, text) ? 0 : exit_io;
    }
    std::fprintf(stderr,
                 "error: suggest takes no operands and no options, not '%s' — see 'sweepd suggest "
                 "--help'\n",
                 argv[1]);
    return exit_usage;
  }
  std::signal(SIGPIPE, SIG_DFL);  // a reader that went away ends us quietly
  responder answers;
  line_source lines(STDIN_FILENO);
  for (std::string_view line; lines.next(line);) {
    if (blank(line)) continue;
    auto text = answers.answer(line);
    text += '\n';
    if (!write_all(STDOUT_FILENO, text)) {
      std::fprintf(stderr, "error: an answer could not be written: %s\n", std::strerror(errno));
      return exit_io;
    }
  }
  if (!lines.failed()) return 0;
  std::fprintf(stderr, "error: the input could not be read: %s\n", std::strerror(errno));
  return exit_io;
}

}  // namespace sweepd::suggest
