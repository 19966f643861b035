#include "models/model.h"

#include "models/image_decoder.h"
#include "nn/state.h"

namespace GRADUS {

Vae make_vae(const ModelSettings& settings, const SampleShape& sample, Rng& rng) {
  NetworkPlan plan{
      .channels = sample.channels,
      .height = sample.height,
      .width = sample.width,
      .latent = settings.latent,
      .condition = condition_size(settings.condition),
      .numbers = std::visit([](const auto& likelihood) { return likelihood.numbers(); }, settings.likelihood.chosen),
      .activation = settings.activation,
      .init = settings.init};
  plan.by_place = std::visit([](const auto& kind) { return requires { kind.places(Shape{}); }; }, settings.code.chosen);
  // One after the other, for each draws from the generator.
  Network encoder = std::visit([&](const auto& kind) { return kind.encoder(plan, rng); }, settings.network.chosen);
  std::visit(
      [&](const auto& kind) {
        if constexpr (requires { kind.places(encoder.out()); }) plan.places = kind.places(encoder.out());
      },
      settings.code.chosen);
  Latent latent =
      std::visit([&](const auto& kind) { return kind.make(std::move(encoder), plan, rng); }, settings.code.chosen);
  Network decoder = std::visit([&](const auto& kind) { return kind.decoder(plan, rng); }, settings.network.chosen);
  return {std::move(latent), std::visit(
                                 [&](const auto& likelihood) -> Decoder {
                                   return ImageDecoder<std::remove_cvref_t<decltype(likelihood)>>{std::move(decoder),
                                                                                                  likelihood};
                                 },
                                 settings.likelihood.chosen)};
}

Vae empty_vae(const ModelSettings& settings, const SampleShape& sample) {
  ModelSettings empty = settings;
  empty.init = Init::none;
  Rng unused;
  return make_vae(empty, sample, unused);
}

std::string layer_sizes(const Vae& vae) {
  const Network *encoder = vae.latent.network(), *decoder = vae.decoder.network();
  check(encoder && decoder, "[model] its networks do not list their steps");
  return encoder->sizes() + '-' + decoder->sizes();
}

std::int64_t multiply_adds(const Vae& vae) {
  const Network *encoder = vae.latent.network(), *decoder = vae.decoder.network();
  check(encoder && decoder, "[model] its networks do not list their steps");
  // The heads are what the latent has beside its network.
  std::int64_t heads = 0;
  Latent latent = vae.latent;
  for_each_parameter(latent, [&](const MemberPath& path, Tensor& x) {
    if (x.rank() == 2 && path.text().ends_with("weight")) heads += x.numel();  // pseudo-inputs and codes are no layers
  });
  for (const Step& step : encoder->steps)
    if (const auto* linear = std::get_if<Linear>(&step.layer)) heads -= linear->weight.numel();
  return encoder->multiply_adds() + heads + decoder->multiply_adds();
}

std::int64_t numbers_per_sample(const Vae& vae) {
  std::int64_t numbers = 0;
  for (const Network* network : {vae.latent.network(), vae.decoder.network()}) {
    if (!network) continue;
    numbers += network->in.numel() + 3 * network->out().numel();  // heads, a draw; the likelihood of what is decoded
    for (const Step& step : network->steps)
      if (step.multiply_adds() > 0) numbers += step.out.numel();
  }
  return std::max<std::int64_t>(numbers, 1);
}

}  // namespace GRADUS
