#include "controller/store/sqlite_reader.hpp"

#include "controller/store/data_file.hpp"
#include "controller/store/documents.hpp"
#include "controller/store/event_chain.hpp"
#include "controller/store/reader_pool.hpp"
#include "controller/store/statements.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sweepd::store {
namespace {

constexpr std::uint64_t verify_page_rows = 10'000;
/// Steps of SQLite's machine between two looks at a flag that ends a long check.
constexpr int progress_steps = 10'000;

core::stored_event event_at(SQLite::Statement& s) {
  core::stored_event e;
  e.seq = static_cast<std::uint64_t>(int_at(s, 0));
  e.wall = instant{milliseconds{int_at(s, 1)}};
  e.at = mono{milliseconds{int_at(s, 2)}};
  e.actor = text_at(s, 3);
  e.type = text_at(s, 4);
  e.sweep = text_at(s, 5);
  e.run = text_at(s, 6);
  e.agent = text_at(s, 7);
  e.body = text_at(s, 8);
  digest hash{};
  const auto bytes = bytes_at(s, 9);
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
  e.hash = hex(hash);
  return e;
}

/// SQLite counts in signed 64 bits; beyond that there is nothing.
std::int64_t clamp(std::uint64_t n) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(n, INT64_MAX));
}

bool is_rare(std::string_view type) {
  return std::string_view(sql::and_rare).find("'" + std::string(type) + "'") == std::string_view::npos;
}

std::vector<core::stored_event> select_events(SQLite::Database& db, const core::event_filter& f) {
  std::uint64_t after = f.after;
  if (f.since && after == 0) {
    // Where to begin, so that "the last hour" does not walk over a year. Wall time may have jumped, so
    // the condition itself stays.
    std::int64_t first_seq = 0;
    SQLite::Statement first(db, sql::first_since);
    for_rows(first, [&](auto& s) { first_seq = int_at(s, 0); }, f.since->time_since_epoch().count());
    if (first_seq == 0) return {};
    after = static_cast<std::uint64_t>(first_seq) - 1;
  }
  std::string text = sql::select_events;
  std::vector<std::string> values;
  const auto equals = [&](const char* condition, const std::string& value) {
    text += condition + std::to_string(values.size() + 4);
    values.push_back(value);
  };
  if (f.since) text += " AND +wall >= ?2";  // by seq, not by the index over wall and a sort
  if (f.sweep) equals(" AND sweep = ?", f.sweep->value);
  if (f.run) equals(" AND run = ?", f.run->value);
  if (f.agent) equals(" AND agent = ?", f.agent->value);
  if (!f.type.empty()) {
    equals(" AND type = ?", f.type);
    if (is_rare(f.type)) text += sql::and_rare;  // what the index needs to see
  }
  text += f.newest_first ? " ORDER BY seq DESC LIMIT ?3" : " ORDER BY seq LIMIT ?3";
  SQLite::Statement s(db, text);
  s.bind(1, clamp(after));
  if (f.since) s.bind(2, static_cast<std::int64_t>(f.since->time_since_epoch().count()));
  s.bind(3, clamp(f.limit));
  for (std::size_t i = 0; i < values.size(); ++i) s.bindNoCopy(static_cast<int>(i) + 4, values[i]);
  std::vector<core::stored_event> out;
  while (s.executeStep()) out.push_back(event_at(s));
  return out;
}

struct chain_end {
  std::uint64_t seq = 0;
  std::string hash;
};

chain_end end_by(SQLite::Database& db, const char* query, int seq_column, int hash_column) {
  chain_end out;
  SQLite::Statement s(db, query);
  for_rows(s, [&](auto& row) {
    out.seq = static_cast<std::uint64_t>(int_at(row, seq_column));
    out.hash = text_at(row, hash_column);
  });
  return out;
}

