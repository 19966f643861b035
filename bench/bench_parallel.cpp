// What a region of two threads costs when it has nothing to do, on a machine that is idle or not.
#include <benchmark/benchmark.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "tensor/parallel.h"

namespace GRADUS {
namespace {

/// A process that does nothing, busily, while this lives.
class BusyProcess {
 public:
  BusyProcess() : id_(fork()) {
    if (id_ == 0)
      for (volatile int i = 0;;) i = i + 1;
  }
  ~BusyProcess() {
    if (id_ < 0) return;
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }
  bool runs() const { return id_ > 0; }

 private:
  pid_t id_;
};

void measure(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  set_threads(2);
  std::vector<double> seconds;
  for (auto _ : state) {
    const Clock::time_point start = Clock::now();
    parallel_for(2, [](std::int64_t chunk) { benchmark::DoNotOptimize(chunk); });
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
  state.counters["median_us"] = seconds[seconds.size() / 2] * 1e6;
}

void empty_region_of_two_threads(benchmark::State& state) { measure(state); }
BENCHMARK(empty_region_of_two_threads)->UseRealTime();

void empty_region_beside_a_busy_process(benchmark::State& state) {
  const BusyProcess busy;
  if (busy.runs())
    measure(state);
  else
    state.SkipWithError("the system gives no second process");
}
BENCHMARK(empty_region_beside_a_busy_process)->UseRealTime();

}  // namespace
}  // namespace GRADUS
