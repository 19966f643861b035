// A training step, in operations of its matrix products: what is missing to the peak is everything else as well.
#include "bench/peak.h"
#include "bench/work.h"
#include "tensor/parallel.h"

namespace GRADUS {
namespace {

void step(benchmark::State& state, const work::Model& model) {
  const int threads = static_cast<int>(state.range(0));
  set_threads(threads);
  work::Step work(model);
  report_flops(state, model.flops(), run(state, work), threads);
}
BENCHMARK_CAPTURE(step, 784_500_500_20_elu_batch_150, work::book_model())
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(step, 784_200_200_50_tanh_batch_20, work::small_model())
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(step, convolutional_relu_batch_128, work::conv_model())
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace GRADUS
