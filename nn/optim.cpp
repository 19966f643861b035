#include "nn/optim.h"

#include <algorithm>
#include <cmath>

#include "tensor/map.h"
#include "tensor/parallel.h"

namespace gradus::inline GRADUS_FLAVOUR {
namespace {

constexpr std::int64_t kChunk = 16384;  // elements that one thread takes at a time

// Runs rule(x, g, moments...) over whole registers; all but g are written back.
template <std::size_t n, class RuleOnLanes>
void update_lanes(const std::array<Real*, n>& written, const Real* g, std::int64_t size, const RuleOnLanes& rule) {
  const auto run = [&](const std::array<Real*, n>& at, const Real* g_at) {
    std::array<Batch, n> lanes;
    for (std::size_t i = 0; i < n; ++i) lanes[i] = Batch::load(at[i]);
    rule(lanes, Batch::load(g_at));
    for (std::size_t i = 0; i < n; ++i) lanes[i].store(at[i]);
  };
  parallel_for((size + kChunk - 1) / kChunk, [&](std::int64_t chunk) {
    const std::int64_t end = std::min(size, (chunk + 1) * kChunk);
    std::int64_t e = chunk * kChunk;
    std::array<Real*, n> at;
    for (; e + kLanes <= end; e += kLanes) {
      for (std::size_t i = 0; i < n; ++i) at[i] = written[i] + e;
      run(at, g + e);
    }
    if (e == end) return;
    Real padded[n + 1][kLanes] = {};  // the tail, in a register of its own
    for (std::size_t i = 0; i < n; ++i) at[i] = std::copy(written[i] + e, written[i] + end, padded[i]) - (end - e);
    std::copy(g + e, g + end, padded[n]);
    run(at, padded[n]);
    for (std::size_t i = 0; i < n; ++i) std::copy_n(padded[i], end - e, written[i] + e);
  });
}

constexpr const char* kSgdMoments[] = {"velocity"};
constexpr const char* kAdamMoments[] = {"m", "v"};

std::span<const char* const> names(const Sgd& sgd) { return std::span(kSgdMoments, sgd.momentum == 0 ? 0 : 1); }
std::span<const char* const> names(const Adam&) { return kAdamMoments; }

}  // namespace

std::span<const char* const> Optimizer::moment_names() const {
  return std::visit([](const auto& rule) { return names(rule); }, rule);
}

std::span<Tensor> Optimizer::moments_of(std::size_t i, const Tensor& x) {
  const std::size_t each = moment_names().size();
  while (moments_.size() < (i + 1) * each) moments_.push_back(zeros(x.shape()));
  return std::span(moments_).subspan(i * each, each);
}

void Optimizer::begin_step() { ++steps; }

void Optimizer::update(std::size_t i, Tensor& x, std::span<const Tensor> gradients) {
  check(i < gradients.size(), "[optimizer] {} gradients for more parameters", gradients.size());
  check(gradients[i].shape() == x.shape(), "[optimizer] parameter {} of shape {} has a gradient of shape {}", i,
        x.shape(), gradients[i].shape());
  Tensor gradient = gradients[i];
  if (!gradient.contiguous()) gradient.write();
  const Real* g = gradient.view().data;
  const std::span<Tensor> own = moments_of(i, x);
  Real* at = x.write().data;

  if (const Sgd* sgd = std::get_if<Sgd>(&rule)) {
    const Batch lr = sgd->lr, momentum = sgd->momentum;
    if (own.empty())
      update_lanes<1>({at}, g, x.numel(), [=](auto& lanes, Batch g) { lanes[0] -= lr * g; });
    else
      update_lanes<2>({at, own[0].write().data}, g, x.numel(), [=](auto& lanes, Batch g) {
        auto& [x, velocity] = lanes;
        velocity = momentum * velocity + g;
        x -= lr * velocity;
      });
  } else {
    const Adam& adam = std::get<Adam>(rule);
    const double t = static_cast<double>(steps);  // the corrections in double: 1 - βᵗ cancels
    const Batch rate = adam.lr / (1 - std::pow(adam.beta1, t));
    const Batch scale = 1 / std::sqrt(1 - std::pow(adam.beta2, t));
    const Batch beta1 = adam.beta1, beta2 = adam.beta2, rest1 = 1 - adam.beta1, rest2 = 1 - adam.beta2;
    const Batch epsilon = adam.epsilon;
    update_lanes<3>({at, own[0].write().data, own[1].write().data}, g, x.numel(), [=](auto& lanes, Batch g) {
      auto& [x, m, v] = lanes;
      m = beta1 * m + rest1 * g;
      v = beta2 * v + rest2 * g * g;
      x -= rate * m / (sqrt(v) * scale + epsilon);
    });
  }
}

double global_norm(std::span<const Tensor> gradients) {
  double total = 0;
  for (const Tensor& gradient : gradients) {
    const Tensor g = gradient.contiguous() ? gradient : tensor(gradient.shape(), gradient.values());
    // Chunks in parallel, their sums in order: the same bits for any number of threads.
    const std::int64_t size = g.numel(), chunks = (size + kChunk - 1) / kChunk;
    std::vector<double> partial(chunks);
    parallel_for(chunks, [&, data = g.view().data](std::int64_t chunk) {
      double lanes[8] = {};
      const std::int64_t end = std::min(size, (chunk + 1) * kChunk);
      for (std::int64_t e = chunk * kChunk; e < end; ++e) lanes[e % 8] += static_cast<double>(data[e]) * data[e];
      for (const double lane : lanes) partial[chunk] += lane;
    });
    for (const double p : partial) total += p;
  }
  return std::sqrt(total);
}

double clip_global_norm(std::span<Tensor> gradients, double max_norm) {
  check(max_norm > 0, "[clip_global_norm] the largest norm must be positive, not {}", max_norm);
  const double norm = global_norm(gradients);
  if (norm <= max_norm) return norm;
  const Batch scale = max_norm / norm;
  for (Tensor& gradient : gradients) {
    const View g = gradient.write();
    kernel::map([scale](Batch x) { return x * scale; }, g, {g});
  }
  return norm;
}

}  // namespace gradus::inline GRADUS_FLAVOUR
