#include "controller/cli/output.hpp"

#include "controller/cli/columns.hpp"
#include "controller/cli/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <ostream>

namespace sweepd::cli {
namespace {

std::string csv_value(const column& c, const json::object& item) {
  if (c.data) return c.data(item);
  const auto* v = find(item, c.key);
  if (v == nullptr) return {};
  if (v->is_string()) return clean_block(std::string_view(v->get_string()));
  return compact(*v);
}

std::string id_of(const json::object& item, std::string_view id_key) {
  const auto* v = find(item, id_key);
  return v == nullptr     ? std::string{}
         : v->is_string() ? clean(std::string_view(v->get_string()))
                          : compact(*v);
}

void print_csv_row(std::ostream& out, const std::vector<column>& columns,
                   const json::object& item) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    out << (i == 0 ? "" : ",") << csv_cell(csv_value(columns[i], item));
  out << "\r\n";
}

void print_csv_header(std::ostream& out, const std::vector<column>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    out << (i == 0 ? "" : ",") << csv_cell(columns[i].key);
  out << "\r\n";
}

void print_line(std::ostream& out, const look& how, const std::vector<column>& columns,
                const std::vector<std::size_t>& widths, const std::vector<cell>& cells) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool last = i + 1 == columns.size();
    std::string text = how.terminal ? fit(cells[i].text, widths[i]) : cells[i].text;
    const std::size_t has = display_width(text);
    std::string spaces(widths[i] > has ? widths[i] - has : 0, ' ');
    text = painted(text, cells[i].colour, how.colour);
    if (columns[i].right)
      line += spaces + text;
    else
      line += last ? text : text + spaces;
    if (!last) line += "  ";
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

/// Takes columns off the flexible columns, widest first, until the line fits the terminal.
void shrink(const look& how, const std::vector<column>& columns, std::vector<std::size_t>& widths) {
  constexpr std::size_t least = 8;
  if (!how.terminal) return;
  std::size_t total = columns.empty() ? 0 : (columns.size() - 1) * 2;
  for (const auto w : widths) total += w;
  while (total > how.width) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (columns[i].flexible && widths[i] > least &&
          (widest == widths.size() || widths[i] > widths[widest]))
        widest = i;
    if (widest == widths.size()) return;
    --widths[widest];
    --total;
  }
}

void print_table(std::ostream& out, const look& how, const std::vector<column>& columns,
                 const json::array& items) {
  std::vector<std::vector<cell>> rows;
  std::vector<std::size_t> widths;
  std::vector<cell> titles;
  for (const auto& c : columns) {
    titles.push_back({c.title, tone::strong});
    widths.push_back(std::max(c.width_min, how.headers ? display_width(c.title) : 0));
  }
  for (const auto& item : items) {
    std::vector<cell> row;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      row.push_back(columns[i].show(as_object(item), how));
      widths[i] = std::max(widths[i], display_width(row.back().text));
    }
    rows.push_back(std::move(row));
  }
  shrink(how, columns, widths);
  if (how.headers && !rows.empty()) print_line(out, how, columns, widths, titles);
  for (const auto& row : rows) print_line(out, how, columns, widths, row);
}

}  // namespace

result<format> parse_format(std::string_view text) {
  static constexpr std::pair<std::string_view, format> all[] = {
      {"table", format::table}, {"wide", format::wide}, {"json", format::json},
      {"jsonl", format::jsonl}, {"csv", format::csv},   {"name", format::name}};
  for (const auto& [word, value] : all)
    if (word == text) return value;
  return fail(errc::invalid, "'" + clean(text) +
                                 "' is not an output format; there are table, wide, json, jsonl, "
                                 "csv and name");
}

result<std::vector<column>> chosen_columns(const look& how, const std::vector<column>& all) {
  std::vector<column> out;
  if (how.columns.empty()) {
    for (const auto& c : all)
      if (!c.wide_only || how.as != format::table) out.push_back(c);
    return out;
  }
  for (const auto& wanted : how.columns) {
    const auto same = [&](const column& c) {
      return c.key == wanted ||
             std::equal(c.title.begin(), c.title.end(), wanted.begin(), wanted.end(),
                        [](char a, char b) { return std::tolower(a) == std::tolower(b); });
    };
    const auto found = std::find_if(all.begin(), all.end(), same);
    if (found == all.end()) {
      std::vector<std::string> keys;
      for (const auto& c : all) keys.push_back(c.key);
      return fail(errc::invalid,
                  "there is no column '" + clean(wanted) + "'; there are " + join(keys, ", "));
    }
    out.push_back(*found);
  }
  return out;
}

