#include "controller/store/loader.hpp"

#include "controller/store/documents.hpp"
#include "controller/store/heartbeats.hpp"
#include "controller/store/statements.hpp"

#include <algorithm>
#include <future>
#include <unordered_map>

namespace sweepd::store {
namespace {

/// A damaged rowid must not become an allocation.
constexpr std::size_t reserved_rows_max = 4'000'000;

/// All trials, or what is wrong with the first one that cannot be read.
using trials_read = std::pair<std::vector<core::trial>, std::string>;

std::size_t count_rows(SQLite::Database& db, const char* query) {
  std::size_t n = 0;
  SQLite::Statement rows(db, query);
  for_rows(rows, [&](auto& s) { n = static_cast<std::size_t>(int_at(s, 0)); });
  return std::min(n, reserved_rows_max);
}

trials_read read_trials(SQLite::Database& db) {
  trials_read out;
  doc_reader reader;
  out.first.reserve(count_rows(db, sql::count_trials));
  SQLite::Statement rows(db, sql::load_trials);
  for_rows(rows, [&](auto& s) {
    if (!out.second.empty()) return;
    if (auto ok = reader.read(bytes_at(s, 1), out.first.emplace_back()); !ok)
      out.second = "trial " + text_at(s, 0) + ": " + ok.error().message;
  });
  return out;
}

/// Half of a start is reading trials: that is done beside the rest, over a connection of its own. Nobody
/// writes yet, so both see the same.
std::future<trials_read> begin_trials(SQLite::Database& db, const std::string& path, const std::string& vfs) {
  if (!vfs.empty()) return std::async(std::launch::deferred, [&db] { return read_trials(db); });
  return std::async(std::launch::async, [path] {
    auto own = open_reader(path, "");
    return read_trials(own);
  });
}

class loader {
 public:
  loader(SQLite::Database& db, const std::string& path, const std::string& vfs)
      : db_(db), path_(path), trials_(begin_trials(db, path, vfs)) {}

  result<core::snapshot> load() {
    out_.runs.reserve(count_rows(db_, sql::count_runs));
    const bool ok = load_meta() && load_sweeps() && load_runs() &&
                    load_rows(sql::load_agents, "agent", out_.agents) &&
                    load_rows(sql::load_keys, "key", out_.keys) &&
                    load_rows(sql::load_artifacts, "artifact", out_.artifacts) && load_replies() && load_beats() &&
                    take_trials() && check_sweeps();
    if (!ok)
      return fail(errc::internal,
                  wrong_ + "; the database is damaged: stop the server and put a backup in its place",
                  path_);
    return std::move(out_);
  }

 private:
  bool wrong(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
    return false;
  }

  template <class T>
  bool read(std::string_view kind, const std::string& id, std::string_view doc, T& row) {
    if (auto ok = reader_.read(doc, row); !ok)
      return wrong(std::string(kind) + " " + id + ": " + ok.error().message);
    return true;
  }

  bool take_trials() {
    auto [trials, what] = trials_.get();
    out_.trials = std::move(trials);
    return what.empty() || wrong(std::move(what));
  }

  bool load_meta() {
    std::string head;
    SQLite::Statement meta(db_, sql::read_meta);
    for_rows(meta, [&](auto& s) {
      out_.last = moment{instant{milliseconds{int_at(s, 1)}}, mono{milliseconds{int_at(s, 0)}}};
      out_.last_seq = static_cast<std::uint64_t>(int_at(s, 2));
      head = text_at(s, 3);
    });
    std::uint64_t seq = 0;
    std::string hash;
    SQLite::Statement last(db_, sql::last_event);
    for_rows(last, [&](auto& s) {
      seq = static_cast<std::uint64_t>(int_at(s, 0));
      hash = text_at(s, 1);
    });
    // Pair of row_writer::write_meta: what was written together is read together.
    if (seq != out_.last_seq || (seq != 0 && hash != head))
      return wrong("the event log ends at " + std::to_string(seq) + " but the last batch ended at " +
                   std::to_string(out_.last_seq));
    return true;
  }

