// Gradus, to be measured by compare.py. With any argument: prints how many floating-point operations each work takes.
#include <cstdio>

#include "bench/peak.h"
#include "bench/peers/serve.h"
#include "bench/work.h"
#include "tensor/parallel.h"

using namespace gradus;

/// Sets up a W, which is shared because std::function copies.
template <class W>
static auto prepare(auto... arguments) {
  return [=]() -> std::function<void()> { return [work = std::make_shared<W>(arguments...)] { (*work)(); }; };
}

int main(int argc, char**) {
  constexpr std::int64_t rounds = 10'000;
  Service service{
      set_threads,
      {
          {"step/book", prepare<work::Step>(work::book_model())},
          {"step/small", prepare<work::Step>(work::small_model())},
          {"step/conv", prepare<work::Step>(work::conv_model())},
          {"chain", prepare<work::Chain>()},
          {"composite", prepare<work::BothWays<decltype(&work::composite)>>(Shape{150, 500}, &work::composite)},
          {"bce", prepare<work::Bce>()},
          {"adam", prepare<work::AdamUpdate>()},
          {"importance", prepare<work::ImportanceSampled>()},
          {"peak", [] { return [] { parallel_for(threads(), [](std::int64_t) { multiply_add(rounds); }); }; }},
      }};
  for (const GemmCase& shape : gemm_cases()) service.works["gemm/" + shape.name] = prepare<work::Gemm>(shape);
  if (argc == 1) return serve(service);

  const auto print = [](const std::string& name, double flops) { std::printf("%s %.0f\n", name.c_str(), flops); };
  print("step/book", work::book_model().flops());
  print("step/small", work::small_model().flops());
  print("step/conv", work::conv_model().flops());
  print("importance", work::ImportanceSampled().flops());
  print("peak", multiply_add_flops(rounds));
  for (const GemmCase& shape : gemm_cases()) print("gemm/" + shape.name, shape.flops());
}
