#include "nn/average.h"

#include <algorithm>

#include "tensor/map.h"

namespace GRADUS::detail {

void check_average(std::span<const Tensor> average, std::span<const Tensor> latest, double decay) {
  check(decay >= 0 && static_cast<Real>(decay) < 1, "[average] the decay must be from 0 to below 1, not {}", decay);
  check(average.size() == latest.size(), "[average] a module of {} tensors cannot follow one of {}", average.size(),
        latest.size());
  for (std::size_t i = 0; i < average.size(); ++i)
    check(average[i].shape() == latest[i].shape(), "[average] tensor {} of shape {} cannot follow one of shape {}", i,
          average[i].shape(), latest[i].shape());
}

double kept_share(double decay, std::int64_t updates) {
  const double n = static_cast<double>(updates);
  return std::min(decay, (1 + n) / (10 + n));
}

void move_average(Tensor& average, const Tensor& x, double kept) {
  const Batch a_share = kept, x_share = 1 - kept;
  const View out = average.write();
  kernel::map([=](Batch a, Batch x) { return a_share * a + x_share * x; }, out, {out, x.view()});
}

}  // namespace GRADUS::detail
