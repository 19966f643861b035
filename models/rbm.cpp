#include "models/rbm.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "nn/distributions.h"
#include "nn/optim.h"

namespace GRADUS {

// ----- the machine -------------------------------------------------------------------------------------------------

static Tensor as_column(const Tensor& x) { return reshape(x, {x.numel(), 1}); }

Tensor Rbm::hidden_logits(const Tensor& v) const { return matmul(v - visible_offset.value, weight) + hidden; }

Tensor Rbm::visible_logits(const Tensor& h) const {
  return matmul(h - hidden_offset.value, transpose(weight)) + visible;
}

// E is (v - μ)·(b - Wλ) - c·λ + logits(v)·h with its sign turned, whose sum over all h is a product over units.
Tensor Rbm::free_energy(const Tensor& v) const {
  const Tensor seen = v - visible_offset.value;  // (B, D)
  const Tensor felt = visible - reshape(matmul(weight, as_column(hidden_offset.value)), {weight.shape()[0]});
  return sum(hidden * hidden_offset.value) - sum(seen * felt, {1}) - sum(softplus(hidden_logits(v)), {1});  // (B)
}

Tensor Rbm::gibbs(const Tensor& v, std::int64_t steps, Rng& rng) const {
  const Pause no_derivatives;
  Tensor now = v;
  for (std::int64_t i = 0; i < steps; ++i) {
    const Tensor h = Bernoulli{hidden_logits(now)}.sample(rng);
    now = Bernoulli{visible_logits(h)}.sample(rng);
  }
  return now;
}

Rbm Rbm::plain() const {
  const Pause no_derivatives;
  const Tensor no_v = zeros(visible.shape()), no_h = zeros(hidden.shape());
  const Shape one_v{1, visible.numel()}, one_h{1, hidden.numel()};
  return {weight,
          reshape(visible_logits(reshape(no_h, one_h)), visible.shape()),
          reshape(hidden_logits(reshape(no_v, one_v)), hidden.shape()),
          {no_v},
          {no_h}};
}

// ----- training ----------------------------------------------------------------------------------------------------

/// The frequency of each bit, (N, D) -> (D), as if half of two more images had it.
static Tensor frequencies(const Tensor& v) {
  return (sum(v, {0}) + Real(1)) * (1 / static_cast<Real>(v.shape()[0] + 2));
}

static Tensor log_odds(const Tensor& p) { return log(p) - log(1 - p); }

Rbm new_rbm(const RbmSettings& settings, const Tensor& v, Rng& rng) {
  const std::int64_t D = v.shape()[1], H = settings.hidden;
  const Real reach = 4 * std::sqrt(Real(6) / static_cast<Real>(D + H));
  const Tensor p = frequencies(v);
  return {.weight = (2 * uniform({D, H}, rng) - 1) * reach,
          .visible = log_odds(p),
          .hidden = zeros({H}),
          .visible_offset = {settings.centred ? p : zeros({D})},
          .hidden_offset = {settings.centred ? full({H}, Real(0.5)) : zeros({H})}};
}

RbmTrainer::RbmTrainer(const RbmSettings& settings, Tensor data)
    : settings_(settings),
      data_(std::move(data)),
      rng_{.seed = settings.seed},
      rbm_(new_rbm(settings, data_, rng_)),
      chains_(bernoulli({settings.batch_size, data_.shape()[1]}, Real(0.5), rng_)) {
  check(data_.shape()[0] >= settings.batch_size, "[rbm] {} images are fewer than a batch of {}", data_.shape()[0],
        settings.batch_size);
}

void RbmTrainer::step(const Tensor& v) {
  const Tensor samples = rbm_.gibbs(settings_.persistent ? chains_ : v, settings_.steps, rng_);
  chains_ = samples;
  if (settings_.centred) {  // λ follows the mean of h at the data, and b with it, so that p(v) stays as it is
    constexpr Real kFollows = 0.01;
    const Tensor moved = (mean(sigmoid(rbm_.hidden_logits(v)), {0}) - rbm_.hidden_offset.value) * kFollows;
    rbm_.hidden_offset.value = rbm_.hidden_offset.value + moved;
    rbm_.visible = rbm_.visible + reshape(matmul(rbm_.weight, as_column(moved)), rbm_.visible.shape());
  }
  Tape tape(parameters(rbm_));
  const Tensor loss = mean(rbm_.free_energy(v)) - mean(rbm_.free_energy(stop_gradient(samples)));
  Optimizer(Sgd{.lr = settings_.lr}).step(rbm_, tape.gradient(loss));
}

void RbmTrainer::epoch() {
  const std::int64_t N = data_.shape()[0], B = settings_.batch_size;
  const Indices order = permutation(N, rng_);
  for (std::int64_t begin = 0; begin + B <= N; begin += B) {
    const auto from = order.values.begin() + begin;
    const Indices rows{{B}, {from, from + B}};
    step(embedding(data_, rows));
  }
}

// ----- log Z -------------------------------------------------------------------------------------------------------

namespace {

/// log Σ e^x of numbers as they come, in double.
class LogSum {
 public:
  void add(double x) {
    if (x > largest_)
      sum_ = sum_ * std::exp(largest_ - x) + 1, largest_ = x;
    else
      sum_ += std::exp(x - largest_);
  }
  double value() const { return largest_ + std::log(sum_); }

