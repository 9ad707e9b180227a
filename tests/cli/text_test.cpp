#include "controller/cli/text.hpp"

#include "controller/cli/json_text.hpp"

#include <doctest/doctest.h>

using namespace sweepd;
using namespace sweepd::cli;

TEST_CASE("clean: escape sequences, controls and text-direction marks are removed") {
  CHECK(clean("plain") == "plain");
  CHECK(clean("\x1B[31mred\x1B[0m") == "red");
  CHECK(clean("a\x1B]0;owned\a"
              "b") == "ab");
  CHECK(clean("a\x1B]8;;http://x\x1B\\link\x1B]8;;\x1B\\b") == "alinkb");
  CHECK(clean("a\x1B"
              "cb") == "ab");
  CHECK(clean("a\x1B(Bb") == "ab");
  CHECK(clean("x\x07\x08y\x7Fz") == "xyz");
  CHECK(clean("c1 \xC2\x9B"
              "31m!") == "c1 !");
  CHECK(clean("a\xE2\x80\xAE"
              "b\xE2\x81\xA6"
              "c") == "abc");
  CHECK(clean("tab\there\nthere") == "tab here there");
  CHECK(clean("\x1B") == "");
  CHECK(clean("end\x1B[") == "end");
}

TEST_CASE("clean: broken UTF-8 becomes the replacement character, never a raw byte") {
  CHECK(clean("\x9B"
              "31m") ==
        "\xEF\xBF\xBD"
        "31m");
  CHECK(clean("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(clean("\xED\xA0\x80").find("\xED\xA0") == std::string::npos);
  CHECK(clean("ü ✔ 日本") == "ü ✔ 日本");
  CHECK(clean("\xE2\x9C") == "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("clean_block: lines stay, and an unfinished escape string swallows one line at most") {
  CHECK(clean_block("a\n\tb\r\n") == "a\n\tb\r\n");
  CHECK(clean_block("a\x1B]0;never ended\nnext line") == "a\nnext line");
}

TEST_CASE("display_width: wide characters take two columns, combining ones none") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("ü✔") == 2);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\xCC\x81") == 1);
}

TEST_CASE("fit: what is cut ends in an ellipsis and never takes more than its width") {
  CHECK(fit("short", 10) == "short");
  CHECK(fit("a longer name", 8) == "a longe…");
  CHECK(fit("日本語", 5) == "日本…");
  CHECK(display_width(fit("日本語", 4)) <= 4);
  CHECK(fit("abc", 0) == "");
}

TEST_CASE("short_age: one or two units") {
  CHECK(short_age(milliseconds{999}) == "0s");
  CHECK(short_age(milliseconds{-5000}) == "0s");
  CHECK(short_age(milliseconds{59'000}) == "59s");
  CHECK(short_age(milliseconds{90'000}) == "1m30s");
  CHECK(short_age(milliseconds{3'540'000}) == "59m");
  CHECK(short_age(milliseconds{11'100'000}) == "3h05m");
  CHECK(short_age(milliseconds{4LL * 86'400'000}) == "4d");
}

TEST_CASE("numbers: short for people") {
  CHECK(short_number(0.93123456789) == "0.931235");
  CHECK(short_number(1e-5) == "1e-05");
  CHECK(short_size(812) == "812 B");
  CHECK(short_size(1'400'000) == "1.4 MB");
  CHECK(counted(1, "run") == "1 run");
  CHECK(counted(0, "run") == "0 runs");
}

TEST_CASE("compact: output holds no raw control character and reads back the same") {
  const json::value v{{"name", "a\x1B[31m\"\\\n\xC2\x9B\xE2\x80\xAE✔"}, {"x", 0.1}, {"n", 7}};
  const auto text = compact(v);
  CHECK(text.find('\x1B') == std::string::npos);
  CHECK(text.find("\xC2\x9B") == std::string::npos);
  CHECK(text.find("\\u202e") != std::string::npos);
  CHECK(text.find("\"x\": 0.1") != std::string::npos);
  CHECK(json::parse(text) == v);
  CHECK(json::parse(pretty(v)) == v);
  CHECK(compact(json::object{}) == "{}");
  CHECK(pretty(json::parse(R"({"a":[1,2]})")) == "{\n  \"a\": [\n    1,\n    2\n  ]\n}");
}

TEST_CASE("find: dotted paths give nothing when a part is missing or null") {
  const auto v = json::parse(R"({"a":{"b":1,"c":null},"d":"x"})").as_object();
  CHECK(field(v, "a.b") == "1");
  CHECK(find(v, "a.c") == nullptr);
  CHECK(find(v, "a.b.c") == nullptr);
  CHECK(find(v, "d.e") == nullptr);
  CHECK(whole(v, "d", 7) == 7);
}

TEST_CASE("percent_encode: everything but unreserved characters") {
  CHECK(percent_encode("ab-1_.~") == "ab-1_.~");
  CHECK(percent_encode("a/b c&d=é") == "a%2Fb%20c%26d%3D%C3%A9");
}
