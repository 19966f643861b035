// A model out of its parts by name.
#pragma once

#include "models/condition.h"
#include "models/latents/codes.h"
#include "models/likelihoods/likelihoods.h"
#include "models/networks/networks.h"
#include "models/vae.h"

namespace GRADUS {

struct ModelSettings {
  Networks network{};
  Codes code{};
  std::int64_t latent = 20;
  Activation::Kind activation = Activation::elu;
  Init init = Init::variance_scaling;
  Likelihoods likelihood{};
  Conditions condition{};

  void settings(auto&& is) {
    static constexpr Word<Activation::Kind> kActivations[] = {
        {"relu", Activation::relu},       {"elu", Activation::elu},          {"leaky-relu", Activation::leaky_relu},
        {"silu", Activation::silu},       {"gelu", Activation::gelu},        {"tanh", Activation::tanh},
        {"sigmoid", Activation::sigmoid}, {"softplus", Activation::softplus}};
    static constexpr Word<Init> kInits[] = {{"variance-scaling", Init::variance_scaling},
                                            {"he", Init::he},
                                            {"glorot", Init::glorot},
                                            {"fan-in", Init::fan_in}};
    is("network", network, "what encoder and decoder are made of");
    is("code", code, "q(z|x) and p(z)");
    is("latent", latent, IntegerRange{1, 65536}, "latent dimensions");
    is("activation", activation, kActivations, "of the hidden layers");
    is("init", init, kInits, "how weights begin");
    is("likelihood", likelihood, "p(x|z)");
    is("condition", condition, "what both networks are told beside the image");
  }

  Pricing pricing() const {
    return std::visit([](const auto& kind) { return kind.kPricing; }, code.chosen);
  }
};

/// With the weights that a training begins with. Error when the network cannot be made for such samples.
Vae make_vae(const ModelSettings& settings, const SampleShape& sample, Rng& rng);
/// The same of zeros, for questions about sizes: it takes no memory however large it is.
Vae empty_vae(const ModelSettings& settings, const SampleShape& sample);

/// The sizes from a sample to its code and back, "784-500-500-20-500-500-784", of networks that list their steps.
std::string layer_sizes(const Vae& vae);
/// The multiplications and additions for one sample, in pairs: forward through both networks, and their heads.
std::int64_t multiply_adds(const Vae& vae);
/// How many numbers a sample becomes on its way to its code and back, roughly.
std::int64_t numbers_per_sample(const Vae& vae);

}  // namespace GRADUS
