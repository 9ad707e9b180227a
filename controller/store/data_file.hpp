// The database file as a thing on disk: who owns it, who may read it, how much room there is.
//
// Ownership is an flock on "<file>.lock": the kernel drops it with the process, however that ends. The
// database file itself is never opened here, since closing any descriptor of it would drop SQLite's
// own locks. What it does not do: look inside (see connection.hpp).
#pragma once

#include "controller/base/result.hpp"

#include <cstdint>
#include <string>

namespace sweepd::store {

/// A database file this process owns until the object dies.
class data_file {
 public:
  /// Makes the directory (0700) and the file (0600) when missing, and takes ownership.
  /// Errors: conflict when another process owns it, naming its pid; invalid when others may read it;
  /// disk_full; internal.
  static result<data_file> claim(const std::string& path);

  data_file(data_file&& other) noexcept;
  data_file& operator=(data_file&& other) noexcept;
  ~data_file();

  /// Absolute, so that the working directory may change.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Bytes an ordinary process may still write; the highest number when the system does not say.
  [[nodiscard]] std::uint64_t room() const;

 private:
  data_file(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string path_;
  int lock_ = -1;
};

/// Makes names created in `file`'s directory durable.
result<void> sync_directory_of(const std::string& file);
/// Refuses a file that group or others may read. A file that is not there is fine.
result<void> check_private(const std::string& file);

}  // namespace sweepd::store
