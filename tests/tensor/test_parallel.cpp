// parallel_for: every chunk exactly once, whatever the number of threads, and errors that come through.
#include <doctest/doctest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tensor/check.h"
#include "tensor/parallel.h"

using namespace gradus;

namespace {
// Leaves the number of threads as it was.
struct WithThreads {
  int before = threads();
  explicit WithThreads(int count) { set_threads(count); }
  ~WithThreads() { set_threads(before); }
};
}  // namespace

TEST_CASE("every chunk runs exactly once") {
  for (const int count : {1, 2, 3, 7, 32}) {
    const WithThreads guard(count);
    for (const int chunks : {0, 1, 2, 3, 10, 1000}) {
      std::vector<int> runs(chunks, 0);
      parallel_for(chunks, [&](std::int64_t chunk) { ++runs[chunk]; });
      CHECK(runs == std::vector<int>(chunks, 1));
    }
  }
}

TEST_CASE("many small regions, one after the other, lose nothing") {
  const WithThreads guard(3);
  std::int64_t total = 0;
  for (int region = 0; region < 5000; ++region) {
    std::vector<std::int64_t> parts(5);
    parallel_for(5, [&](std::int64_t chunk) { parts[chunk] = region + chunk; });
    total += std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
  }
  CHECK(total == 5 * (5000LL * 4999 / 2) + 5000 * 10);
}

TEST_CASE("the workers really work beside the caller") {
  const WithThreads guard(2);
  // Each chunk waits for the other: one thread alone would wait for ever.
  std::atomic<int> arrived{0};
  std::vector<std::thread::id> who(2);
  parallel_for(2, [&](std::int64_t chunk) {
    who[chunk] = std::this_thread::get_id();
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  CHECK(who[0] != who[1]);
}

TEST_CASE("a region inside a region runs in its own thread") {
  const WithThreads guard(3);
  std::atomic<int> strangers{0}, inner_chunks{0};
  parallel_for(6, [&](std::int64_t) {
    const auto outer = std::this_thread::get_id();
    parallel_for(4, [&](std::int64_t) {
      ++inner_chunks;
      if (std::this_thread::get_id() != outer) ++strangers;
    });
  });
  CHECK(inner_chunks == 24);
  CHECK(strangers == 0);
}

TEST_CASE("regions of several threads at once are each complete") {
  const WithThreads guard(2);
  std::atomic<std::int64_t> total{0};
  const auto user = [&] {
    for (int i = 0; i < 200; ++i) parallel_for(7, [&](std::int64_t chunk) { total += chunk; });
  };
  std::thread other(user);
  user();
  other.join();
  CHECK(total == 2 * 200 * 21);
}

TEST_CASE("an exception comes out at the caller, and the pool lives on") {
  for (const int count : {1, 2, 3}) {
    const WithThreads guard(count);
    for (const int bad : {0, 5, 99}) {
      std::string message;
      try {
        parallel_for(100, [&](std::int64_t chunk) {
          if (chunk == bad) throw std::runtime_error("chunk " + std::to_string(chunk));
        });
      } catch (const std::runtime_error& error) {
        message = error.what();
      }
      CHECK(message == "chunk " + std::to_string(bad));
    }
    std::atomic<int> begun{0};
    CHECK_THROWS_AS(parallel_for(1'000'000,
                                 [&](std::int64_t) {
                                   ++begun;
                                   throw std::runtime_error("at once");
                                 }),
                    std::runtime_error);
    CHECK(begun <= count);  // nobody takes another chunk
    std::atomic<int> runs{0};
    parallel_for(100, [&](std::int64_t) { ++runs; });
    CHECK(runs == 100);
  }
}

TEST_CASE("the number of threads is 1 to 256") {
  const WithThreads guard(256);
  CHECK(threads() == 256);
  set_threads(1);
  CHECK(threads() == 1);
  for (const int bad : {0, -1, 257}) {
    std::string message;
    try {
      set_threads(bad);
    } catch (const Error& error) {
      message = error.what();
    }
    CHECK(message == "[threads] the number of threads is 1 to 256, not " + std::to_string(bad));
  }
  CHECK(threads() == 1);
  CHECK(available_threads() >= 1);
  CHECK(available_threads() <= 256);
}
