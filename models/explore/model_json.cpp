#include "models/explore/model_json.h"

#include <nlohmann/json.hpp>

#include "models/likelihoods/mean_formula.h"

namespace GRADUS {

using Json = nlohmann::json;

namespace {

Json json_of(const Shape& shape) { return std::vector<std::int64_t>(shape.begin(), shape.end()); }
Json json_of(const Pair& pair) { return {pair.h, pair.w}; }

const char* name_of(Activation::Kind kind) {
  switch (kind) {
    case Activation::relu: return "relu";
    case Activation::elu: return "elu";
    case Activation::leaky_relu: return "leaky_relu";
    case Activation::silu: return "silu";
    case Activation::gelu: return "gelu";
    case Activation::tanh: return "tanh";
    case Activation::sigmoid: return "sigmoid";
    case Activation::softplus: return "softplus";
  }
  throw Error("[explore] an activation without a name");
}

/// What a step is called and consists of. A kind of step without a line here does not compile.
struct Describe {
  PackedNumbers& numbers;
  PackedNumbers::Type weights;

  Json packed(const Tensor& x) const {
    static constexpr const char* kTypes[] = {"f32", "f16", "i8"};
    const auto [at, type, shape] = numbers.add(x, x.rank() > 1 ? weights : PackedNumbers::Type::f32);
    return {{"at", at}, {"type", kTypes[static_cast<int>(type)]}, {"shape", json_of(shape)}};
  }
  Json windows(const char* kind, const Tensor& weight, const Tensor& bias, const ConvSettings& s) const {
    return {{"kind", kind},
            {"weight", packed(weight)},
            {"bias", packed(bias)},
            {"groups", s.groups},
            {"stride", json_of(s.stride)},
            {"padding", json_of(s.padding)},
            {"dilation", json_of(s.dilation)}};
  }
  Json operator()(const Linear& layer) const {
    return {{"kind", "linear"}, {"weight", packed(layer.weight)}, {"bias", packed(layer.bias)}};
  }
  Json operator()(const Conv2d& layer) const { return windows("conv", layer.weight, layer.bias, layer.settings); }
  Json operator()(const ConvTranspose2d& layer) const {
    return windows("conv_transpose", layer.weight, layer.bias, layer.settings);
  }
  Json operator()(const Activation& layer) const { return {{"kind", name_of(layer.kind)}}; }
  Json operator()(const AsImage&) const { return {{"kind", "reshape"}}; }
  Json operator()(const AsRow&) const { return {{"kind", "reshape"}}; }
  Json operator()(const Join&) const { return {{"kind", "join"}}; }
  Json operator()(const BatchNorm& layer) const {
    return {{"kind", "batch_norm"},
            {"weight", packed(layer.weight)},
            {"bias", packed(layer.bias)},
            {"mean", packed(layer.running_mean.value)},
            {"variance", packed(layer.running_var.value)},
            {"epsilon", layer.epsilon}};
  }
  Json operator()(const GroupNorm& layer) const {
    return {{"kind", "group_norm"},
            {"weight", packed(layer.weight)},
            {"bias", packed(layer.bias)},
            {"groups", layer.groups},
            {"epsilon", layer.epsilon}};
  }
  Json operator()(const Dropout&) const { return nullptr; }
  Json operator()(const Keep&) const { return {{"kind", "keep"}}; }
  Json operator()(const AddKept&) const { return {{"kind", "add_kept"}}; }
};

void append(Json& to, const std::vector<Step>& steps, const Describe& describe) {
  for (const Step& step : steps) {
    Json json = std::visit(describe, step.layer);
    if (json.is_null()) continue;
    json["out"] = json_of(step.out);
    to.push_back(std::move(json));
  }
}

}  // namespace

std::string model_json(const Vae& vae, const ModelSettings& settings, PackedNumbers::Type weights,
                       PackedNumbers& numbers) {
  const Network *encoder = vae.latent.network(), *decoder = vae.decoder.network();
  check(decoder, "[explore] the decoder does not list its steps");
  const Describe describe{numbers, weights};
  Json json;
  json["decoder"] = Json::array();
  append(json["decoder"], decoder->steps, describe);
  const auto heads = vae.latent.heads();
  if (encoder && !heads.empty()) {
    json["encoder"] = Json::array();
    append(json["encoder"], encoder->steps, describe);
    append(json["encoder"], heads.front(), describe);
  }
  const MeanFormula mean = mean_formula(settings.likelihood);
  json["mean"] = mean.settings;
  json["mean"]["name"] = mean.name;
  return json.dump();
}

}  // namespace GRADUS
