// The agent when things go wrong: lost replies, a server away, other offsets, a lease given away, programs
// that are not there, agents that died before. Every step waits for something that the other side did.
#include "controller/agent/spawn.hpp"
#include "tests/agent/bench.hpp"

#include <sys/wait.h>

using namespace sweepd;
using namespace sweepd::agent;
using namespace sweepd::agent::test;

namespace {

constexpr const char* trainer =
    "echo start $1; echo '{\"loss\": 0.5}' >> $SWEEPD_METRICS_FILE;"
    "echo '{\"loss\": NaN}' >> $SWEEPD_METRICS_FILE;"
    "echo '{\"_summary\": {\"best\": 0.25}}' >> $SWEEPD_METRICS_FILE;"
    "cat $SWEEPD_PARAMS_FILE; echo $SWEEPD_RUN_ID $SWEEPD_SWEEP_ID $SWEEPD_EPOCH $WANDB_RUN_ID;"
    "echo kept > $SWEEPD_RUN_DIR/files/model.txt; printf end";

}  // namespace

TEST_CASE("agent: no reply that gets lost makes a run, a line or a byte come twice or not at all") {
  bench b;
  b.script(trainer, 4);
  b.conf.jobs = 2;
  int n = 0;
  b.server.drop_reply = [&n](const call&) { return ++n % 3 == 0; };
  CHECK(b.run() == 0);
  CHECK(b.server.handouts == 4);
  for (const auto& [id, r] : b.server.runs) {
    CHECK(r.state == "finished");
    CHECK(r.history.size() == 2);
    CHECK(r.log.ends_with("\nend"));
    CHECK(r.log.find("start", 1) == std::string::npos);
    CHECK(r.files.contains("output.log"));
  }
  CHECK(n > 12);
}

TEST_CASE("agent: a server that is away in the middle loses nothing, and the agent says both") {
  bench b;
  gate go(b.dir / "go");
  b.script("echo before; echo '{\"i\": 1}' >> $SWEEPD_METRICS_FILE; read x < go;"
           "echo after; echo '{\"i\": 2}' >> $SWEEPD_METRICS_FILE; : > done; exit 4");
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "before\n"; }, "first output");
  b.server.go_away();
  b.until([&] { return b.said("the server is away"); }, "the complaint");
  go.open_once();
  b.until([&] { return std::filesystem::exists(b.dir / "done"); }, "the program's end");
  b.server.come_back();
  CHECK(b.finish() == 0);
  CHECK(b.said("the server is back"));
  const auto& r = b.server.only();
  CHECK(r.log == "before\nafter\n");
  CHECK(r.history == std::vector<std::string>{"{\"i\":1}", "{\"i\":2}"});
  CHECK(r.finish->at("exit_code") == 4);
  CHECK(b.lines.back() == "agent: 1 run, 0 finished, 1 failed");
}

TEST_CASE("agent: a run stays in the heartbeat's list until the server has its final record") {
  bench b;
  b.script("exit 3");
  int refused = 0;
  int beats = 0;
  b.server.instead = [&](const call& c) -> std::optional<reply> {
    if (refused > 0 && c.is("/heartbeat")) ++beats;
    if (!c.is("/finish") || beats >= 3) return std::nullopt;
    ++refused;
    return problem(503, "unavailable", "not now");
  };
  CHECK(b.run() == 0);
  CHECK(beats >= 3);
  CHECK(b.server.only().listed);
  CHECK(b.server.only().finish->at("exit_code") == 3);
}  // the bench checks that no heartbeat ever left a run out

TEST_CASE("agent: joins as soon as there is a server") {
  bench b;
  b.script("true");
  b.server.go_away();
  b.start();
  b.until([&] { return b.said("the server is away"); }, "the complaint");
  b.server.come_back();
  CHECK(b.finish() == 0);
  CHECK(b.server.only().state == "finished");
}

TEST_CASE("agent: a run whose lease has passed on is stopped and not argued about") {
  bench b;
  b.script("echo ready; sleep 1000");
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "ready\n"; }, "the program");
  b.server.only().epoch = 2;
  b.server.only().agent = "somebody else";
  CHECK(b.finish() == 0);
  CHECK_FALSE(b.server.only().finish);
  CHECK(b.said("is no longer ours"));
  CHECK(b.lines.back() == "agent: 1 run, 0 finished, 1 lost");
}

