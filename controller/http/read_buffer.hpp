// Bytes read from a connection and not yet used, contiguous. Kept small while a connection is idle:
// there may be 20,000 of them. Used by the session and the client, one thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace sweepd::http {

class read_buffer {
 public:
  [[nodiscard]] std::string_view view() const { return {data_.data() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }

  void consume(std::size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  /// Room for `n` more bytes at the end. Moves what is held: views into it end here.
  char* room(std::size_t n) {
    if (begin_ > 0) {
      std::memmove(data_.data(), data_.data() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    if (data_.size() < end_ + n) data_.resize(end_ + n);
    return data_.data() + end_;
  }
  void commit(std::size_t n) { end_ += n; }

  /// Gives memory back when nothing is held and it has grown beyond `keep`.
  void shrink(std::size_t keep) {
    if (size() == 0 && data_.size() > keep) std::vector<char>().swap(data_);
  }

 private:
  std::vector<char> data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace sweepd::http
