// A sweep whose file is changed, and one that is opened again.
#include "tests/support/world.hpp"

using namespace sweepd;
using namespace sweepd::core;
using namespace std::chrono_literals;

namespace {

sweep_spec changed(const sweep& sw) {
  auto spec = sw.spec;
  spec.yaml = "the new file";
  spec.config["parameters"] = {{"x", {{"values", {1, 2}}}}};
  spec.run_cap = 7;
  spec.seed = 99;
  return spec;
}

}  // namespace

TEST_CASE("change: a new file counts from now on: nothing ready is kept, the grid begins anew, the seed stays") {
  world w;
  sweep_spec spec;
  spec.seed = 5;
  spec.name = "mine";
  const auto sw = w.make_sweep({}, 3, spec);
  const auto a = w.join(sw);
  w.start(a);
  auto to = changed(w.at(sw));
  to.name.clear();
  CHECK(w.ask<answer::done>(cmd::change_sweep{sw, to, "more"}).changed);
  CHECK(w.at(sw).spec.run_cap == 7);
  CHECK(w.at(sw).spec.seed == 5);
  CHECK(w.at(sw).spec.name == "mine");
  CHECK(w.at(sw).changes == 1);
  CHECK(w.at(sw).ready.empty());
  CHECK_FALSE(w.at(sw).exhausted);
  CHECK(w.at(sw).next_position == 1);
  CHECK(w.at(sw).first_position == 1);
  CHECK(w.count<ev::sweep_changed>() == 1);
  CHECK_FALSE(w.ask<answer::done>(cmd::change_sweep{sw, to, "again"}).changed);
}

TEST_CASE("change: what runs were judged by may change before the first run, and not after") {
  world w;
  const auto sw = w.make_sweep();
  auto to = changed(w.at(sw));
  to.config["metric"] = {{"name", "accuracy"}};
  CHECK(w.ask<answer::done>(cmd::change_sweep{sw, to, ""}).changed);
  cmd::add_suggestions more{sw, {}, false};
  more.suggestions.push_back({0, {{"x", {{"value", 1}}}}, {}});
  w.ask(more);
  w.start(w.join(sw));
  to.yaml = "a third one";
  to.config["metric"] = {{"name", "loss"}};
  const auto refused = w.tell(cmd::change_sweep{sw, to, ""});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::conflict);
  CHECK(refused.error().where == "/config/metric");
}

TEST_CASE("resume: a finished sweep opens again if anything is left to hand out; else it says what to change") {
  world w;
  const auto sw = w.make_sweep({}, 2);
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.ask(cmd::move_sweep{sw, cmd::sweep_verb::stop, ""});
  w.finish(r, 0);
  REQUIRE(w.at(sw).state == sweep_state::finished);
  cmd::move_sweep resume{sw, cmd::sweep_verb::resume, "more to do"};
  w.ask(resume);
  CHECK(w.at(sw).state == sweep_state::running);
  // What was ready is gone with the end: the strategy is asked again, which here says that all is done.
  w.ask(cmd::add_suggestions{sw, {}, true});
  CHECK(w.at(sw).state == sweep_state::finished);
  auto refused = w.tell(resume);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("every configuration has been tried") != std::string::npos);
  w.ask(cmd::tune_sweep{sw, {}, 1, ""});
  refused = w.tell(resume);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("raise it") != std::string::npos);
}