 private:
  double largest_ = -INFINITY, sum_ = 0;
};

/// How much larger F of the plain machine is than that of the machine itself, wherever.
double plain_less_own(const Rbm& plain, const Rbm& own) {
  const Tensor nowhere = zeros({1, own.visible.numel()});
  return static_cast<double>(plain.free_energy(nowhere).item()) - static_cast<double>(own.free_energy(nowhere).item());
}

}  // namespace

double exact_log_z(const Rbm& rbm) {
  const Pause no_derivatives;
  const std::int64_t H = rbm.hidden.numel();
  check(H <= 20, "[exact_log_z] {} hidden units have too many states to be added up: 20 at most", H);
  const Rbm plain = rbm.plain();
  constexpr std::int64_t kAtOnce = 4096;
  LogSum total;
  const std::int64_t states = std::int64_t{1} << H;
  for (std::int64_t begin = 0; begin < states; begin += kAtOnce) {
    const std::int64_t n = std::min(kAtOnce, states - begin);
    Tensor h({n, H});
    const View view = h.write();
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < H; ++j) view.data[i * H + j] = static_cast<Real>((begin + i) >> j & 1);
    // Σ_v e^-E(v, h) = e^c·h Π (1 + e^logit)
    for (const Real x : (sum(h * plain.hidden, {1}) + sum(softplus(plain.visible_logits(h)), {1})).values())
      total.add(x);
  }
  return total.value() + plain_less_own(plain, rbm);
}

double log_likelihood(const Rbm& rbm, const Tensor& v, double log_z) {
  const Pause no_derivatives;
  double total = 0;
  constexpr std::int64_t kAtOnce = 1000;
  for (std::int64_t begin = 0; begin < v.shape()[0]; begin += kAtOnce)
    for (const double f : rbm.free_energy(slice(v, 0, begin, std::min(begin + kAtOnce, v.shape()[0]))).values())
      total -= f;
  return total / static_cast<double>(v.shape()[0]) - log_z;
}

// The path from independent pixels, of log-odds a, to the machine: F_β(v) = -v·((1 - β)·a + β·b) - Σ softplus(β·(v·W + c)),
// of which F_0 has log Z = H·log 2 + Σ log(1 + e^a).
namespace {

struct Path {
  Rbm plain;
  Tensor a;  // (D)

  Tensor free_energy(const Tensor& v, Real beta) const {
    const Tensor bias = a + beta * (plain.visible - a);
    return -sum(v * bias, {1}) - sum(softplus(beta * plain.hidden_logits(v)), {1});
  }
  /// A draw of h and then of v that leaves the distribution of that temperature as it is.
  Tensor moved(const Tensor& v, Real beta, Rng& rng) const {
    const Tensor h = Bernoulli{beta * plain.hidden_logits(v)}.sample(rng);
    return Bernoulli{a + beta * (plain.visible_logits(h) - a)}.sample(rng);
  }
  double log_z_at_0() const {
    return static_cast<double>(plain.hidden.numel()) * std::log(2.0) + static_cast<double>(sum(softplus(a)).item());
  }
};

/// log Z by the logarithms of the chains' weights, which are log Z's own from below, or of its inverse (sign -1).
AnnealedLogZ estimate(const std::vector<double>& log_weights, double sign, double log_z_at_0, double plain_less_own) {
  LogSum sum, squares;
  for (const double w : log_weights) sum.add(sign * w), squares.add(2 * sign * w);
  const auto n = static_cast<double>(log_weights.size());
  const double log_mean = sum.value() - std::log(n), effective = std::exp(2 * sum.value() - squares.value());
  // Of the mean of the weights, relative to it: √(Σ(w/w̄)² - n)/n, for n large.
  return {.log_z = log_z_at_0 + sign * log_mean + plain_less_own,
          .standard_error = std::sqrt(std::max(n / effective - 1, 0.0) / n),
          .effective_samples = effective};
}

Path path_to(const Rbm& rbm, const Tensor& v) { return {rbm.plain(), log_odds(frequencies(v))}; }

void add(std::vector<double>& to, const Tensor& x) {
  const std::vector<Real> values = x.values();
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += values[i];
}

}  // namespace

AnnealedLogZ forward_ais(const Rbm& rbm, const Tensor& v, std::int64_t chains, std::int64_t temperatures, Rng& rng) {
  const Pause no_derivatives;
  const Path path = path_to(rbm, v);
  Tensor now = Bernoulli{broadcast_to(path.a, {chains, path.a.numel()})}.sample(rng);
  std::vector<double> log_weights(chains);
  const auto beta = [&](std::int64_t t) { return static_cast<Real>(t) / static_cast<Real>(temperatures); };
  for (std::int64_t t = 1; t <= temperatures; ++t) {
    add(log_weights, path.free_energy(now, beta(t - 1)) - path.free_energy(now, beta(t)));
    if (t < temperatures) now = path.moved(now, beta(t), rng);
  }
  return estimate(log_weights, 1, path.log_z_at_0(), plain_less_own(path.plain, rbm));
}

AnnealedLogZ reverse_ais(const Rbm& rbm, const Tensor& v, const Tensor& samples, std::int64_t temperatures, Rng& rng) {
  const Pause no_derivatives;
  const Path path = path_to(rbm, v);
  Tensor now = samples;
  std::vector<double> log_weights(samples.shape()[0]);
  const auto beta = [&](std::int64_t t) { return static_cast<Real>(t) / static_cast<Real>(temperatures); };
  for (std::int64_t t = temperatures; t >= 1; --t) {
    add(log_weights, path.free_energy(now, beta(t - 1)) - path.free_energy(now, beta(t)));
    if (t > 1) now = path.moved(now, beta(t - 1), rng);
  }
  // Backwards, the mean of 1/w is the ratio turned about.
  return estimate(log_weights, -1, path.log_z_at_0(), plain_less_own(path.plain, rbm));
}

}  // namespace GRADUS