TEST_CASE("agent: when the server stands at other offsets it is asked, and given what it lacks") {
  bench b;
  gate go(b.dir / "go");
  b.script("echo one; echo '{\"i\": 1}' >> $SWEEPD_METRICS_FILE; read x < go;"
           "echo two; echo '{\"i\": 2}' >> $SWEEPD_METRICS_FILE");
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "one\n" &&
                       b.server.only().history.size() == 1; }, "first output");
  b.server.only().log.clear();  // as after a restore from a backup
  b.server.only().history.clear();
  go.open_once();
  CHECK(b.finish() == 0);
  CHECK(b.server.only().log == "one\ntwo\n");
  CHECK(b.server.only().history.size() == 2);
}

TEST_CASE("agent: told to leave while the server is away, it keeps the result; the next agent delivers it") {
  temp_dir dir;
  std::string kept_url;
  bench first;
  first.conf.workdir = dir.path();
  first.conf.grace = milliseconds{100};
  gate go(dir / "go");
  first.script("echo ready; echo '{\"i\": 1}' >> $SWEEPD_METRICS_FILE; read x < go; echo last; exit 3", 2);
  first.start();
  first.until([&] { return first.server.runs.size() == 1 && first.server.only().log == "ready\n"; }, "program");
  first.server.go_away();
  go.open_once();
  first.loop->on_signal(SIGTERM);
  CHECK(first.finish() == 69);
  CHECK(first.said("it is kept in"));
  first.server.come_back();
  first.code.reset();
  first.server.configs.clear();
  CHECK(first.run() == 0);
  CHECK(first.said("was left by an earlier agent"));
  const auto& r = first.server.only();
  CHECK(r.finish->at("exit_code") == 3);
  CHECK(r.log == "ready\nlast\n");
  CHECK(r.history.size() == 1);
  CHECK(r.files.contains("output.log"));
  // What is left is delivered before the second agent takes anything.
  std::size_t finish_at = 0;
  std::size_t join_at = 0;
  for (std::size_t i = 0; i < first.server.calls.size(); ++i) {
    if (first.server.calls[i].is("/finish")) finish_at = i;
    if (first.server.calls[i].is("/agents")) join_at = i;
  }
  CHECK(finish_at < join_at);
}

TEST_CASE("agent: of a run whose agent was killed, the words are delivered and the end left to the server") {
  bench b;
  b.script("true", 0);
  b.server.runs["orphan"].agent = "gone";
  b.server.runs["orphan"].starts = 1;
  b.server.runs["orphan"].log = "first ";
  b.server.runs["orphan"].history = {"{\"i\":1}"};
  {
    spool_record record;
    record.url = b.server.url();
    record.run = "orphan";
    record.pid = 0x7ffffff0;
    record.start_acked = true;
    auto s = spool::create(b.conf.spool_root(), record);
    REQUIRE(s);
    REQUIRE(s->append_output("first second\n"));
    spit(s->metrics_path(), "{\"i\": 1}\n{\"i\": 2}\n");
  }
  CHECK(b.run() == 0);
  const auto& r = b.server.runs["orphan"];
  CHECK(r.log == "first second\n");
  CHECK(r.history == std::vector<std::string>{"{\"i\":1}", "{\"i\":2}"});
  REQUIRE(r.finish);
  CHECK_FALSE(r.finish->contains("exit_code"));
  CHECK_FALSE(r.finish->contains("signal"));
  CHECK(b.lines.back() == "agent: 0 runs, 0 finished");
}

TEST_CASE("agent: another server's leftovers are left alone") {
  bench b;
  b.script("true", 0);
  spool_record record;
  record.url = "http://elsewhere:1";
  record.run = "foreign";
  { REQUIRE(spool::create(b.conf.spool_root(), record)); }
  CHECK(b.run() == 0);
  CHECK(b.said("belongs to http://elsewhere:1"));
  CHECK(b.server.count("/finish") == 0);
}

TEST_CASE("agent: a program that is not there fails as in a shell, with the reason as evidence and output") {
  bench b;
  b.script("true");
  b.server.command = {"${program}", "${args}"};
  b.server.program = "no-such-trainer";
  CHECK(b.run() == 0);
  CHECK(b.server.only().finish->at("exit_code") == 127);
  CHECK(evidence_of(b.server.only()).find("no-such-trainer") != std::string::npos);
  CHECK(b.server.only().log.find("sweepd agent: cannot run no-such-trainer") == 0);
}

