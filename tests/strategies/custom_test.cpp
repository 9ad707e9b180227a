#include "strategies/custom.hpp"
#include "tests/strategies/helpers.hpp"

using namespace sweepd;
using namespace sweepd::strategies;
using namespace sweepd::strategies::test;

namespace {

space searched() {
  auto out = space::make(object(R"({"lr": {"min": 0.0, "max": 1.0}, "c": {"value": 3},
    "opt": {"parameters": {"name": {"values": ["adam", "sgd"]}, "mom": {"min": 0.0, "max": 1.0}}}})"));
  REQUIRE(out);
  return std::move(*out);
}

error refused(std::string_view config) {
  const auto out = pushed_config(searched(), object(config), "/configs/0");
  REQUIRE_FALSE(out);
  return out.error();
}

}  // namespace

TEST_CASE("custom: a pushed configuration may wrap its values or not, and gets its constants") {
  const auto want = object(R"({"c": {"value": 3}, "lr": {"value": 0.5},
                               "opt": {"value": {"mom": 0.9, "name": "adam"}}})");
  for (const auto* given : {R"({"lr": 0.5, "opt": {"name": "adam", "mom": 0.9}})",
                            R"({"lr": {"value": 0.5}, "opt": {"value": {"name": "adam", "mom": 0.9}}, "c": 3})"}) {
    const auto out = pushed_config(searched(), object(given), "/configs/0");
    REQUIRE(out);
    CHECK(*out == want);
  }
}

TEST_CASE("custom: a pushed configuration must name the sweep's parameters, and all of them") {
  auto e = refused(R"({"opr": 0.5, "lr": 0.5, "opt": {"name": "adam", "mom": 0.9}})");
  CHECK(e.where == "/configs/0/opr");
  CHECK(e.message.find("did you mean 'opt'") != std::string::npos);
  e = refused(R"({"lr": 0.5, "opt": {"name": "adam"}})");
  CHECK(e.where == "/configs/0/opt/mom");
  CHECK(e.message.find("missing") != std::string::npos);
  e = refused(R"({"lr": 0.5, "opt": {"name": "adam", "mom": 0.9, "momentum": 1}})");
  CHECK(e.where == "/configs/0/opt/momentum");
  e = refused(R"({"lr": 0.5, "opt": "adam"})");
  CHECK(e.where == "/configs/0/opt");
}

TEST_CASE("custom: proposes nothing by itself") {
  const auto s = made(R"({"method": "custom", "parameters": {"lr": {"min": 0.0, "max": 1.0}}})");
  CHECK_FALSE(s->learns());
  CHECK_FALSE(s->suggest({}).has_value());
}
