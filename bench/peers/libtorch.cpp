// libtorch, to be measured by compare.py: the same work as bench/work.h, as one would write it in PyTorch's C++.
#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "bench/peers/serve.h"

namespace {

using torch::Tensor;

struct Model {
  int hidden, latent, batch;
  Tensor (*activation)(const Tensor&);
};

struct VaeImpl : torch::nn::Module {
  torch::nn::Linear encoder0, encoder1, mean, log_variance, decoder0, decoder1, output;
  Model model;

  explicit VaeImpl(const Model& m)
      : encoder0(register_module("encoder0", torch::nn::Linear(784, m.hidden))),
        encoder1(register_module("encoder1", torch::nn::Linear(m.hidden, m.hidden))),
        mean(register_module("mean", torch::nn::Linear(m.hidden, m.latent))),
        log_variance(register_module("log_variance", torch::nn::Linear(m.hidden, m.latent))),
        decoder0(register_module("decoder0", torch::nn::Linear(m.latent, m.hidden))),
        decoder1(register_module("decoder1", torch::nn::Linear(m.hidden, m.hidden))),
        output(register_module("output", torch::nn::Linear(m.hidden, 784))),
        model(m) {}

  /// Minus the bound, in the mean over the batch x (B, 784).
  Tensor loss(const Tensor& x) {
    const auto f = model.activation;
    const Tensor h = f(encoder1(f(encoder0(x))));
    const Tensor mu = mean(h), log_var = log_variance(h);
    const Tensor z = mu + torch::exp(0.5 * log_var) * torch::randn_like(mu);
    const Tensor logits = output(f(decoder1(f(decoder0(z)))));
    const Tensor reconstruction = torch::binary_cross_entropy_with_logits(logits, x, {}, {}, torch::Reduction::Sum);
    const Tensor kl = -0.5 * torch::sum(1 + log_var - mu.square() - log_var.exp());
    return (reconstruction + kl) / x.size(0);
  }
};
TORCH_MODULE(Vae);

/// 1x28x28 -> 32 -> 64 channels -> 256 -> 20 and back: 3x3 kernels, stride 2, ReLU.
struct ConvVaeImpl : torch::nn::Module {
  torch::nn::Conv2d encoder0, encoder1;
  torch::nn::Linear encoder2, mean, log_variance, decoder0, decoder1;
  torch::nn::ConvTranspose2d decoder2, output;

  ConvVaeImpl()
      : encoder0(register_module("encoder0", down(1, 32))),
        encoder1(register_module("encoder1", down(32, 64))),
        encoder2(register_module("encoder2", torch::nn::Linear(64 * 7 * 7, 256))),
        mean(register_module("mean", torch::nn::Linear(256, 20))),
        log_variance(register_module("log_variance", torch::nn::Linear(256, 20))),
        decoder0(register_module("decoder0", torch::nn::Linear(20, 256))),
        decoder1(register_module("decoder1", torch::nn::Linear(256, 64 * 7 * 7))),
        decoder2(register_module("decoder2", up(64, 32))),
        output(register_module("output", up(32, 1))) {}

  /// Minus the bound, in the mean over the batch x (B, 1, 28, 28).
  Tensor loss(const Tensor& x) {
    const Tensor image = torch::relu(encoder1(torch::relu(encoder0(x))));
    const Tensor h = torch::relu(encoder2(image.flatten(1)));
    const Tensor mu = mean(h), log_var = log_variance(h);
    const Tensor z = mu + torch::exp(0.5 * log_var) * torch::randn_like(mu);
    const Tensor features = torch::relu(decoder1(torch::relu(decoder0(z))));
    const Tensor logits = output(torch::relu(decoder2(features.view({-1, 64, 7, 7}))));
    const Tensor reconstruction = torch::binary_cross_entropy_with_logits(logits, x, {}, {}, torch::Reduction::Sum);
    const Tensor kl = -0.5 * torch::sum(1 + log_var - mu.square() - log_var.exp());
    return (reconstruction + kl) / x.size(0);
  }

 private:
  static torch::nn::Conv2d down(int in, int out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(2).padding(1));
  }
  static torch::nn::ConvTranspose2d up(int in, int out) {
    return torch::nn::ConvTranspose2d(
        torch::nn::ConvTranspose2dOptions(in, out, 3).stride(2).padding(1).output_padding(1));
  }
};
TORCH_MODULE(ConvVae);

enum class Reset { zero, none };  // what becomes of the old gradients; either may be faster

