// Sweeps that are searched outside: runs that are promised, a local controller's schedule, prior runs.
#include "controller/core/outside.hpp"
#include "tests/support/world.hpp"

using namespace sweepd;
using namespace sweepd::core;

namespace {

boost::json::object x_is(int n) { return {{"x", {{"value", n}}}}; }

sweep_id local_sweep(world& w) {
  sweep_spec spec;
  spec.method = "custom";
  spec.metric = "loss";
  spec.config = {{"method", "custom"}, {"controller", {{"type", "local"}}}, {"name", "a"}};
  const sweep_id id{w.id("sw")};
  w.ask(cmd::create_sweep{id, "local/p", spec, {}});
  return id;
}

cmd::write_controller schedule(world& w, const sweep_id& sw, const std::string& id,
                               std::optional<boost::json::object> config) {
  cmd::write_controller c;
  c.sweep = sw;
  c.text = "{\"schedule\":\"" + id + "\"}";
  c.schedule.push_back({id, std::move(config)});
  c.fresh_runs.push_back(run_id{w.id("r")});
  return c;
}

}  // namespace

TEST_CASE("outside: a scheduled run is there before an agent has it, and is handed out under that id") {
  world w;
  const auto sw = local_sweep(w);
  const auto a = w.join(sw);
  CHECK(std::get<answer::wait>(w.claim(a)).code == "suggestions");
  const auto c = schedule(w, sw, "first", x_is(1));
  w.ask(c);
  const auto promised = promised_runs(w.at(sw));
  REQUIRE(promised.size() == 1);
  CHECK(promised[0].id == c.fresh_runs[0]);
  CHECK(promised[0].state == run_state::pending);
  CHECK(scheduled_trial(w.at(sw), "first")->first_run == c.fresh_runs[0].value);
  CHECK(promised_run(w.s, c.fresh_runs[0]).has_value());
  CHECK(w.start(a) == c.fresh_runs[0]);
  CHECK(promised_runs(w.at(sw)).empty());
  CHECK_FALSE(promised_run(w.s, c.fresh_runs[0]).has_value());
}

TEST_CASE("outside: the same entry again is the same run, and one without arguments ends the search") {
  world w;
  const auto sw = local_sweep(w);
  const auto a = w.join(sw);
  w.ask(schedule(w, sw, "one", x_is(1)));
  CHECK_FALSE(w.ask(schedule(w, sw, "one", x_is(1))).changed);
  CHECK(w.at(sw).trials == 1);
  const auto r = w.start(a);
  w.ask(schedule(w, sw, "end", std::nullopt));
  CHECK(w.at(sw).state == sweep_state::running);
  w.finish(r, 0);
  CHECK(w.at(sw).state == sweep_state::finished);
  w.ask(schedule(w, sw, "late", x_is(2)));
  CHECK(w.at(sw).trials == 1);
}

TEST_CASE("outside: whom the controller stops early is killed for that, others' runs are not touched") {
  world w;
  const auto sw = local_sweep(w);
  const auto a = w.join(sw);
  w.ask(schedule(w, sw, "one", x_is(1)));
  const auto r = w.start(a);
  const auto other = w.start(w.join(w.make_sweep()));
  cmd::write_controller c;
  c.sweep = sw;
  c.stop = {r, other, run_id{"nobody"}};
  w.ask(c);
  CHECK(w.at(r).state == run_state::killed);
  CHECK(w.at(r).cause == cause::early_stop);
  CHECK(w.at(other).state == run_state::running);
  c.sweep = w.at(other).sweep;
  CHECK(w.tell(c).error().code == errc::conflict);
}

TEST_CASE("outside: a requeued trial gets a new run, not the promised one again") {
  world w;
  const auto sw = local_sweep(w);
  const auto a = w.join(sw);
  w.ask(schedule(w, sw, "one", x_is(1)));
  const auto r = w.start(a);
  w.finish(r, 1);
  w.act(r, cmd::run_verb::requeue);
  CHECK(promised_runs(w.at(sw)).empty());
  CHECK(w.start(a) != r);
}

