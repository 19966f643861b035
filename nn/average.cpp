#include "nn/average.h"

#include "tensor/map.h"

namespace GRADUS::detail {

void check_average(std::span<const Tensor> average, std::span<const Tensor> latest, double decay) {
  check(decay >= 0 && decay < 1, "[average] the decay must be from 0 to below 1, not {}", decay);
  check(average.size() == latest.size(), "[average] a module of {} tensors cannot follow one of {}", average.size(),
        latest.size());
  for (std::size_t i = 0; i < average.size(); ++i)
    check(average[i].shape() == latest[i].shape(), "[average] tensor {} of shape {} cannot follow one of shape {}", i,
          average[i].shape(), latest[i].shape());
}

void move_average(Tensor& average, const Tensor& x, double decay) {
  const Batch kept = decay, rest = 1 - decay;
  const View out = average.write();
  kernel::map([=](Batch a, Batch x) { return kept * a + rest * x; }, out, {out, x.view()});
}

}  // namespace GRADUS::detail
