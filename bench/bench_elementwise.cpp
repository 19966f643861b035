// Work that memory limits: elementwise ops, the loss and the optimiser; and the tape, which is all overhead.
//
// "Both ways" is the value, its sum and the gradient. The bytes counted are those that must move at least: an op
// reads its arguments and writes its result, the sum reads it once, a gradient reads what the op read and is written.
#include "bench/peak.h"
#include "bench/work.h"
#include "tensor/parallel.h"

namespace GRADUS {
namespace {

const Shape kShape{150, 500};

/// `arrays`: how many arrays of `count` numbers must be read or written; `distinct`: how many there are.
template <class Work>
void measure(benchmark::State& state, Work& work, std::int64_t count, int arrays, int distinct) {
  const int threads = static_cast<int>(state.range(0));
  set_threads(threads);
  const double seconds = run(state, work);
  const std::int64_t bytes = count * static_cast<std::int64_t>(sizeof(Real));
  report_bytes(state, arrays * bytes, distinct * bytes, seconds, threads);
}

template <class F>
void register_op(const char* name, F f) {
  const auto add = [&](const std::string& prefix, auto run) {
    benchmark::RegisterBenchmark((prefix + name).c_str(), run)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
  };
  add("forward/", [f](benchmark::State& state) {
    Rng rng{.seed = 1};
    const Tensor x = normal(kShape, rng);
    auto work = [&] { benchmark::DoNotOptimize(f(x).view().data); };
    measure(state, work, kShape.numel(), 2, 2);
  });
  add("both_ways/", [f](benchmark::State& state) {
    work::BothWays work(kShape, f);
    measure(state, work, kShape.numel(), 5, 3);
  });
}

[[maybe_unused]] const bool registered = [] {
  register_op("exp", [](const Tensor& x) { return exp(x); });
  register_op("tanh", [](const Tensor& x) { return tanh(x); });
  register_op("sigmoid", [](const Tensor& x) { return sigmoid(x); });
  register_op("softplus", [](const Tensor& x) { return softplus(x); });
  register_op("relu", [](const Tensor& x) { return relu(x); });
  register_op("elu", [](const Tensor& x) { return elu(x); });
  register_op("silu", [](const Tensor& x) { return silu(x); });
  register_op("gelu", [](const Tensor& x) { return gelu(x); });
  register_op("silu_elu_square", work::composite);
  return true;
}();

void bce_with_logits(benchmark::State& state) {
  work::Bce work;
  measure(state, work, 150 * 784, 7, 4);  // the loss reads 2 and writes 1, the sum reads 1, the gradient 2 + 1
}
BENCHMARK(bce_with_logits)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

void adam(benchmark::State& state) {
  work::AdamUpdate work;
  measure(state, work, work.count(), 7, 4);  // reads the gradient; reads and writes parameter and two moments
}
BENCHMARK(adam)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

void chain_of_1000_multiplications(benchmark::State& state) {
  set_threads(1);
  work::Chain work;
  state.counters["ns_per_op"] = run(state, work) / work::Chain::kLength * 1e9;
}
BENCHMARK(chain_of_1000_multiplications);

}  // namespace
}  // namespace GRADUS
