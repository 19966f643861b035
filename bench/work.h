// The pieces of work that are measured, here and beside other libraries (bench/peers): each is an object that sets
// itself up and whose call does the work once.
#pragma once

#include <algorithm>

#include "autograd/elementwise.h"
#include "autograd/ops.h"
#include "bench/gemm_cases.h"
#include "models/evaluation/importance.h"
#include "models/model.h"
#include "nn/loss.h"
#include "nn/optim.h"
#include "nn/state.h"
#include "tensor/gemm.h"

namespace GRADUS::work {

class Gemm {
 public:
  explicit Gemm(const GemmCase& shape) : c_({shape.n, shape.m}) {
    Rng rng{.seed = 1};
    a_ = shape.transpose_a ? transpose(normal({shape.k, shape.n}, rng)) : normal({shape.n, shape.k}, rng);
    b_ = shape.transpose_b ? transpose(normal({shape.m, shape.k}, rng)) : normal({shape.k, shape.m}, rng);
  }
  void operator()() { kernel::gemm(a_.view(), b_.view(), c_.write()); }

 private:
  Tensor a_, b_, c_;
};

/// The default VAE (that of Géron's book), a small one and a convolutional one, each with its batch.
struct Model {
  ModelSettings settings{};
  std::int64_t batch;

  /// Of the matrix products in a training step: forward and both gradients, but none by the images.
  double flops() const {
    const Vae vae = empty_vae(settings, {});
    const std::vector<Step>& steps = vae.latent.network()->steps;
    const auto products = [](const Step& step) { return step.multiply_adds() > 0; };
    const std::int64_t first = std::ranges::find_if(steps, products)->multiply_adds();
    return 2.0 * static_cast<double>(batch * (3 * multiply_adds(vae) - first));
  }
};
inline Model book_model() { return {.batch = 150}; }
inline Model conv_model() { return {{.network = {Conv{}}, .activation = Activation::relu}, 128}; }
inline Model small_model() {
  return {{.network = {Dense{{200, 200}}}, .latent = 50, .activation = Activation::tanh}, 20};
}

/// A training step without the data's way to it: tape, bound, gradients, Adam.
class Step {
 public:
  explicit Step(const Model& model)
      : vae_(make_vae(model.settings, {}, rng_)), batch_{bernoulli({model.batch, 28 * 28}, Real(0.2), rng_)} {}

  void operator()() {
    Tape tape(parameters(vae_));
    const Tensor loss = -mean(bound(vae_, batch_, {}, context_).value());
    optimizer_.step(vae_, tape.gradient(loss));
  }

 private:
  Rng rng_{.seed = 1};
  Context context_{.training = true, .rng = rng_};
  Vae vae_;
  Minibatch batch_;
  Optimizer optimizer_{Adam{}};
};

/// log p(x) of two images by importance sampling, 5,000 draws of the small model for each.
class ImportanceSampled {
 public:
  static constexpr std::int64_t kImages = 2, kDraws = 5000;

  ImportanceSampled() {
    const Tensor bits = bernoulli({kImages * images_.pixels_per_image()}, Real(0.2), rng_);
    for (const Real bit : bits.values()) images_.pixels.push_back(bit > 0 ? 255 : 0);
  }
  void operator()() {
    found_ = importance(vae_, images_, {}, kDraws, [](std::int64_t) {}).log_likelihood;
  }

  /// Of the matrix products in the decoder.
  double flops() const {
    double each = 0;
    for (const gradus::Step& step : vae_.decoder.network()->steps) each += static_cast<double>(step.multiply_adds());
    return 2 * each * static_cast<double>(kImages * kDraws);
  }

 private:
  Images images_{.name = "bits", .count = kImages, .height = 28, .width = 28};
  Rng rng_{.seed = 1};
  Vae vae_ = make_vae(small_model().settings, {}, rng_);
  double found_ = 0;
};

/// The gradient of the sum of f(x).
template <class F>
class BothWays {
 public:
  BothWays(const Shape& shape, F f) : f_(f) {
    Rng rng{.seed = 1};
    x_ = normal(shape, rng);
  }
  void operator()() {
    Tape tape(x_);
    gradient_ = tape.gradient(sum(f_(x_)), x_);
  }

 private:
  F f_;
  Tensor x_, gradient_;
};

/// What a user writes who wants three activations at once: one op.
inline Tensor composite(const Tensor& x) {
  return elementwise<"silu_elu_square">(
      [](auto x) {
        const auto a = x * sigmoid(x);
        const auto b = where(a > 0, a, expm1(a));
        return b * b;
      },
      x);
}

class Bce {
 public:
  Bce() {
    Rng rng{.seed = 1};
    logits_ = normal({150, 784}, rng);
    targets_ = bernoulli({150, 784}, Real(0.2), rng);
  }
  void operator()() {
    Tape tape(logits_);
    gradient_ = tape.gradient(bce_with_logits(logits_, targets_), logits_);
  }

 private:
  Tensor logits_, targets_, gradient_;
};

/// 1,000 multiplications of one-element tensors, one after the other, and back.
class Chain {
 public:
  static constexpr int kLength = 1000;
  void operator()() {
    Tape tape(x_);
    Tensor y = x_;
    for (int i = 0; i < kLength; ++i) y = y * x_;
    gradient_ = tape.gradient(y, x_);
  }

 private:
  Tensor x_ = ones({1}), gradient_;
};

/// An update of the book's model: 1.31 million parameters in 14 tensors.
class AdamUpdate {
 public:
  AdamUpdate() : vae_(make_vae({}, {}, rng_)) {
    for (const Tensor& x : parameters(vae_)) gradients_.push_back(normal(x.shape(), rng_));
  }
  std::int64_t count() const { return gradus::count(vae_); }
  void operator()() { optimizer_.step(vae_, gradients_); }

 private:
  Rng rng_{.seed = 1};
  Vae vae_;
  std::vector<Tensor> gradients_;
  Optimizer optimizer_{Adam{}};
};

}  // namespace GRADUS::work
