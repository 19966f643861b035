#include "models/evaluation/selftest.h"

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "autograd/tape.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/mmd.h"
#include "models/likelihoods/continuous_bernoulli.h"

namespace GRADUS {

namespace {

constexpr std::int64_t kBatches = 50;
constexpr double kRounding =
    8 * std::numeric_limits<Real>::epsilon();  // of a number of size 1 that nothing is drawn for

struct Moments {
  double mean = 0, error = 0;
};
Moments moments(const std::vector<double>& x) {
  Moments found;
  const auto n = static_cast<double>(x.size());
  double squares = 0;
  for (const double v : x) found.mean += v / n;
  for (const double v : x) squares += (v - found.mean) * (v - found.mean);
  found.error = std::sqrt(squares / (n - 1) / n);
  return found;
}

Objective objective(const decltype(Objective::kind)& kind, std::int64_t samples = 1) {
  return {.kind = kind, .samples = samples};
}

class Selftest {
 public:
  Selftest(std::uint64_t seed, const SelftestParts& parts, std::int64_t count)
      : parts_(parts), rng_{.seed = seed, .stream = 1}, model_(rng_), at_posterior_(model_) {
    model_.shift = 0.5;
    model_.stretch = 0.5;
    images_ = {.name = "draws", .count = count, .height = 1, .width = LinearGaussian::kData};
    images_.numbers = model_.draw(count, rng_);
  }

  std::vector<SelftestRow> run() {
    const Vae vae = read_back(made(model_)), exact = made(at_posterior_);
    values(vae);
    by_draws(vae);
    slopes(vae);
    slopes_at_posterior(exact);
    aggregate(exact);
    bits();
    return rows_;
  }

 private:
  Vae made(const LinearGaussian& model) const {
    return {parts_.latent(model.latent()), parts_.decoder(model.decoder())};
  }

  /// The model by way of a file, which before held another.
  Vae read_back(const Vae& vae) const {
    struct File {
      std::filesystem::path path =
          std::filesystem::temp_directory_path() / fmt::format("gradus-selftest-{}.safetensors", ::getpid());
      ~File() {
        std::error_code error;
        std::filesystem::remove(path, error);
      }
    } file;
    Vae read = made(at_posterior_);
    for (const Vae* each : {static_cast<const Vae*>(&read), &vae})
      save_checkpoint(file.path, {.tensors = state(*each), .metadata = {}});
    parts_.restore(read, load_checkpoint(file.path));
    return read;
  }

  std::span<const double> image(std::int64_t i) const {
    return std::span(images_.numbers).subspan(i * LinearGaussian::kData, LinearGaussian::kData);
  }
  /// The exact number of every image.
  template <class F>
  std::vector<double> exact(const F& f) const {
    std::vector<double> numbers;
    for (std::int64_t i = 0; i < images_.count; ++i) numbers.push_back(f(image(i)));
    return numbers;
  }
  std::vector<double> exact_bounds(int K) const {
    return exact([&, gap = model_.gap(K)](auto x) { return model_.log_p(x) - gap; });
  }
  std::vector<double> exact_kl() const {
    return exact([&](auto x) { return model_.kl(x); });
  }

  void row(std::string what, double exact, double found, double error) {
    rows_.push_back({std::move(what), exact, found, error});
  }
  /// From what was found for every image; the error is that of the mean of how far they are off.
  void row(std::string what, const std::vector<double>& exact, const std::vector<double>& found) {
    std::vector<double> off;
    for (std::size_t i = 0; i < exact.size(); ++i) off.push_back(found[i] - exact[i]);
    const auto [mean, error] = moments(off);
    const double right = moments(exact).mean;
    row(std::move(what), right, right + mean, std::max(error, kRounding * std::abs(right)));
  }

  void values(const Vae& vae) {
    const Evaluation found = evaluate(vae, images_, {});
    const std::vector<double> kl = exact_kl();
    std::vector<double> bounds = exact_bounds(1), elbo = found.each_log_likelihood;
    for (std::size_t i = 0; i < elbo.size(); ++i) elbo[i] -= found.each_kl[i];
    row("ELBO", bounds, elbo);
    // The conversion of the continuous Bernoulli likelihood, whose pixels are levels of 256 and noise.
    const Measure measure = ContinuousBernoulliLikelihood{}.measure(false);
    const auto numbers = static_cast<double>(LinearGaussian::kData);
    const SelftestRow& last = rows_.back();
    const double bits = 8 - last.exact / numbers * std::numbers::log2e,
                 error = last.error / numbers * std::numbers::log2e;
    const double found_bits = measure.bits_per_dimension(last.found, LinearGaussian::kData).value();
    row("bits per dimension", bits, found_bits, error);
    for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] += kl[i];
    row("log-likelihood of a draw", bounds, found.each_log_likelihood);
    row("KL divergence by its formula", kl, found.each_kl);
  }

  Bound all(const Vae& vae, const Objective& objective) {
    const Pause no_derivatives;
    Context context{.training = false, .rng = rng_};
    return bound(vae, parts_.batch(images_, rows_between(0, images_.count), {}), objective, context);
  }
  static std::vector<double> doubles(const Tensor& x) {
    const std::vector<Real> values = x.values();
    return {values.begin(), values.end()};
  }