/// Pages through the log, so that no transaction stays open for long; what was there at the beginning
/// never changes, and what came later is for the next call.
std::optional<std::uint64_t> first_broken(SQLite::Database& db) {
  SQLite::Transaction together(db);
  const auto head = end_by(db, sql::read_meta, 2, 3);
  const auto last = end_by(db, sql::last_event, 0, 1);
  together.commit();
  event_chain chain;
  std::optional<std::uint64_t> broken;
  std::uint64_t seq = 0;
  SQLite::Statement page(db, sql::chain_page);
  for (bool more = true; more && !broken;) {
    more = false;
    for_rows(
        page,
        [&](auto& s) {
          if (broken) return;
          more = true;
          const event_row row{static_cast<std::uint64_t>(int_at(s, 0)), int_at(s, 1), int_at(s, 2),
                              bytes_at(s, 3), bytes_at(s, 4), bytes_at(s, 5), bytes_at(s, 6),
                              bytes_at(s, 7), bytes_at(s, 8)};
          const auto& hash = chain.add(row);
          const std::string_view expected(reinterpret_cast<const char*>(hash.data()), hash.size());
          if (row.seq != ++seq || bytes_at(s, 9) != expected) broken = seq;
        },
        seq, head.seq, verify_page_rows);
  }
  if (broken) return broken;
  if (seq != head.seq) return seq + 1;                      // the tail was cut off
  if (last.seq != head.seq) return std::min(last.seq, head.seq) + 1;  // or one was added
  if (seq != 0 && last.hash != head.hash) return seq;
  return std::nullopt;
}

std::string read_log(SQLite::Database& db, const run_id& run, std::uint64_t from, std::size_t limit) {
  std::string out;
  SQLite::Statement s(db, sql::read_log);
  bind_all(s, run.value, clamp(from));
  while (out.size() < limit && s.executeStep()) {
    const auto offset = static_cast<std::uint64_t>(int_at(s, 0));
    auto bytes = bytes_at(s, 1);
    if (offset < from) bytes.remove_prefix(std::min<std::uint64_t>(bytes.size(), from - offset));
    out += bytes.substr(0, limit - out.size());
  }
  return out;
}

result<std::string> read_file(SQLite::Database& db, const run_id& run, const std::string& name,
                              std::uint64_t from, std::size_t limit) {
  SQLite::Transaction together(db);  // a newer file of that name must not come in between
  std::optional<std::string> transfer;
  SQLite::Statement find(db, sql::find_file);
  for_rows(find, [&](auto& s) { transfer = text_at(s, 0); }, run.value, name);
  if (!transfer) return fail(errc::not_found, "run " + run.value + " has no file " + name);
  std::string out;
  std::uint64_t offset = 0;
  SQLite::Statement parts(db, sql::list_parts);
  SQLite::Statement part(db, sql::read_part);
  bind_all(parts, *transfer);
  while (out.size() < limit && parts.executeStep()) {
    const auto size = static_cast<std::uint64_t>(int_at(parts, 1));
    if (offset + size > from) {
      const auto skip = from > offset ? from - offset : 0;
      for_rows(part, [&](auto& s) { out += bytes_at(s, 0); }, *transfer, int_at(parts, 0), skip,
               std::min<std::uint64_t>(limit - out.size(), size - skip));
    }
    offset += size;
  }
  return out;
}

error os_error(const std::string& what, const std::string& path) {
  const int code = errno;
  const auto kind = code == EEXIST                       ? errc::conflict
                    : code == ENOSPC || code == EDQUOT   ? errc::disk_full
                    : code == ENOENT || code == ENOTDIR  ? errc::not_found
                                                         : errc::internal;
  return error{kind, what + ": " + std::generic_category().message(code), path};
}

/// The copy is durable, name and all, before anybody is told that there is one.
result<void> sync_copy(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return tl::unexpected(os_error("cannot open the backup", path));
  const bool ok = ::fsync(fd) == 0;
  auto outcome = ok ? result<void>{} : tl::unexpected(os_error("cannot sync the backup", path));
  ::close(fd);
  return outcome ? sync_directory_of(path) : outcome;
}

}  // namespace

