#include "models/evaluation/completion.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "autograd/tape.h"
#include "models/evaluation/encoded.h"
#include "nn/optim.h"

namespace GRADUS {

namespace {
struct Best {
  Tensor u;  // (n, Z)
  void members(auto&& visit) { visit("u", u); }
};
}  // namespace

static Tensor row_of(const std::vector<double>& numbers, double least) {
  Tensor row({1, std::ssize(numbers)});
  std::ranges::transform(numbers, row.write().data, [&](double x) { return static_cast<Real>(std::max(x, least)); });
  return row;
}

Completions complete(const Vae& vae, const Minibatch& one, const Tensor& seen, std::int64_t n, std::int64_t steps,
                     Rng& rng) {
  check(one.x.rank() == 2 && one.x.shape()[0] == 1 && seen.shape() == one.x.shape() && n >= 1,
        "[complete] a sample {} and what is seen of it {} are not of one shape (1, D)", one.x.shape(), seen.shape());
  Context context{.training = false, .rng = rng};
  const Spread prior = prior_spread(vae.latent);
  const Tensor mean = row_of(prior.mean, -std::numeric_limits<double>::infinity()),
               deviation = row_of(prior.deviation, 1e-3);  // of what hardly varies enough to be divided by
  const Minibatch known{where(seen, one.x, 0), one.condition};
  const auto log_likelihood = [&](const Tensor& z) {  // of what is seen: (n, Z) -> (n)
    const auto log_p = vae.decoder.log_prob(known, reshape(z, z.shape().inserted(1, 1)), context);  // (n, 1, D)
    check(log_p.has_value(), "[complete] this decoder does not tell log p(x|z) of each number of x");
    return sum(where(seen, *log_p, 0), {1, 2});
  };

  // log p(x seen|z) + log p(z) of each, (n), and its gradient by u = (z - mean)/deviation, (n, Z).
  const auto climb = [&](const Tensor& u) {
    Tape tape(u);
    const Tensor log_p = log_likelihood(mean + deviation * u) - sum(u * u, -1) / 2;
    const Tensor gradient = tape.gradient(sum(log_p), u);
    return std::pair(detach(log_p), gradient);
  };
  // First up to where the codes are likely, by Adam.
  Best best{(vae.latent.prior(n, rng) - mean) / deviation};
  Optimizer optimizer(Adam{.lr = 0.1});
  for (std::int64_t step = 0; step < steps / 2; ++step) {
    const Tensor downhill = -climb(best.u).second;
    optimizer.step(best, std::span(&downhill, 1));
  }
  // Then about there, each on its own, as likely as codes are: Langevin's walk, of which a step is taken or not so that
  // its draws are those of p(z|x seen) (Roberts, Tweedie 1996). Its length is found on the way, for 57 % to be taken
  // (Roberts, Rosenthal 1998).
  const Pause no_derivatives;
  Tensor u = best.u, length = full({n, 1}, Real(0.01));
  auto [log_p, gradient] = climb(u);
  for (std::int64_t step = steps / 2; step < steps; ++step) {
    const Tensor tried = u + length / 2 * gradient + sqrt(length) * normal(u.shape(), rng);
    const auto [tried_log_p, tried_gradient] = climb(tried);
    const auto log_step = [&](const Tensor& to, const Tensor& from, const Tensor& slope) {  // log q(to|from), (n)
      const Tensor off = to - from - length / 2 * slope;
      return sum(off * off / length, -1) / -2;
    };
    const Tensor log_ratio = tried_log_p - log_p + log_step(u, tried, tried_gradient) - log_step(tried, u, gradient);
    const Tensor taken = log(uniform({n}, rng)) < log_ratio, row = reshape(taken, {n, 1});
    u = where(row, tried, u);
    log_p = where(taken, tried_log_p, log_p);
    gradient = where(row, tried_gradient, gradient);
    length = length * where(row, std::exp(Real(0.043)), std::exp(Real(-0.057)));
  }

  const Tensor codes = mean + deviation * u;
  check_finite(codes.values(), "codes");
  const std::vector<Real> of_seen = log_likelihood(codes).values(), total = log_p.values();
  std::vector<std::int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [&](std::int64_t i) { return total[i]; });
  Completions found{.codes = embedding(codes, Indices(order)), .log_likelihood = {}};
  for (const std::int64_t i : order) found.log_likelihood.push_back(static_cast<double>(of_seen[i]));
  return found;
}

}  // namespace GRADUS