template <class Module>
std::function<void()> step(Module vae, at::IntArrayRef batch, Reset reset) {
  const Tensor x = torch::bernoulli(torch::full(batch, 0.2));
  auto optimizer = std::make_shared<torch::optim::Adam>(vae->parameters(), torch::optim::AdamOptions(1e-3));
  return [=]() mutable {
    if (reset == Reset::zero)
      optimizer->zero_grad();
    else
      for (Tensor& parameter : optimizer->param_groups()[0].params()) parameter.mutable_grad() = Tensor();
    vae->loss(x).backward();
    optimizer->step();
  };
}

std::function<void()> chain() {
  const Tensor x = torch::ones({1}, torch::requires_grad());
  return [x] {
    Tensor y = x;
    for (int i = 0; i < 1000; ++i) y = y * x;
    torch::autograd::grad({y}, {x});
  };
}

std::function<void()> composite() {
  const Tensor x = torch::randn({150, 500}, torch::requires_grad());
  return [x] { torch::autograd::grad({torch::elu(torch::silu(x)).square().sum()}, {x}); };
}

std::function<void()> bce() {
  const Tensor logits = torch::randn({150, 784}, torch::requires_grad());
  const Tensor targets = torch::bernoulli(torch::full({150, 784}, 0.2));
  return [=] {
    const Tensor total = torch::binary_cross_entropy_with_logits(logits, targets, {}, {}, torch::Reduction::Sum);
    torch::autograd::grad({total / 150}, {logits});
  };
}

std::function<void()> adam(const Model& model) {
  Vae vae(model);
  for (Tensor& parameter : vae->parameters()) parameter.mutable_grad() = torch::randn_like(parameter);
  auto optimizer = std::make_shared<torch::optim::Adam>(vae->parameters(), torch::optim::AdamOptions(1e-3));
  return [=] { optimizer->step(); };
}

/// log p(x) of two images by 5,000 draws for each, so many at once.
std::function<void()> importance(const Model& model, int at_once) {
  Vae vae(model);
  const auto f = model.activation;
  const Tensor images = torch::bernoulli(torch::full({2, 784}, 0.2));
  return [=]() mutable {
    const torch::NoGradGuard no_gradients;
    for (const Tensor& x : images.split(1)) {
      const Tensor h = f(vae->encoder1(f(vae->encoder0(x))));
      const Tensor mu = vae->mean(h), log_var = vae->log_variance(h), sigma = torch::exp(0.5 * log_var);
      std::vector<Tensor> log_weights;
      for (int begin = 0; begin < 5000; begin += at_once) {
        const Tensor noise = torch::randn({at_once, model.latent}), z = mu + sigma * noise;
        const Tensor logits = vae->output(f(vae->decoder1(f(vae->decoder0(z)))));
        const Tensor minus_log_p =
            torch::binary_cross_entropy_with_logits(logits, x.expand_as(logits), {}, {}, torch::Reduction::None);
        const Tensor log_ratio = 0.5 * (noise.square() - z.square()).sum(1) + 0.5 * log_var.sum();
        log_weights.push_back(log_ratio - minus_log_p.sum(1));
      }
      (torch::logsumexp(torch::cat(log_weights), 0) - std::log(5000.0)).item<float>();
    }
  };
}

}  // namespace

int main() {
  const Model book{500, 20, 150, [](const Tensor& x) { return torch::elu(x); }};
  const Model small{200, 50, 20, [](const Tensor& x) { return torch::tanh(x); }};
  return serve({at::set_num_threads,
                {
                    {"step/book", [=] { return step(Vae(book), {book.batch, 784}, Reset::zero); }},
                    {"none/step/book", [=] { return step(Vae(book), {book.batch, 784}, Reset::none); }},
                    {"step/small", [=] { return step(Vae(small), {small.batch, 784}, Reset::zero); }},
                    {"none/step/small", [=] { return step(Vae(small), {small.batch, 784}, Reset::none); }},
                    {"step/conv", [] { return step(ConvVae(), {128, 1, 28, 28}, Reset::zero); }},
                    {"none/step/conv", [] { return step(ConvVae(), {128, 1, 28, 28}, Reset::none); }},
                    {"chain", chain},
                    {"composite", composite},
                    {"bce", bce},
                    {"adam", [=] { return adam(book); }},
                    {"importance", [=] { return importance(small, 125); }},
                    {"500/importance", [=] { return importance(small, 500); }},
                    {"1000/importance", [=] { return importance(small, 1000); }},
                    {"5000/importance", [=] { return importance(small, 5000); }},
                }});
}