  bool load_sweeps() {
    bool ok = true;
    SQLite::Statement rows(db_, sql::load_sweeps);
    for_rows(rows, [&](auto& s) {
      auto& row = out_.sweeps.emplace_back();
      ok = ok && read("sweep", text_at(s, 0), bytes_at(s, 1), row) &&
           read("spec of sweep", text_at(s, 0), bytes_at(s, 2), row.spec);
    });
    return ok;
  }

  template <class T>
  bool load_rows(const char* query, std::string_view kind, std::vector<T>& out) {
    bool ok = true;
    SQLite::Statement rows(db_, query);
    for_rows(rows, [&](auto& s) {
      ok = ok && read(kind, text_at(s, 0), bytes_at(s, 1), out.emplace_back());
    });
    return ok;
  }

  bool load_runs() {
    bool ok = true;
    SQLite::Statement rows(db_, sql::load_runs);
    for_rows(rows, [&](auto& s) {
      auto& row = out_.runs.emplace_back();
      ok = ok && read("run", text_at(s, 0), bytes_at(s, 1), row);
      row.log_tail = bytes_at(s, 2);
    });
    return ok;
  }

  bool load_replies() {
    SQLite::Statement rows(db_, sql::load_replies);
    for_rows(rows, [&](auto& s) {
      out_.replies.push_back({text_at(s, 0), text_at(s, 1), text_at(s, 2),
                              instant{milliseconds{int_at(s, 3)}}});
    });
    return true;
  }

  /// The block may be older than a row: the later of the two signals counts.
  bool load_beats() {
    SQLite::Statement rows(db_, sql::load_beats);
    std::string bytes;
    for_rows(rows, [&](auto& s) { bytes = text_at(s, 0); });
    if (bytes.empty()) return true;
    auto block = decode_heartbeats(bytes);
    if (!block) return wrong(block.error().message);
    std::unordered_map<run_id, instant> runs(block->runs.begin(), block->runs.end());
    std::unordered_map<agent_id, instant> agents(block->agents.begin(), block->agents.end());
    for (auto& r : out_.runs)
      if (const auto it = runs.find(r.id); it != runs.end())
        r.last_signal_wall = std::max(r.last_signal_wall, it->second);
    for (auto& a : out_.agents)
      if (const auto it = agents.find(a.id); it != agents.end())
        a.last_beat_wall = std::max(a.last_beat_wall, it->second);
    return true;
  }

  /// Rows that hang in the air would be dereferenced above us.
  bool check_sweeps() {
    std::unordered_map<sweep_id, bool> known;
    for (const auto& s : out_.sweeps) known[s.id] = true;
    const auto owned = [&](std::string_view kind, const std::string& id, const sweep_id& sweep) {
      return known.contains(sweep) ||
             wrong(std::string(kind) + " " + id + ": its sweep " + sweep.value + " is missing");
    };
    for (const auto& t : out_.trials)
      if (!owned("trial", std::to_string(t.number), t.sweep)) return false;
    for (const auto& r : out_.runs)
      if (!owned("run", r.id.value, r.sweep)) return false;
    for (const auto& a : out_.agents)
      if (!owned("agent", a.id.value, a.sweep)) return false;
    return true;
  }

  SQLite::Database& db_;
  const std::string& path_;
  std::future<trials_read> trials_;
  doc_reader reader_;
  core::snapshot out_;
  std::string wrong_;
};

}  // namespace

void remove_incomplete_transfers(SQLite::Database& db) {
  SQLite::Statement any(db, sql::any_transfer);
  bool found = false;
  for_rows(any, [&](auto& s) { found = int_at(s, 0) != 0; });
  if (!found) return;
  SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
  db.exec(sql::delete_incomplete_parts);
  db.exec(sql::delete_transfers);
  transaction.commit();
}

result<core::snapshot> load_all(SQLite::Database& db, const std::string& path, const std::string& vfs) {
  SQLite::Transaction transaction(db);  // one consistent view; only reads
  auto out = loader(db, path, vfs).load();
  if (out) transaction.commit();
  return out;
}

}  // namespace sweepd::store
