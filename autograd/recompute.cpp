#include "autograd/recompute.h"

#include "autograd/joint.h"
#include "autograd/ops.h"
#include "tensor/simd.h"

namespace GRADUS::detail {

// A sum of the elements' bits, each times an odd number of its own.
static std::uint64_t fingerprint(const Tensor& x) {
  const Tensor flat = detach_contiguous(x);
  const Real* at = flat.view().data;
  std::uint64_t hash = 0;
  for (std::int64_t i = 0; i < x.numel(); ++i)
    hash += std::bit_cast<Bits>(at[i]) * (static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C16u + 1);
  return hash;
}

// Runs f again on a tape of its own, for Jᵀ·g by the inputs that are watched. Their new names let the outer tapes
// follow, and keep apart what is one tensor outside and two inputs here.
struct Recompute {
  RandomFunction f;
  Rng start;
  std::vector<Tensor> inputs;
  std::vector<int> watched;  // positions in `inputs`
  std::uint64_t value;       // the fingerprint of what f gave

  std::vector<Tensor> chosen() const {
    std::vector<Tensor> all;
    for (const int i : watched) all.push_back(inputs[i]);
    return all;
  }
  Tensor operator()(const Tensor& g) const {
    const std::vector<Tensor> x = renamed(chosen());
    std::vector<Tensor> in = inputs;
    for (std::size_t k = 0; k < x.size(); ++k) in[watched[k]] = x[k];
    Rng rng = start;
    Tape tape(x);
    const Tensor y = f(in, rng);
    check(y.shape() == g.shape() && fingerprint(y) == value,
          "[recompute] the function gave another value when it was run again\nhelp: it must depend on its inputs "
          "alone; one that draws takes its generator as an argument: recompute(f, rng, x)");
    return bundled("recompute", tape.knows(y) ? tape.gradient(sum(y * g)) : zeros_like(x), x);
  }
};

Tensor recompute(RandomFunction f, Rng& rng, std::span<const Tensor> inputs) {
  Recompute again{std::move(f), rng, {inputs.begin(), inputs.end()}, {}, 0};
  std::vector<Tensor> detached;
  for (const Tensor& x : inputs) {
    if (tracked(x)) again.watched.push_back(static_cast<int>(detached.size()));
    detached.push_back(detach(x));  // no tape knows it, so nothing is recorded
  }
  const Tensor y = untracked("recompute", again.f(detached, rng));
  if (again.watched.empty()) return y;
  again.value = fingerprint(y);
  const Tensor bundled_inputs = bundle(again.chosen());
  return record("recompute", y, arg(bundled_inputs, std::move(again)));
}

}  // namespace GRADUS::detail
