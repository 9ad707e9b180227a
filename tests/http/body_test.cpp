#include "controller/http/body.hpp"

#include "tests/http/gzip.hpp"

#include <doctest/doctest.h>

namespace sweepd::http {

using test::gzipped;

TEST_CASE("body: a plain body holds to its limit by the byte") {
  for (const std::size_t n : {99u, 100u, 101u, 100'000u}) {
    memory_budget budget(1 << 20);
    body_sink sink(budget, 100, false);
    const auto s = sink.append(std::string(n, 'x'));
    CHECK(s == (n <= 100 ? body_state::ok : body_state::too_large));
    if (n <= 100) CHECK(sink.finish() == body_state::ok);
  }
}

TEST_CASE("body: the budget is shared, and comes back") {
  memory_budget budget(150);
  {
    body_sink a(budget, 100, false);
    CHECK(a.append(std::string(100, 'a')) == body_state::ok);
    body_sink b(budget, 100, false);
    CHECK(b.append(std::string(50, 'b')) == body_state::ok);
    CHECK(b.append("b") == body_state::over_budget);
    CHECK(b.append("b") == body_state::over_budget);
    CHECK(budget.used() == 150);
  }
  CHECK(budget.used() == 0);
}

TEST_CASE("body: gzip in pieces of any size gives the text") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919) + ",";
  const auto packed = gzipped(text);
  for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, packed.size()}) {
    memory_budget budget(1 << 20);
    body_sink sink(budget, 1 << 20, true);
    for (std::size_t i = 0; i < packed.size(); i += step)
      REQUIRE(sink.append(std::string_view(packed).substr(i, step)) == body_state::ok);
    CHECK(sink.finish() == body_state::ok);
    CHECK(sink.take() == text);
  }
}

TEST_CASE("body: inflated size holds to the limit by the byte") {
  std::string text;
  for (int i = 0; text.size() < 50'000; ++i) text += std::to_string(i * 7919);
  text.resize(50'000);
  for (const std::size_t limit : {49'999u, 50'000u, 50'001u}) {
    memory_budget budget(1 << 20);
    body_sink sink(budget, limit, true);
    const auto s = sink.append(gzipped(text));
    CHECK(s == (limit < 50'000 ? body_state::too_large : body_state::ok));
  }
}

TEST_CASE("body: a bomb is stopped by its ratio, with little memory spent") {
  memory_budget budget(256u << 20);
  body_sink sink(budget, 64u << 20, true);
  const auto bomb = gzipped(std::string(40u << 20, '\0'));
  CHECK(bomb.size() < 64 * 1024);
  CHECK(sink.append(bomb) == body_state::too_large);
  CHECK(budget.used() <= (bomb.size() * inflate_ratio_max) + inflate_free_bytes + 64 * 1024);
}

TEST_CASE("body: a small body may inflate by any factor up to 1 MB") {
  memory_budget budget(4u << 20);
  body_sink sink(budget, 2u << 20, true);
  CHECK(sink.append(gzipped(std::string(1u << 20, 'a'))) == body_state::ok);
  CHECK(sink.finish() == body_state::ok);
}

TEST_CASE("body: gzip that is cut, corrupt, doubled or followed by anything is malformed") {
  const auto good = gzipped("some text");
  auto corrupt = good;
  corrupt[corrupt.size() / 2] ^= 0x55;
  for (const auto& bad : {good.substr(0, good.size() - 1), good.substr(0, 3), corrupt, good + good,
                          good + "x", std::string("not gzip at all"), std::string(1, '\x1f')}) {
    memory_budget budget(1 << 20);
    body_sink sink(budget, 1 << 20, true);
    auto s = sink.append(bad);
    if (s == body_state::ok) s = sink.finish();
    CHECK(s == body_state::malformed);
  }
}

}  // namespace sweepd::http
