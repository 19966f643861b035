#include "nn/accumulate.h"

#include "tensor/map.h"

namespace GRADUS {

void accumulate(std::vector<Tensor>& sum, std::vector<Tensor> gradients, double weight) {
  check(sum.empty() || sum.size() == gradients.size(), "[accumulate] {} gradients after {}", gradients.size(),
        sum.size());
  for (std::size_t i = 0; i < sum.size(); ++i)
    check(sum[i].shape() == gradients[i].shape(), "[accumulate] gradient {} of shape {} after one of shape {}", i,
          gradients[i].shape(), sum[i].shape());
  const Batch w = weight;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const View out = sum[i].write();
    kernel::map([w](Batch s, Batch g) { return s + w * g; }, out, {out, gradients[i].view()});
  }
  if (!sum.empty()) return;
  sum = std::move(gradients);
  if (weight == 1) return;
  for (Tensor& s : sum) {
    const View out = s.write();
    kernel::map([w](Batch s) { return w * s; }, out, {out});
  }
}

}  // namespace GRADUS
