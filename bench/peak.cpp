#include "bench/peak.h"

#include <barrier>
#include <map>
#include <thread>
#include <vector>

#include "tensor/lanes.h"
#include "tensor/tensor.h"

namespace GRADUS {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRuns = 10;
constexpr int kChains = 12;  // an instruction takes 4 cycles and two may begin in each: 8 at least, of 16 registers

/// Seconds from the common start of `threads` threads to the end of the last: the best of some runs.
template <class Work>
double best_seconds(int threads, const Work& work) {
  double best = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    Clock::time_point start;
    std::barrier together(threads, [&]() noexcept { start = Clock::now(); });
    {
      std::vector<std::jthread> team;
      for (int t = 1; t < threads; ++t)
        team.emplace_back([&, t] {
          together.arrive_and_wait();
          work(t);
        });
      together.arrive_and_wait();
      work(0);
    }
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

[[gnu::noinline]] void triad(Real* a, const Real* b, const Real* c, std::int64_t size) {
  for (std::int64_t i = 0; i + kLanes <= size; i += kLanes) fma(3, Batch::load(c + i), Batch::load(b + i)).store(a + i);
}

}  // namespace

void multiply_add(std::int64_t rounds) {
  Batch sums[kChains];
  unrolled<kChains>([&](auto i) { sums[i] = Real(i); });
  Batch factor = 0.5;
  benchmark::DoNotOptimize(factor);
  for (std::int64_t round = 0; round < rounds; ++round)
    unrolled<kChains>([&](auto i) { sums[i] = fma(sums[i], factor, factor); });
  unrolled<kChains>([&](auto i) { benchmark::DoNotOptimize(sums[i]); });
}

double multiply_add_flops(std::int64_t rounds) { return 2.0 * kLanes * kChains * static_cast<double>(rounds); }

double peak_flops(int threads) {
  static std::map<int, double> known;
  double& flops = known[threads];
  if (flops == 0) {
    constexpr std::int64_t rounds = 1'000'000;
    const double seconds = best_seconds(threads, [](int) { multiply_add(rounds); });
    flops = multiply_add_flops(rounds) * threads / seconds;
  }
  return flops;
}

double peak_bandwidth(std::int64_t bytes, int threads) {
  static std::map<std::pair<std::int64_t, int>, double> known;
  double& bandwidth = known[{bytes, threads}];
  if (bandwidth == 0) {
    const std::int64_t each = std::max<std::int64_t>(bytes / (3 * sizeof(Real) * threads), kLanes);
    const std::int64_t repeats = 1 + 50'000'000 / bytes;
    std::vector<Tensor> arrays(3 * threads);
    for (Tensor& x : arrays) x = ones({each});
    const double seconds = best_seconds(threads, [&](int t) {
      Real* a = arrays[3 * t].write().data;
      for (std::int64_t r = 0; r < repeats; ++r) {
        triad(a, arrays[3 * t + 1].view().data, arrays[3 * t + 2].view().data, each);
        benchmark::ClobberMemory();
      }
    });
    bandwidth = 3.0 * sizeof(Real) * static_cast<double>(each * repeats * threads) / seconds;
  }
  return bandwidth;
}

void report_flops(benchmark::State& state, double flops, double seconds, int threads) {
  state.counters["GFLOP/s"] = flops / seconds / 1e9;
  state.counters["peak%"] = 100 * flops / seconds / peak_flops(threads);
}

void report_bytes(benchmark::State& state, std::int64_t traffic, std::int64_t memory, double seconds, int threads) {
  const double rate = static_cast<double>(traffic) / seconds;
  state.counters["GB/s"] = rate / 1e9;
  state.counters["peak%"] = 100 * rate / peak_bandwidth(memory, threads);
}

}  // namespace GRADUS
