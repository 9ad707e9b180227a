// When the next batch is committed: as soon as everybody who is about has asked, or half a disk's time later.
#include "controller/service/gather.hpp"

#include <doctest/doctest.h>

using sweepd::service::commit_time;
using sweepd::service::gather;

namespace {

constexpr commit_time slow{0.010, 0.008};  // seconds; the disk took 8 ms

}  // namespace

TEST_CASE("gather: nothing waits before the first commit, or when told not to") {
  gather g(0.005);
  CHECK(g.left(1, 0) == 0);
  gather never(0);
  never.committed(8, 0, slow, 1);
  CHECK(never.left(1, 1) == 0);
}

TEST_CASE("gather: two groups that take turns become one") {
  gather g(0.005);
  g.committed(1, 7, slow, 1);  // one was alone in the commit, seven came meanwhile
  CHECK(g.left(7, 1) == doctest::Approx(0.004));
  CHECK(g.left(7, 1.001) == doctest::Approx(0.003));
  CHECK(g.left(8, 1.002) == 0);
  g.committed(8, 0, slow, 2);  // from here on all eight are in each
  CHECK(g.left(5, 2) > 0);
  CHECK(g.left(8, 2) == 0);
  CHECK(g.left(1, 2.001) == 0);  // the window is over
}

TEST_CASE("gather: a lone client never waits") {
  gather g(0.005);
  g.committed(1, 0, slow, 1);
  CHECK(g.left(1, 1) == 0);
}

TEST_CASE("gather: half the disk's time at most, and never over the limit") {
  gather g(0.005);
  g.committed(8, 0, commit_time{0.020, 0.002}, 1);  // 18 of 20 ms were the processor's
  CHECK(g.left(1, 1) == doctest::Approx(0.001));
  gather h(0.005);
  h.committed(8, 0, commit_time{1, 1}, 1);
  CHECK(h.left(1, 1) == doctest::Approx(0.005));
}

TEST_CASE("gather: clients that do not come back are waited for ever more seldom") {
  gather g(0.005);
  double now = 1;
  unsigned waited = 0;
  for (int commits = 0; commits < 1'000; ++commits, now += 1) {
    g.committed(8, 0, slow, now);
    if (g.left(1, now) > 0) ++waited;
    CHECK(g.left(1, now + 0.5) == 0);
  }
  CHECK(waited <= 22);
  CHECK(waited >= 10);
  // And as before once they do.
  for (int commits = 0; commits < 65; ++commits, now += 1) {
    g.committed(8, 0, slow, now);
    CHECK(g.left(8, now) == 0);
  }
  g.committed(8, 0, slow, now);
  CHECK(g.left(7, now) > 0);
}

TEST_CASE("gather: so many clients that they cannot be back in time go on in two groups") {
  gather g(0.005);
  g.committed(32, 32, slow, 1);
  CHECK(g.left(32, 1) > 0);
  CHECK(g.left(40, 1.004) == 0);  // eight of 32 came
  for (int i = 2; i <= 3; ++i) {
    g.committed(32, 32, slow, i);
    CHECK(g.left(32, i) == 0);
  }
  g.committed(32, 32, slow, 4);
  CHECK(g.left(32, 4) > 0);  // tried again
}

TEST_CASE("gather: a commit without commands expects nobody") {
  gather g(0.005);
  g.committed(0, 3, slow, 1);
  CHECK(g.left(3, 1) == 0);
}
