// What this machine can do at best, measured in the same run as what is compared with it.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>

#include "tensor/real.h"

namespace GRADUS {

/// Floating-point operations a second of `threads` threads that do nothing but independent fused multiply-adds on
/// registers, two operations each. Measured at the first call.
double peak_flops(int threads);
/// Bytes a second of `threads` threads in a triad a = b + 3·c whose three arrays together have `bytes` bytes: what the
/// cache that holds so much gives, or main memory. Counts every array once. Measured at the first call.
double peak_bandwidth(std::int64_t bytes, int threads);

/// `rounds` of independent fused multiply-adds, and the operations that they count.
void multiply_add(std::int64_t rounds);
double multiply_add_flops(std::int64_t rounds);

/// Runs `work` as often as the benchmark asks. Returns the seconds of one run.
template <class Work>
double run(benchmark::State& state, Work& work) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  for (auto _ : state) work();
  return std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(state.iterations());
}

/// Adds GFLOP/s and its share of the peak to the result; `flops` in `seconds`.
void report_flops(benchmark::State& state, double flops, double seconds, int threads);
/// Adds GB/s and its share of the peak to the result. `traffic`: bytes that must be read and written in `seconds`;
/// `memory`: bytes in which that happens, which says what cache to compare with.
void report_bytes(benchmark::State& state, std::int64_t traffic, std::int64_t memory, double seconds, int threads);

}  // namespace GRADUS
