#include "controller/base/json_text.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace sweepd;
namespace bj = boost::json;

namespace {

bj::value read(std::string_view text) {
  auto v = json::parse(text);
  REQUIRE_MESSAGE(v, std::string(text));
  return *v;
}

/// Doubles of every magnitude, and between 0 and 1, and a few digits times a power of ten.
double some_double(std::mt19937_64& random, int i) {
  if (i % 3 == 0) return std::uniform_real_distribution<double>(0, 1)(random);
  if (i % 3 == 1) return static_cast<double>(random() % 100'000) * std::pow(10, static_cast<int>(random() % 40) - 20);
  return std::bit_cast<double>(random());
}

}  // namespace

TEST_CASE("json_text: every double reads back with the same bits, and as a double") {
  std::mt19937_64 random(7);
  int wrong = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const double d = some_double(random, i);
    if (!std::isfinite(d)) continue;
    const auto back = json::parse(json::to_text(bj::value(d)));
    const bool same = back && back->is_double() &&
                      std::bit_cast<std::uint64_t>(back->get_double()) == std::bit_cast<std::uint64_t>(d);
    if (!same) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("json_text: doubles at the edges are exact") {
  using limits = std::numeric_limits<double>;
  for (const double d : {0.0, -0.0, 2.0, -1.0, limits::max(), limits::lowest(), limits::min(), limits::denorm_min(),
                         9007199254740993.0, 1e15, 1e16, 1e22, 1e23, 0.0001, 9.999999999999999e-05}) {
    const auto back = read(json::to_text(bj::value(d)));
    REQUIRE(back.is_double());
    CHECK(std::bit_cast<std::uint64_t>(back.get_double()) == std::bit_cast<std::uint64_t>(d));
  }
  // Halfway between two doubles, and one digit far behind decides: the nearest even one, the upper one.
  CHECK(read("9007199254740993.0").get_double() == 9007199254740992.0);
  CHECK(read("9007199254740993.00000000000000000000000000000000001").get_double() == 9007199254740994.0);
  CHECK(read("0." + std::string(400, '0') + "1e400").get_double() == 0.1);
  CHECK(read("1e-400").get_double() == 0.0);
  CHECK(std::signbit(read("-1e-400").get_double()));
}

TEST_CASE("json_text: numbers are written as Python's repr() writes them") {
  const auto text = [](double d) { return json::number_text(d); };
  CHECK(text(0.1) == "0.1");
  CHECK(text(2) == "2.0");
  CHECK(text(-0.0) == "-0.0");
  CHECK(text(100'000) == "100000.0");
  CHECK(text(1e15) == "1000000000000000.0");
  CHECK(text(1e16) == "1e+16");
  CHECK(text(0.0001) == "0.0001");
  CHECK(text(0.00001) == "1e-05");
  CHECK(text(0.1 + 0.2) == "0.30000000000000004");
  CHECK(text(123456789.25e10) == "1.2345678925e+18");
}

TEST_CASE("json_text: whole numbers stay what they are, as integers and as doubles") {
  CHECK(json::to_text(bj::value{1, 1.0, -7, 18446744073709551615u}) == "[1,1.0,-7,18446744073709551615]");
  const auto v = read("[18446744073709551615,-9223372036854775808,2,2.0,18446744073709551616]");
  CHECK(v.at(0).is_uint64());
  CHECK(v.at(1).get_int64() == std::numeric_limits<std::int64_t>::min());
  CHECK(v.at(2).is_int64());
  CHECK(v.at(3).is_double());
  CHECK(v.at(4).get_double() == 18446744073709551616.0);
}

TEST_CASE("json_text: what JSON has no number for is written as a text") {
  const double inf = HUGE_VAL;
  CHECK(json::to_text(bj::value{std::nan(""), inf, -inf}) == R"(["NaN","Infinity","-Infinity"])");
}

TEST_CASE("json_text: texts are escaped as JSON wants and read back the same") {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  const bj::object in{{all, all + "é😀"}, {"", bj::array{}}, {"o", bj::object{}}, {"n", nullptr}, {"b", {true, false}}};
  const auto text = json::to_text(in);
  CHECK(text.find_first_of(std::string_view("\n\t\r\0\x1f", 5)) == std::string::npos);
  CHECK(read(text) == bj::value(in));
  CHECK(json::to_text(bj::value("a\"\\\n\x01/")) == R"("a\"\\\n\u0001/")");
}

TEST_CASE("json_text: limits hold at their edge") {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  CHECK(json::parse(nested(32)));
  CHECK(!json::parse(nested(33)));
  json::text_limits few;
  few.values_max = 3;
  CHECK(json::parse("[1,2]", few));
  const auto many = json::parse("[1,2,3]", few);
  REQUIRE(!many);
  CHECK(many.error().code == errc::too_large);
}

TEST_CASE("json_text: a key may stand twice only where nobody forbids it") {
  CHECK(read(R"({"a": 1, "a": 2})").at("a") == 2);
  json::text_limits strict;
  strict.unique_keys_to_depth = 32;
  CHECK(json::parse(R"({"a": {"b": 1}, "b": [{"b": 2}, {"b": 3}]})", strict));
  const auto twice = json::parse(R"({"a": {"b": 1, "\u0062": 2}})", strict);
  REQUIRE(!twice);
  CHECK(twice.error().where == "/b");
  json::text_limits outer;
  outer.unique_keys_to_depth = 1;
  CHECK(json::parse(R"({"a": {"b": 1, "b": 2}, "b": 3})", outer));
  CHECK(!json::parse(R"({"a": {"b": 1, "b": 2}, "a": 3})", outer));
}

TEST_CASE("json_text: refuses what is not JSON, and says where") {
  for (const char* bad : {"", " ", "{", "nul", "{} x", "NaN", "[-Infinity]", "[1,]", "1e400", "-1e999", "1 2", "01",
                          "\"\xFF\"", "{\"a\":1}x"})
    CHECK_MESSAGE(!json::parse(bad), bad);
  CHECK(json::parse("[1, x]").error().message.find("at byte 4") != std::string::npos);
  CHECK(json::parse("[1e400]").error().message == "a number is out of range: 1e400");
  json::text_limits loose;
  loose.any_bytes = true;
  CHECK(json::parse("\"\xFF\"", loose));
}

TEST_CASE("json_text: a reader goes on after a text that it refused") {
  json::text_reader reader;
  for (int i = 0; i < 3; ++i) {
    CHECK(!reader.read(R"({"a":[1,{"b":"x)"));
    CHECK(!reader.read("[1e400]"));
    const auto v = reader.read(R"({"a":[0.1,"x"]})");
    REQUIRE(v);
    CHECK(v->at("a").at(0).get_double() == 0.1);
  }
}