  void by_draws(const Vae& vae) {
    const Bound drawn = all(vae, objective({StlObjective{}}));
    row("KL divergence by draws", exact_kl(), doubles(drawn.total_kl()));
    row("STL", exact_bounds(1), doubles(drawn.value()));
    row("IWAE, 2 draws", exact_bounds(2), doubles(all(vae, objective({IwaeObjective{}}, 2)).value()));
    row("DReG, 2 draws", exact_bounds(2), doubles(all(vae, objective({DregObjective{}}, 2)).value()));
    // The weights' mean, and not its logarithm, is without bias.
    constexpr std::int64_t kDraws = 16;
    const Importance found = parts_.importance(vae, images_, kDraws);
    std::vector<double> ratios;
    const std::vector<double> log_p = exact([&](auto x) { return model_.log_p(x); });
    for (std::size_t i = 0; i < log_p.size(); ++i) ratios.push_back(std::exp(found.each[i] - log_p[i]));
    const auto [mean, error] = moments(ratios);
    const double right = moments(log_p).mean;
    row("log p(x) by 16 draws", right, right + std::log(mean), error / mean);
  }

  /// How fast a bound rises as q changes, of every batch.
  std::vector<double> slopes_of(const Vae& vae, const Objective& objective) {
    std::vector<double> slopes;
    const std::vector<std::string> names = parameter_names(vae);
    const std::int64_t size = images_.count / kBatches;
    for (std::int64_t b = 0; b < kBatches; ++b) {
      Context context{.training = false, .rng = rng_};
      const Minibatch batch = parts_.batch(images_, rows_between(b * size, (b + 1) * size), {});
      Tape tape(parameters(vae));
      const std::vector<Tensor> gradients = tape.gradient(mean(bound(vae, batch, objective, context).value()));
      double slope = 0;
      for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == "encoder.mean.bias" || names[i] == "encoder.log_variance.bias")
          slope += gradients[i].values()[0];
      slopes.push_back(slope);
    }
    return slopes;
  }
  void slopes(const Vae& vae) {
    const auto slope = [&](const char* what, int K, const Objective& objective) {
      const auto [mean, error] = moments(slopes_of(vae, objective));
      row(what, model_.slope(K), mean, error);
    };
    slope("slope of the ELBO by q", 1, objective({ElboObjective{}}));
    slope("slope of STL by q", 1, objective({StlObjective{}}));
    slope("slope of IWAE by q", 2, objective({IwaeObjective{}}, 2));
    slope("slope of DReG by q", 2, objective({DregObjective{}}, 2));
  }
  /// There the two have no noise: no slope by any draw.
  void slopes_at_posterior(const Vae& vae) {
    const auto slope = [&](const char* what, const Objective& objective) {
      double largest = 0;
      for (const double each : slopes_of(vae, objective)) largest = std::max(largest, std::abs(each));
      row(what, 0, largest, 10 * kRounding);  // of differences of numbers up to 10
    };
    slope("slope of STL where q = p(z|x)", objective({StlObjective{}}));
    slope("slope of DReG where q = p(z|x)", objective({DregObjective{}}, 2));
  }

  /// Codes of draws from p(x) by the posterior are draws from p(z). Of many small samples, for then the mean is normal.
  void aggregate(const Vae& vae) {
    const Pause no_derivatives;
    constexpr std::int64_t kSamples = 16;
    const std::int64_t n = images_.count / kSamples;
    Context context{.training = false, .rng = rng_};
    const Minibatch batch = parts_.batch(images_, rows_between(0, n * kSamples), {});
    const Tensor z = reshape(vae.latent.draw(batch, 1, {}, context).z, {n * kSamples, LinearGaussian::kLatent});
    const Tensor prior = vae.latent.prior(n * kSamples, rng_);
    double mean = 0, variance = 0;
    for (std::int64_t i = 0; i < kSamples; ++i) {
      const auto part = [&](const Tensor& x) { return slice(x, 0, i * n, (i + 1) * n); };
      const Discrepancy found = discrepancy(part(z), part(prior), rng_, 100);
      mean += found.squared / kSamples;
      variance += found.null_deviation * found.null_deviation / (kSamples * kSamples);
    }
    row("MMD² of the aggregate posterior", 0, mean, std::sqrt(variance));
  }

  /// How many bits of an image differ when it is shown again, in other company.
  void bits() {
    const Images grey{
        .name = "grey", .count = 4, .height = 8, .width = 8, .pixels = std::vector<std::uint8_t>(256, 128)};
    const std::vector<Real> all = parts_.batch(grey, rows_between(0, 4), Binarize::dynamically).x.values();
    const std::vector<Real> third = parts_.batch(grey, rows_between(2, 3), Binarize::dynamically).x.values();
    double differing = 0;
    for (std::size_t i = 0; i < third.size(); ++i) differing += third[i] != all[128 + i];
    row("bits that change when shown again", 0, differing, kRounding);
  }

  const SelftestParts& parts_;
  Rng rng_;
  LinearGaussian model_, at_posterior_;
  Images images_;
  std::vector<SelftestRow> rows_;
};

}  // namespace

std::vector<SelftestRow> selftest(std::uint64_t seed, const SelftestParts& parts, std::int64_t images) {
  check(images >= kBatches, "[selftest] it takes {} images, not {}", kBatches, images);
  return Selftest(seed, parts, images).run();
}

}  // namespace GRADUS