struct sqlite_reader::impl {
  reader_pool pool;
  std::shared_ptr<sync_gate> gate;
  impl(const std::string& path, const std::string& vfs, std::shared_ptr<sync_gate> g)
      : pool(path, vfs, reader_connections), gate(std::move(g)) {}

  template <class T>
  struct flat {
    using type = result<T>;
  };
  template <class T>
  struct flat<result<T>> {
    using type = result<T>;
  };

  /// Runs `read` on a connection of its own, and waits until what it saw is durable.
  template <class Read>
  auto with(Read&& read) {
    auto out = once(read);
    if (auto ok = settled(); !ok) out = tl::unexpected(std::move(ok).error());
    return out;
  }
  result<void> settled() {
    if (!gate || gate->wait()) return {};
    return fail(errc::internal, "the store has failed", pool.path());
  }

  /// SQLite's exceptions end here.
  template <class Read>
  auto once(Read&& read) ->
      typename flat<decltype(read(std::declval<SQLite::Database&>()))>::type {
    SQLite::Database* db = nullptr;
    try {
      const auto lease = pool.take();
      db = &*lease;
      try {
        return read(*db);
      } catch (const SQLite::Exception& e) {
        return tl::unexpected(to_error(e, db->getHandle(), pool.path()));
      }
    } catch (const SQLite::Exception& e) {
      return tl::unexpected(to_error(e, nullptr, pool.path()));
    }
  }
};

