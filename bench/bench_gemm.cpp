// Matrix products at the models' shapes, forward and both gradients, and of large squares.
#include "bench/peak.h"
#include "bench/work.h"
#include "tensor/parallel.h"

namespace GRADUS {
namespace {

void gemm(benchmark::State& state, const GemmCase& shape) {
  const int threads = static_cast<int>(state.range(0));
  set_threads(threads);
  work::Gemm product(shape);
  report_flops(state, shape.flops(), run(state, product), threads);
}

[[maybe_unused]] const bool registered = [] {
  for (const GemmCase& shape : gemm_cases())
    benchmark::RegisterBenchmark(("gemm/" + shape.name).c_str(), gemm, shape)
        ->ArgName("threads")
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime();
  return true;
}();

}  // namespace
}  // namespace GRADUS
