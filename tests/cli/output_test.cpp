#include "controller/cli/output.hpp"

#include "controller/cli/text.hpp"
#include "controller/cli/views.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <sstream>

using namespace sweepd;
using namespace sweepd::cli;

namespace {

json::array sample() {
  return json::parse(R"([
    {"id":"k3f9ab12","name":"digits","state":"running","n":12,"best":0.93123456,"created":"2026-11-22T17:30:00Z"},
    {"id":"7d1xk0aa","name":"a rather long name for a sweep","state":"crashed","n":0,"best":null,"created":"2026-11-20T17:30:00Z"}
  ])")
      .as_array();
}

std::vector<column> columns() {
  return {text_column("ID", "id"),
          flexible(text_column("NAME", "name")),
          state_column("STATE", "state"),
          count_column("N", "n"),
          number_column("BEST", "best"),
          age_column("AGE", "created"),
          wide(time_column("CREATED", "created"))};
}

look plain() {
  look how;
  how.now = *parse_rfc3339("2026-11-22T18:00:00Z");
  return how;
}

std::string printed(const look& how) {
  std::ostringstream out;
  REQUIRE(print_list(out, how, columns(), sample()));
  return out.str();
}

}  // namespace

TEST_CASE("print_list: columns are aligned and lines have no trailing spaces") {
  CHECK(printed(plain()) ==
        "ID        NAME                            STATE     N      BEST  AGE\n"
        "k3f9ab12  digits                          running  12  0.931235  30m\n"
        "7d1xk0aa  a rather long name for a sweep  crashed   0             2d\n");
}

TEST_CASE("print_list: wide adds columns, with RFC 3339 times off a terminal") {
  auto how = plain();
  how.as = format::wide;
  const auto text = printed(how);
  CHECK(text.find("CREATED") != std::string::npos);
  CHECK(text.find("2026-11-22T17:30:00.000Z") != std::string::npos);
}

TEST_CASE("print_list: on a narrow terminal only flexible columns are shortened") {
  auto how = plain();
  how.terminal = true;
  how.width = 52;
  for (std::istringstream lines(printed(how)); lines;) {
    std::string line;
    std::getline(lines, line);
    CHECK(display_width(line) <= 52);
    if (line.starts_with("7d1x")) CHECK(line.find("…") != std::string::npos);
  }
}

TEST_CASE(
    "print_list: a state is a word, with a sign of its own on a terminal, never colour alone") {
  auto how = plain();
  how.terminal = how.symbols = how.colour = true;
  const auto text = printed(how);
  CHECK(text.find("▶ running") != std::string::npos);
  CHECK(text.find("✱ crashed") != std::string::npos);
  CHECK(text.find("\x1B[") != std::string::npos);
  CHECK(printed(plain()).find('\x1B') == std::string::npos);
}

TEST_CASE("print_list: times are local on a terminal") {
  setenv("TZ", "EST5", 1);
  tzset();
  auto how = plain();
  how.terminal = true;
  how.width = 200;
  how.as = format::wide;
  CHECK(printed(how).find("2026-11-22 12:30:00") != std::string::npos);
  setenv("TZ", "UTC", 1);
  tzset();
}

TEST_CASE("print_list: quiet and name give ids only; no-headers drops the heading") {
  auto how = plain();
  how.as = format::name;
  CHECK(printed(how) == "k3f9ab12\n7d1xk0aa\n");
  how = plain();
  how.quiet = true;
  CHECK(printed(how) == "k3f9ab12\n7d1xk0aa\n");
  how = plain();
  how.headers = false;
  CHECK(printed(how).starts_with("k3f9ab12"));
}

TEST_CASE("print_list: json and jsonl are what the server said") {
  auto how = plain();
  how.as = format::json;
  CHECK(json::parse(printed(how)) == json::value(sample()));
  how.as = format::jsonl;
  std::istringstream lines(printed(how));
  std::string first;
  std::getline(lines, first);
  CHECK(json::parse(first) == sample()[0]);
}

TEST_CASE("print_list: csv has field names, full precision and CRLF") {
  auto how = plain();
  how.as = format::csv;
  CHECK(printed(how) ==
        "id,name,state,n,best,created,created\r\n"
        "k3f9ab12,digits,running,12,0.93123456,2026-11-22T17:30:00Z,2026-11-22T17:30:00Z\r\n"
        "7d1xk0aa,a rather long name for a sweep,crashed,0,,2026-11-20T17:30:00Z,"
        "2026-11-20T17:30:00Z\r\n");
}

TEST_CASE("print_list: --columns picks by heading or field, and names what there is") {
  auto how = plain();
  how.columns = {"state", "ID"};
  CHECK(printed(how) == "STATE    ID\nrunning  k3f9ab12\ncrashed  7d1xk0aa\n");
  how.columns = {"nonsense"};
  std::ostringstream out;
  const auto refused = print_list(out, how, columns(), sample());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("'nonsense'") != std::string::npos);
  CHECK(refused.error().message.find("best") != std::string::npos);
  CHECK(out.str().empty());
}

TEST_CASE("csv_cell: a text that a spreadsheet would run is defused, a number stays a number") {
  CHECK(csv_cell("=1+2") == "\"'=1+2\"");
  CHECK(csv_cell("@SUM(A1)") == "\"'@SUM(A1)\"");
  CHECK(csv_cell("+cmd|' /C calc'!A0") == "\"'+cmd|' /C calc'!A0\"");
  CHECK(csv_cell("-2+3") == "\"'-2+3\"");
  CHECK(csv_cell("\t=1") == "\"'\t=1\"");
  CHECK(csv_cell("\r=1") == "\"'\r=1\"");
  CHECK(csv_cell("-inf") == "\"'-inf\"");
  CHECK(csv_cell("-0.5") == "-0.5");
  CHECK(csv_cell("-1e-05") == "-1e-05");
  CHECK(csv_cell("12") == "12");
  CHECK(csv_cell("") == "");
  CHECK(csv_cell("a,b") == "\"a,b\"");
  CHECK(csv_cell("say \"hi\"\nthere") == "\"say \"\"hi\"\"\nthere\"");
}

TEST_CASE("print_list: names of sweeps cannot move the cursor or add lines") {
  std::ostringstream out;
  const auto items = json::parse(R"([{"id":"a","name":"x\u001b[2Jy\nz"}])").as_array();
  REQUIRE(print_list(out, plain(), {text_column("ID", "id"), text_column("NAME", "name")}, items));
  CHECK(out.str() == "ID  NAME\na   xy z\n");
}

TEST_CASE("row_printer: one heading, then row by row; json stays one array") {
  auto how = plain();
  how.as = format::json;
  std::ostringstream out;
  row_printer printer(out, how, columns());
  for (const auto& item : sample()) printer.row(item.get_object());
  printer.end();
  CHECK(json::parse(out.str()) == json::value(sample()));

  std::ostringstream none;
  row_printer empty(none, how, columns());
  empty.end();
  CHECK(none.str() == "[]\n");
}

TEST_CASE("progress: trials done of those expected, by the smaller of grid size and run_cap") {
  const auto of = [](const char* text) { return progress(json::parse(text).as_object()); };
  CHECK(of(R"({"trials":{"done":3},"size":240,"run_cap":null})") == "3/240");
  CHECK(of(R"({"trials":{"done":3},"size":240,"run_cap":100})") == "3/100");
  CHECK(of(R"({"trials":{"done":3},"size":null,"run_cap":null})") == "3");
}