TEST_CASE("agent: forgotten by its server, it joins again and goes on") {
  bench b;
  gate go(b.dir / "go");
  b.script("echo ready; read x < go", 2);
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "ready\n"; }, "the program");
  b.server.only().agent = "nobody";
  b.server.agents = {"some", "others"};
  b.until([&] { return b.said("joining again"); }, "the complaint");
  go.open_once();
  go.open_once();
  CHECK(b.finish() == 0);
  CHECK(b.server.runs.size() == 2);
  CHECK(b.server.agents.contains("agent3"));
}

TEST_CASE("agent: a refused metrics line costs that line only") {
  bench b;
  b.script("for i in 1 2 3; do echo \"{\\\"i\\\": $i}\"; done >> $SWEEPD_METRICS_FILE; echo out");
  b.server.instead = [](const call& c) -> std::optional<reply> {
    if (!c.is("/report") || c.body.find("\"i\":2") == std::string::npos) return std::nullopt;
    return problem(400, "invalid", "two is not welcome", "/history/1");
  };
  CHECK(b.run() == 0);
  CHECK(b.server.only().history == std::vector<std::string>{
                                       "{\"i\":1}", "{\"_sweepd_refused\":\"two is not welcome\"}", "{\"i\":3}"});
  CHECK(b.server.only().log == "out\n");
}

TEST_CASE("agent: a program that outlived its agent is watched again, or ended if it is not to be kept") {
  for (const bool keep : {true, false}) {
    CAPTURE(keep);
    bench b;
    b.script("true", 0);
    b.conf.keep_orphans = keep;
    gate go(b.dir / "go");
    b.server.runs["orphan"].agent = "gone";
    pid_t pid = 0;
    {
      spool_record record;
      record.url = b.server.url();
      record.run = "orphan";
      auto s = spool::create(b.conf.spool_root(), record);
      REQUIRE(s);
      spawn_spec spec;
      spec.argv = {"/bin/sh", "-c", "trap 'echo told; exit' TERM; echo one; read x < go; echo two"};
      spec.env = {"PATH=/usr/bin:/bin"};
      spec.cwd = b.dir.path().string();
      spec.output_fd = s->output_fd();
      const auto made = spawn(spec);
      REQUIRE(made);
      pid = made->pid;
      s->record.pid = pid;
      s->record.pid_started = process_start_ticks(pid).value_or(0);
      s->record.boot = boot_id();
      REQUIRE(s->save());
    }
    b.start();
    b.until([&] { return b.said("it is watched again"); }, "the adoption");
    if (keep) {
      b.until([&] { return b.server.runs["orphan"].log == "one\n"; }, "its first output");
      CHECK_FALSE(b.server.runs["orphan"].finish);
      go.open_once();
    }
    CHECK(b.finish() == 0);
    const auto& r = b.server.runs["orphan"];
    if (keep) CHECK(r.log == "one\ntwo\n");
    REQUIRE(r.finish);
    CHECK_FALSE(r.finish->contains("exit_code"));
    CHECK(evidence_of(r).find(keep ? "nobody saw how it ended" : "its agent had died") != std::string::npos);
    ::waitpid(pid, nullptr, 0);
  }
}

TEST_CASE("agent: the scheduler's words count that reach the job's log after its signal") {
  for (const std::string end : {"kill -TERM $$; read never", "exit 143"}) {  // a shell's word for its child's signal
    bench b;
    b.conf.slurm_job = "77";
    const auto log = b.dir / "slurm-77.out";
    std::ofstream(log) << "slurmstepd: error: *** JOB 76 ON h CANCELLED AT 2026-11-22T11:02:30 ***\n";
    // Another session writes them once the program is a zombie, or gone.
    b.script("setsid /bin/sh -c 'while grep -q \"^State:.[RSD]\" /proc/$1/status 2>/dev/null; do :; done;"
             " echo \"slurmstepd: error: *** JOB 77 ON h CANCELLED AT 2026-11-28T11:02:30 DUE TO TIME LIMIT ***\" >> slurm-77.out'"
             " words $$ </dev/null >/dev/null 2>&1 & " + end);
    CHECK(b.run() == 0);
    const auto text = json::to_text(*b.server.only().finish);
    CHECK(text.find("JOB 77 ON h CANCELLED") != std::string::npos);
    CHECK(text.find("JOB 76") == std::string::npos);
  }
}
