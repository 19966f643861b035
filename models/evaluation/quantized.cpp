#include "models/evaluation/quantized.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops.h"

namespace GRADUS {

Quantizer quantizer_of(const Tensor& codes, std::int64_t bits) {
  check(bits >= 1 && bits <= 16, "[quantizer] a number has 1 to 16 bits, not {}", bits);
  check(codes.rank() == 2 && codes.numel() > 0, "[quantizer] there are no codes in {}", codes.shape());
  const std::vector<Real> values = codes.values();
  const auto Z = static_cast<std::size_t>(codes.shape()[1]);
  Quantizer made{.bits = bits, .low = {values.begin(), values.begin() + Z}, .step = {}};
  std::vector<double> high = made.low;
  for (std::size_t i = 0; i < values.size(); ++i) {
    made.low[i % Z] = std::min(made.low[i % Z], static_cast<double>(values[i]));
    high[i % Z] = std::max(high[i % Z], static_cast<double>(values[i]));
  }
  for (std::size_t z = 0; z < Z; ++z)
    made.step.push_back((high[z] - made.low[z]) / static_cast<double>((std::int64_t{1} << bits) - 1));
  return made;
}

Tensor Quantizer::operator()(const Tensor& codes) const {
  check(codes.rank() == 2 && codes.shape()[1] == std::ssize(low), "[quantizer] codes of shape {} are not (N, {})",
        codes.shape(), low.size());
  Tensor rounded(codes.shape());
  const std::vector<Real> values = codes.values();
  Real* out = rounded.write().data;
  const double last = static_cast<double>((std::int64_t{1} << bits) - 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t z = i % low.size();
    const double level = step[z] > 0 ? std::round((static_cast<double>(values[i]) - low[z]) / step[z]) : 0;
    out[i] = static_cast<Real>(low[z] + std::clamp(level, 0.0, last) * step[z]);
  }
  return rounded;
}

double Fidelity::psnr() const { return -10 * std::log10(square_error); }

Fidelity fidelity(const Vae& vae, const Images& images, const Shown& shown, const Tensor& codes, std::int64_t at_once) {
  check(images.count > 0 && codes.shape()[0] == images.count, "[fidelity] {} codes are not those of {} images",
        codes.shape()[0], images.count);
  const Pause no_derivatives;
  Rng unused;
  Context context{.training = false, .rng = unused};
  Fidelity total;
  std::int64_t begin = 0;
  for_each_test_batch(images, shown, images.count, at_once, [&](const Minibatch& batch) {
    const Tensor z = slice(codes, 0, begin, begin + batch.x.shape()[0]);
    begin += batch.x.shape()[0];
    for (const Real log_p : vae.decoder.log_likelihood(batch, reshape(z, z.shape().inserted(0, 1)), context).values())
      total.log_likelihood += static_cast<double>(log_p);
    const Tensor off = batch.x - vae.decoder.mean(z, batch.condition, context);
    for (const Real x : off.values()) total.square_error += static_cast<double>(x) * static_cast<double>(x);
  });
  total.log_likelihood /= static_cast<double>(images.count);
  total.square_error /= static_cast<double>(checked_mul(images.count, images.pixels_per_image()));
  return total;
}

}  // namespace GRADUS