sqlite_reader::sqlite_reader(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
sqlite_reader::~sqlite_reader() = default;

result<std::unique_ptr<sqlite_reader>> sqlite_reader::open(const std::string& path,
                                                           const std::string& vfs,
                                                           std::shared_ptr<sync_gate> gate) {
  auto made = std::make_unique<impl>(path, vfs, std::move(gate));
  auto ok = made->with([](SQLite::Database& db) { return end_by(db, sql::read_meta, 2, 3).seq; });
  if (!ok) return tl::unexpected(std::move(ok).error());
  return std::unique_ptr<sqlite_reader>(new sqlite_reader(std::move(made)));
}

result<std::vector<core::stored_event>> sqlite_reader::events(const core::event_filter& f) {
  return impl_->with([&](SQLite::Database& db) { return select_events(db, f); });
}

result<std::vector<std::string>> sqlite_reader::history(const run_id& run, std::uint64_t from,
                                                        std::size_t limit) {
  return impl_->with([&](SQLite::Database& db) {
    std::vector<std::string> out;
    SQLite::Statement s(db, sql::read_history);
    for_rows(s, [&](auto& row) { out.push_back(text_at(row, 0)); }, run.value, clamp(from), clamp(limit));
    return out;
  });
}

result<std::vector<std::string>> sqlite_reader::system_metrics(const run_id& run, std::uint64_t from,
                                                               std::size_t limit) {
  return impl_->with([&](SQLite::Database& db) {
    std::vector<std::string> out;
    SQLite::Statement s(db, sql::read_system);
    for_rows(s, [&](auto& row) { out.push_back(text_at(row, 0)); }, run.value, clamp(from), clamp(limit));
    return out;
  });
}

result<std::string> sqlite_reader::log(const run_id& run, std::uint64_t from, std::size_t limit) {
  return impl_->with([&](SQLite::Database& db) { return read_log(db, run, from, limit); });
}

result<std::uint64_t> sqlite_reader::log_start(const run_id& run) {
  return impl_->with([&](SQLite::Database& db) {
    std::uint64_t out = 0;
    SQLite::Statement s(db, sql::log_start);
    for_rows(s, [&](auto& row) { out = static_cast<std::uint64_t>(int_at(row, 0)); }, run.value);
    return out;
  });
}

result<std::vector<core::file_info>> sqlite_reader::files(const run_id& run) {
  return impl_->with([&](SQLite::Database& db) {
    std::vector<core::file_info> out;
    SQLite::Statement s(db, sql::list_files);
    for_rows(s, [&](auto& row) {
      out.push_back({text_at(row, 0), static_cast<std::uint64_t>(int_at(row, 1)), text_at(row, 2),
                     instant{milliseconds{int_at(row, 3)}}});
    }, run.value);
    return out;
  });
}

result<std::vector<std::optional<core::file_info>>> sqlite_reader::find_files(
    const run_id& run, const std::vector<std::string>& names) {
  return impl_->with([&](SQLite::Database& db) {
    std::vector<std::optional<core::file_info>> out(names.size());
    SQLite::Transaction together(db);
    SQLite::Statement s(db, sql::one_file);
    for (std::size_t i = 0; i < names.size(); ++i)
      for_rows(s, [&](auto& row) {
        out[i] = core::file_info{names[i], static_cast<std::uint64_t>(int_at(row, 0)), text_at(row, 1),
                                 instant{milliseconds{int_at(row, 2)}}};
      }, run.value, names[i]);
    return out;
  });
}

result<std::string> sqlite_reader::file(const run_id& run, const std::string& name,
                                        std::uint64_t from, std::size_t limit) {
  return impl_->with([&](SQLite::Database& db) { return read_file(db, run, name, from, limit); });
}

result<std::vector<core::webhook>> sqlite_reader::webhooks() {
  return impl_->with([](SQLite::Database& db) -> result<std::vector<core::webhook>> {
    std::vector<core::webhook> out;
    doc_reader docs;
    SQLite::Statement s(db, sql::load_webhooks);
    result<void> read;
    for_rows(s, [&](auto& row) {
      if (read) read = docs.read(bytes_at(row, 0), out.emplace_back());
    });
    if (!read) return tl::unexpected<error>(std::move(read).error());
    return out;
  });
}

result<std::optional<std::uint64_t>> sqlite_reader::verify() {
  return impl_->with([](SQLite::Database& db) { return first_broken(db); });
}

result<std::vector<std::string>> sqlite_reader::damage(const std::atomic<bool>* stop) {
  std::vector<std::string> out;
  try {
    auto db = open_reader(impl_->pool.path(), impl_->pool.vfs());
    try {
      const auto asked = [](void* flag) {
        return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0;
      };
      if (stop != nullptr)
        sqlite3_progress_handler(db.getHandle(), progress_steps, asked,
                                 const_cast<std::atomic<bool>*>(stop));
      SQLite::Statement s(db, "PRAGMA quick_check(20)");
      for_rows(s, [&](auto& row) { out.push_back(text_at(row, 0)); });
    } catch (const SQLite::Exception& e) {
      if (e.getErrorCode() == SQLITE_INTERRUPT) return std::vector<std::string>{};
      return tl::unexpected(to_error(e, db.getHandle(), impl_->pool.path()));
    }
  } catch (const SQLite::Exception& e) {
    return tl::unexpected(to_error(e, nullptr, impl_->pool.path()));
  }
  if (out.size() == 1 && out.front() == "ok") out.clear();
  return out;
}

result<void> sqlite_reader::backup(const std::string& path) {
  // VACUUM INTO takes an empty file; made here, so that it is private from its first byte on.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return tl::unexpected(os_error("cannot make the backup", path));
  ::close(fd);
  result<void> outcome;
  try {
    // A connection of its own: this may take long, and the pool is small.
    auto db = open_reader(impl_->pool.path(), impl_->pool.vfs());
    try {
      SQLite::Statement s(db, "VACUUM INTO ?1");
      run(s, path);
      outcome = sync_copy(path);
      if (outcome) outcome = impl_->settled();
    } catch (const SQLite::Exception& e) {
      outcome = tl::unexpected(to_error(e, db.getHandle(), path));
    }
  } catch (const SQLite::Exception& e) {
    outcome = tl::unexpected(to_error(e, nullptr, path));
  }
  if (!outcome) ::unlink(path.c_str());
  return outcome;
}

}  // namespace sweepd::store
