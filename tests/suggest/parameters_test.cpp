// validate, fill_parameter, ppf, cdf.
#include "tests/suggest/talk.hpp"

using namespace sweepd::suggest;
using test::talk;
using test::value;

TEST_CASE("validate: each violation begins with the path; what only we refuse stands apart") {
  talk t;
  CHECK(t(R"({"op": "validate", "config": {"method": "grid", "parameters": {"a": {"values": [1]}}}})") ==
        value(R"({"violations": [], "stricter": []})"));
  const auto bad = t(R"({"op": "validate", "config": {"method": "grit", "parameters": {"a": {"min": 3, "max": 1}}}})");
  REQUIRE(bad.at("violations").as_array().size() == 2);
  CHECK(bad.at("violations").at(0).as_string().starts_with("method: "));
  CHECK(bad.at("violations").at(1).as_string().starts_with("parameters.a.min: "));
  const auto strict = t(R"({"op": "validate", "config": {"method": "bayes", "parameters": {"a": {"values": [1, 2]}}}})");
  CHECK(strict.at("violations").as_array().empty());
  CHECK(strict.at("stricter").at(0).as_string().starts_with("metric: "));
  CHECK(t(R"({"op": "validate", "config": "text"})").at("where") == "config");
  CHECK(t(R"({"op": "validate"})").at("where") == "config");
}

TEST_CASE("fill_parameter: the kind and the defaults") {
  talk t;
  CHECK(t(R"({"op": "fill_parameter", "name": "a", "config": {"distribution": "q_normal", "q": 0.5}})") ==
        value(R"({"kind_of": "param_qnormal", "config": {"distribution": "q_normal", "q": 0.5, "mu": 0, "sigma": 1}})"));
  CHECK(t(R"({"op": "fill_parameter", "name": "a", "config": {"parameters": {"b": {"value": 1}}}})").at("kind_of") ==
        "param_dict");
  CHECK(t(R"({"op": "fill_parameter", "name": "a", "config": {"x": 1}})") ==
        value(R"({"kind_of": null, "config": {"x": 1}})"));
  const auto refused = t(R"({"op": "fill_parameter", "name": "a", "config": {"min": 1, "max": 0}})");
  CHECK(refused.at("kind") == "ValueError");
  CHECK(refused.at("where") == "a.min");
  CHECK(t(R"({"op": "fill_parameter", "config": {"value": 0}})").at("where") == "name");
  CHECK(t(R"({"op": "fill_parameter", "name": "a", "config": 3})").at("kind") == "ValueError");
}

TEST_CASE("ppf, cdf: values, and what is refused") {
  talk t;
  CHECK(t.text(R"({"op": "ppf", "param": {"values": ["x", 2, null]}, "x": [0, 0.5, 1]})") == R"({"y":["x",2,null]})");
  CHECK(t.text(R"({"op": "cdf", "param": {"min": 1, "max": 4}, "x": [0, 1, 2.5, 9]})") == R"({"y":[0.0,0.25,0.5,1.0]})");
  const auto refused = [&](std::string_view rest) {
    const auto answer = t(R"({"op": "ppf", )" + std::string(rest) + "}");
    return std::string(answer.at("kind").as_string()) + " " + std::string(answer.at("where").as_string());
  };
  CHECK(refused(R"("param": {"min": 0, "max": 1}, "x": [0.5, 1.5])") == "ValueError x");
  CHECK(refused(R"("param": {"min": 0, "max": 1}, "x": 0.5)") == "ValueError x");
  CHECK(refused(R"("param": {"min": 0, "max": 1}, "x": ["a"])") == "ValueError x.0");
  CHECK(refused(R"("param": {"min": 1, "max": 0}, "x": [0.5])") == "ValueError param.min");
  CHECK(refused(R"("param": {"mun": 1}, "x": [0.5])").starts_with("ValidationError param"));
  CHECK(refused(R"("param": 3, "x": [0.5])") == "ValueError param");
}
