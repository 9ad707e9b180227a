// How results are printed: aligned tables for people, JSON / JSON lines / CSV / ids for programs. A
// table never shows raw control characters, says states in words (colour only underlines them), and
// fits the terminal by shortening its flexible columns. What is printed goes to stdout, nothing
// else.
#pragma once

#include "controller/base/result.hpp"
#include "controller/cli/json_text.hpp"

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::cli {

enum class format { table, wide, json, jsonl, csv, name };
/// Errors: invalid, naming the formats there are.
result<format> parse_format(std::string_view text);

/// Everything that shapes output, decided once per call from flags, environment and terminal.
struct look {
  format as = format::table;
  bool headers = true;
  bool quiet = false;  ///< ids only
  bool colour = false;
  bool terminal = false;  ///< local times, symbols, cut to `width`
  bool symbols = false;   ///< a sign before each state
  std::size_t width = 100;
  std::vector<std::string> columns;  ///< only these, by title or key; empty: all of the format
  instant now;

  /// True when people read it: table or wide, and no -q.
  [[nodiscard]] bool for_people() const {
    return !quiet && (as == format::table || as == format::wide);
  }
};

enum class tone { plain, good, bad, warn, dim, strong };

/// A cell's text for people and its colour.
struct cell {
  std::string text;
  tone colour = tone::plain;
};

/// One column: `key` is its name in CSV and for --columns, `title` its heading.
struct column {
  std::string title;
  std::string key;
  /// For people; must be clean() already.
  std::function<cell(const json::object&, const look&)> show;
  /// For CSV; empty: the value at `key`, in full precision.
  std::function<std::string(const json::object&)> data = {};
  bool right = false;
  bool wide_only = false;
  std::size_t width_min = 0;
  bool flexible = false;  ///< may be shortened when the terminal is too narrow
};

/// The usual kinds of column.
column text_column(std::string title, std::string key);
column count_column(std::string title, std::string key);
column number_column(std::string title, std::string key);
column time_column(std::string title, std::string key);
column age_column(std::string title, std::string key);      ///< time since the instant at key
column seconds_column(std::string title, std::string key);  ///< a number of seconds, as an age
column state_column(std::string title, std::string key);
column wide(column c);
column flexible(column c);

/// A state word with its symbol and colour: runs, sweeps, agents, health, breakers.
cell state_cell(std::string_view state, const look& how);
/// A time for people: local on a terminal, RFC 3339 elsewhere.
std::string time_text(std::optional<instant> t, const look& how);

/// Prints a list in the chosen format. `id_key`: the field that -q and -o name print.
/// Errors: invalid, when --columns names none of the columns.
result<void> print_list(std::ostream& out, const look& how, const std::vector<column>& columns,
                        const json::array& items, std::string_view id_key = "id");

/// The same piece by piece, for what does not fit in memory or goes on for ever: CSV and JSON lines
/// without limit; tables with the columns' least widths.
class row_printer {
 public:
  row_printer(std::ostream& out, const look& how, std::vector<column> columns,
              std::string id_key = "id");
  void row(const json::object& item);
  /// Ends a JSON array; call once after the last row.
  void end();

 private:
  std::ostream& out_;
  look how_;
  std::vector<column> columns_;
  std::string id_key_;
  bool begun_ = false;
};

/// One object as JSON (pretty for json, one line for jsonl), or its id for name and -q. False: the
/// format is for people, and nothing was printed.
bool print_data(std::ostream& out, const look& how, const json::object& item,
                std::string_view id_key = "id");

/// `Label   value` lines, values cleaned already; empty values are left out.
void print_fields(std::ostream& out, const look& how,
                  const std::vector<std::pair<std::string, cell>>& fields);

/// The text in a colour, or as it is when colour is off.
std::string painted(std::string_view text, tone t, bool colour);
/// A heading between blocks.
std::string heading(std::string_view text, const look& how);

/// RFC 4180, and safe in a spreadsheet: a text that begins with = + - @ TAB or CR and is no number
/// gets a leading apostrophe, so that it is not taken for a formula.
std::string csv_cell(std::string_view text);

}  // namespace sweepd::cli