TEST_CASE("outside: prior runs are trials that are over, with their values") {
  world w;
  sweep_spec spec;
  spec.method = "random";
  spec.metric = "loss";
  cmd::create_sweep c{sweep_id{"s"}, "local/p", spec, {}};
  c.priors = {{run_id{"old1"}, x_is(1), 0.5}, {run_id{"old2"}, x_is(2), std::nullopt}};
  w.ask(c);
  const auto& sw = w.at(c.fresh_id);
  CHECK(sw.trials == 2);
  CHECK(sw.trials_done == 2);
  CHECK(sw.best == 0.5);
  CHECK(sw.best_run == "old1");
  CHECK(sw.state == sweep_state::pending);
  CHECK(find_trial(w.s, sw.id, 1)->value == 0.5);
  c.fresh_id = sweep_id{"g"};
  c.spec.method = "grid";
  CHECK(w.tell(c).error().code == errc::conflict);
}

TEST_CASE("outside: prior runs that say nothing of the space are listed, and a changed file keeps them") {
  world w;
  sweep_spec spec;
  spec.method = "grid";
  cmd::create_sweep c{sweep_id{"s"}, "local/p", spec, {}};
  c.priors = {{run_id{"old1"}, std::nullopt, 0.5}};
  w.ask(c);
  CHECK(w.at(c.fresh_id).trials == 0);
  CHECK(w.at(c.fresh_id).spec.priors == std::vector{run_id{"old1"}});
  spec.yaml = "another";
  w.ask(cmd::change_sweep{c.fresh_id, spec, ""});
  CHECK(w.at(c.fresh_id).spec.priors.size() == 1);
}

TEST_CASE("outside: what is pushed once and sent again is the same trial, by its note and its configuration") {
  world w;
  const auto sw = local_sweep(w);
  cmd::push_trials c;
  c.sweep = sw;
  c.configs = {x_is(1)};
  c.first_runs = {run_id{"r1"}};
  c.notes = {R"({"display_name":"one"})"};
  c.once = true;
  CHECK(w.ask(c).id == "1");
  c.first_runs = {run_id{"r2"}};
  const auto again = w.ask(c);
  CHECK(again.id == "1");
  CHECK_FALSE(again.changed);
  CHECK(promised_runs(w.at(sw)).size() == 1);
  CHECK(w.start(w.join(sw)) == run_id{"r1"});
  CHECK(w.ask(c).id == "1");  // also when an agent has it
  c.configs = {x_is(2)};
  CHECK(w.ask(c).id == "2");
  c.notes = {R"({"display_name":"two"})"};
  c.first_runs = {run_id{"r3"}};
  CHECK(w.ask(c).id == "3");
  c.once = false;
  c.first_runs = {run_id{"r4"}};
  CHECK(w.ask(c).id == "4");
}

TEST_CASE("outside: a sweep's name and description change without its file, as an event") {
  world w;
  const auto sw = local_sweep(w);
  cmd::tune_sweep c;
  c.sweep = sw;
  c.title = "better";
  c.description = "what it is for";
  w.ask(c);
  CHECK(w.at(sw).spec.name == "better");
  CHECK(w.at(sw).spec.description == "what it is for");
  CHECK(w.count<ev::sweep_tuned>() == 1);
  CHECK(w.at(sw).changes == 0);
}

TEST_CASE("outside: early termination is the local controller's own affair, and stays ours under method custom") {
  world w;
  sweep_spec spec;
  spec.method = "custom";
  spec.metric = "loss";
  spec.config = {{"method", "custom"}, {"metric", {{"name", "loss"}}},
                 {"early_terminate", {{"type", "hyperband"}, {"min_iter", 1}}}};
  w.ask(cmd::create_sweep{sweep_id{"ours"}, "local/p", spec, {}});
  spec.config["controller"] = boost::json::object{{"type", "local"}};
  w.ask(cmd::create_sweep{sweep_id{"theirs"}, "local/p", spec, {}});
  CHECK(w.at(sweep_id{"ours"}).board.has_value());
  CHECK_FALSE(w.at(sweep_id{"theirs"}).board.has_value());
}