result<void> print_list(std::ostream& out, const look& how, const std::vector<column>& columns,
                        const json::array& items, std::string_view id_key) {
  SWEEPD_TRY(const auto shown, chosen_columns(how, columns));
  if (how.quiet || how.as == format::name) {
    for (const auto& item : items) out << id_of(as_object(item), id_key) << '\n';
  } else if (how.as == format::json) {
    out << pretty(items) << '\n';
  } else if (how.as == format::jsonl) {
    for (const auto& item : items) out << compact(item) << '\n';
  } else if (how.as == format::csv) {
    if (how.headers) print_csv_header(out, shown);
    for (const auto& item : items) print_csv_row(out, shown, as_object(item));
  } else {
    print_table(out, how, shown, items);
  }
  return {};
}

row_printer::row_printer(std::ostream& out, const look& how, std::vector<column> columns,
                         std::string id_key)
    : out_(out), how_(how), columns_(std::move(columns)), id_key_(std::move(id_key)) {}

void row_printer::row(const json::object& item) {
  if (how_.quiet || how_.as == format::name) {
    out_ << id_of(item, id_key_) << '\n';
  } else if (how_.as == format::jsonl) {
    out_ << compact(item) << '\n';
  } else if (how_.as == format::json) {
    out_ << (begun_ ? ",\n" : "[\n") << compact(item);
  } else if (how_.as == format::csv) {
    if (!begun_ && how_.headers) print_csv_header(out_, columns_);
    print_csv_row(out_, columns_, item);
  } else {
    std::vector<std::size_t> widths;
    std::vector<cell> cells, titles;
    for (const auto& c : columns_) {
      titles.push_back({c.title, tone::strong});
      cells.push_back(c.show(item, how_));
      widths.push_back(std::max(c.width_min, display_width(c.title)));
    }
    // The last column takes what is left of the line.
    std::size_t before = 0;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) before += widths[i] + 2;
    if (!widths.empty())
      widths.back() = std::max(widths.back(), how_.width - std::min(before, how_.width));
    if (!begun_ && how_.headers) print_line(out_, how_, columns_, widths, titles);
    print_line(out_, how_, columns_, widths, cells);
  }
  begun_ = true;
}

void row_printer::end() {
  if (how_.quiet) return;
  if (how_.as == format::json) out_ << (begun_ ? "\n]\n" : "[]\n");
  if (how_.as == format::csv && !begun_ && how_.headers) print_csv_header(out_, columns_);
}

bool print_data(std::ostream& out, const look& how, const json::object& item,
                std::string_view id_key) {
  if (how.for_people()) return false;
  if (how.quiet || how.as == format::name)
    out << id_of(item, id_key) << '\n';
  else if (how.as == format::json)
    out << pretty(item) << '\n';
  else
    out << compact(item) << '\n';
  return true;
}

void print_fields(std::ostream& out, const look& how,
                  const std::vector<std::pair<std::string, cell>>& fields) {
  std::size_t width = 0;
  for (const auto& [label, value] : fields)
    if (!value.text.empty()) width = std::max(width, display_width(label));
  for (const auto& [label, value] : fields)
    if (!value.text.empty())
      out << painted(pad(label, width, false), tone::dim, how.colour) << "  "
          << painted(value.text, value.colour, how.colour) << '\n';
}

std::string csv_cell(std::string_view text) {
  const auto is_number = [&] {
    double value = 0;
    const auto end = text.data() + text.size();
    const auto r = std::from_chars(text.data(), end, value);
    return r.ec == std::errc{} && r.ptr == end && std::isfinite(value);
  };
  std::string body(text);
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos &&
      !is_number())
    body.insert(body.begin(), '\'');
  if (body.find_first_of(",\"\r\n\t;'") == std::string::npos) return body;
  std::string out = "\"";
  for (const char c : body) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace sweepd::cli
