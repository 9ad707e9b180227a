// SQLite connections as this store uses them, and the few lines that bind, step and map errors.
//
// The rule that keeps SQLite 3.40 safe here: exactly one connection, the writer's, ever writes or
// checkpoints (the WAL-reset bug of SQLite before 3.51.3 needs two). Readers are opened read-only and
// leave the WAL alone even when they close. No memory mapping. Connections carry no mutex of their
// own: each is used by one thread at a time. Only .cpp files of this folder include this header.
#pragma once

#include "controller/base/result.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace sweepd::store {

/// "swpd" in the file's header: what the file is, for us and for file(1).
inline constexpr int application_id = 0x73777064;

/// The one writing connection: WAL, no automatic checkpoints (the store does them itself).
/// `full`: PRAGMA synchronous=EXTRA, else NORMAL. Throws SQLite::Exception.
SQLite::Database open_writer(const std::string& path, const std::string& vfs, bool full);
/// A read-only connection that never checkpoints. Throws SQLite::Exception.
SQLite::Database open_reader(const std::string& path, const std::string& vfs);

/// disk_full when SQLite or the system says so and nothing can have been written; else internal. Call
/// it before anything else is done with the connection.
error to_error(const SQLite::Exception& e, sqlite3* db, const std::string& path);

/// A blob to bind; must live until the statement is done.
struct blob {
  const void* data;
  std::size_t size;
  explicit blob(std::string_view bytes) : data(bytes.data()), size(bytes.size()) {}
  template <std::size_t N>
  explicit blob(const std::array<unsigned char, N>& bytes) : data(bytes.data()), size(N) {}
};

template <class T>
void bind_one(SQLite::Statement& s, int place, const T& x) {
  if constexpr (std::is_same_v<T, std::string>)
    s.bindNoCopy(place, x);
  else if constexpr (std::is_same_v<T, blob>)
    s.bindNoCopy(place, x.data, static_cast<int>(x.size));
  else if constexpr (std::is_same_v<T, std::optional<std::string>>)
    x ? s.bindNoCopy(place, *x) : s.bind(place);
  else if constexpr (std::is_same_v<T, std::optional<std::int64_t>>)
    x ? s.bind(place, *x) : s.bind(place);
  else
    s.bind(place, static_cast<std::int64_t>(x));
}

/// Makes the statement ready and binds its parameters in order. Texts and blobs are not copied.
template <class... A>
void bind_all(SQLite::Statement& s, const A&... args) {
  s.tryReset();  // its code is the last run's, reported then
  int place = 0;
  (bind_one(s, ++place, args), ...);
}

/// Runs a statement that gives no rows; the number of rows it changed.
template <class... A>
int run(SQLite::Statement& s, const A&... args) {
  bind_all(s, args...);
  const int changed = s.exec();
  s.tryReset();
  return changed;
}

/// Calls `each(statement)` for every row.
template <class Each, class... A>
void for_rows(SQLite::Statement& s, Each&& each, const A&... args) {
  bind_all(s, args...);
  while (s.executeStep()) each(s);
  s.tryReset();
}

/// A column's bytes, text or blob; valid until the next step.
inline std::string_view bytes_at(SQLite::Statement& s, int column) {
  const auto c = s.getColumn(column);
  const auto* data = static_cast<const char*>(c.getBlob());
  return data == nullptr ? std::string_view() : std::string_view(data, static_cast<std::size_t>(c.getBytes()));
}
inline std::string text_at(SQLite::Statement& s, int column) { return std::string(bytes_at(s, column)); }
inline std::int64_t int_at(SQLite::Statement& s, int column) { return s.getColumn(column).getInt64(); }

}  // namespace sweepd::store
