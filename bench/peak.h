// What this machine can do at best, measured in the same run as what is compared with it.
#pragma once

#include <benchmark/benchmark.h>

#include "tensor/real.h"

namespace gradus::inline GRADUS_FLAVOUR {

/// Floating-point operations a second of `threads` threads that do nothing but independent fused multiply-adds on
/// registers, two operations each. Measured at the first call.
double peak_flops(int threads);
/// Bytes a second of `threads` threads in a triad a = b + 3·c whose three arrays together have `bytes` bytes: what the
/// cache that holds so much gives, or main memory. Counts every array once. Measured at the first call.
double peak_bandwidth(std::int64_t bytes, int threads);

/// Adds GFLOP/s and its share of the peak to the result; `flops` of one iteration.
void report_flops(benchmark::State& state, double flops, int threads);
/// Adds GB/s and its share of the peak to the result. `traffic`: bytes that one iteration must read and write at
/// least; `memory`: bytes in which it does so, which says what cache to compare with.
void report_bytes(benchmark::State& state, double traffic, std::int64_t memory, int threads);

}  // namespace gradus::inline GRADUS_FLAVOUR
