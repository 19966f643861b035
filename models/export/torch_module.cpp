#include "models/export/torch_module.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "models/export/torch_network.h"
#include "models/likelihoods/mean_formula.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"
#include "nn/state.h"

namespace GRADUS {

namespace {

constexpr const char* kHead =
    R"py("""A variational autoencoder, {layers}, as a PyTorch module. Its weights are in model.safetensors.

    import model
    vae = model.load()
    image = vae.decoder.mean(z{condition})    # {latent} numbers a code -> {data} numbers an image, of {shape}
    code = vae.encode(x{condition})           # and back, x{units}
"""

import json
from math import prod
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


class Encoder(nn.Module):
    """(n, {data}){told} -> {heads}"""

    def __init__(self):
        super().__init__()
        {encoder_init}

    def forward(self, x{condition}):
        {encoder_forward}


class Decoder(nn.Module):
    """(n, {latent}){told} -> (n, {numbers}): what the likelihood, {likelihood}, takes"""

    def __init__(self):
        super().__init__()
        {decoder_init}

    def forward(self, x{condition}):
        {decoder_forward}

    def mean(self, z{condition}):
        """The mean of p(x|z), (n, {data})."""
        y = self(z{condition})
        {mean}


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()

    def encode(self, x{condition}):
        """The code that stands for x, (n, {latent})."""
        return self.encoder(x{condition}){first}

    def forward(self, x{condition}):
        return self.decoder.mean(self.encode(x{condition}){condition})


def read(file):
    """The tensors of a safetensors file by name."""
    numbers = bytearray(Path(file).read_bytes())
    begin = 8 + int.from_bytes(numbers[:8], "little")
    types = {{"F32": torch.float32, "F64": torch.float64}}
    tensors = {{}}
    for name, entry in json.loads(numbers[8:begin]).items():
        if name != "__metadata__":
            at, shape = begin + entry["data_offsets"][0], entry["shape"]
            flat = torch.frombuffer(numbers, dtype=types[entry["dtype"]], count=prod(shape), offset=at)
            tensors[name] = flat.reshape(shape).clone()
    return tensors


def load(file=Path(__file__).with_name("model.safetensors")):
    """The trained model, in evaluation mode."""
    tensors = read(file)
    vae = Vae().to(next(iter(tensors.values())).dtype)
    vae.load_state_dict(tensors)
    return vae.eval()
)py";

/// The lines of Decoder.mean, by the name of the formula.
const std::map<std::string, std::vector<std::string>> kMeans = {
    {"location", {"return y.reshape(len(y), -1, {D})[:, 0]"}},
    {"sigmoid", {"return torch.sigmoid(y)"}},
    {"continuous_bernoulli",
     {"y = y.clamp(-{clip}, {clip})", "m = -y.abs()  # there nothing cancels but around 0",
      "below = torch.where(m > -0.3, 0.5 + m / 12 - m**3 / 720, m.exp() / torch.expm1(m) - 1 / m)",
      "return torch.where(y > 0, 1 - below, below)"}},
    {"discretized_logistic",
     {"loc, log_scale = y.reshape(len(y), 2, {D}).unbind(1)", "log_scale = {least} + F.softplus(log_scale - {least})",
      "levels = (torch.arange(1, 256, dtype=y.dtype) - 0.5) / 255  # the borders between 256",
      "return torch.sigmoid((loc[..., None] - levels) / log_scale.exp()[..., None]).mean(-1)"}},
    {"mixture",
     {"logits, loc, log_scale = y.reshape(len(y), 3, -1, {D}).unbind(1)", "components = loc.shape[1]",
      "loc = loc + ((torch.arange(components, dtype=y.dtype) + 0.5) / components)[:, None]",
      "log_scale = {least} + F.softplus(log_scale - {least})",
      "levels = (torch.arange(1, 256, dtype=y.dtype) - 0.5) / 255  # the borders between 256",
      "each = torch.sigmoid((loc[..., None] - levels) / log_scale.exp()[..., None]).mean(-1)",
      "return (logits.softmax(1) * each).sum(1)"}},
    {"levels",
     {"levels = torch.arange(256, dtype=y.dtype)[:, None] / 255",
      "return (y.reshape(len(y), 256, {D}).softmax(1) * levels).sum(1)"}}};

std::vector<std::string> mean_lines(const Config& config) {
  const MeanFormula formula = mean_formula(config.model.likelihood);
  std::vector<std::string> lines = kMeans.at(formula.name);
  if (formula.name == "continuous_bernoulli" && formula.settings.empty()) lines.erase(lines.begin());  // no clip
  std::map<std::string, std::string> words = {{"{D}", fmt::to_string(config.sample.numel())}};
  for (const auto& [name, value] : formula.settings) words["{" + name + "}"] = fmt::to_string(value);
  for (std::string& line : lines)
    for (const auto& [word, value] : words)
      for (std::size_t at; (at = line.find(word)) != std::string::npos;) line.replace(at, word.size(), value);
  return lines;
}

/// Members for tensors that are of no step, as "fitted.mean".
template <class M>
std::vector<std::string> other_members(M& half, const std::vector<std::string>& of_steps, const Config& config) {
  struct Visitor final : TensorVisitor {
    const std::vector<std::string>& of_steps;
    const Config& config;
    std::vector<std::string> lines{};
    Visitor(const std::vector<std::string>& of_steps_, const Config& config_) : of_steps(of_steps_), config(config_) {}
    void parameter(const MemberPath& path, Tensor& x) override {
      add(path.text(), "nn.Parameter(torch.zeros({}))", x, false);
    }
    void buffer(const MemberPath& path, Tensor& x) override { add(path.text(), "torch.zeros({})", x, true); }
    void add(const std::string& name, const char* value, const Tensor& x, bool buffer) {
      if (std::ranges::find(of_steps, name) != of_steps.end()) return;
      if (name.ends_with(".weight"))  // a layer
        throw SettingError(fmt::format("`code` {} cannot be exported: {} is part of no list of steps",
                                       config.model.code.name(), quote(name)));
      const std::size_t dot = name.find('.');
      std::string owner = "self";
      if (dot != std::string::npos) {
        owner += "." + name.substr(0, dot);
        const std::string made = owner + " = nn.Module()";
        if (std::ranges::find(lines, made) == lines.end()) lines.push_back(made);
      }
      const std::string member = dot == std::string::npos ? name : name.substr(dot + 1);
      const std::string zeros = fmt::format(fmt::runtime(value), fmt::format("({})", fmt::join(x.shape(), ", ")));
      lines.push_back(fmt::format("{}.register_{}(\"{}\", {})", owner, buffer ? "buffer" : "parameter", member, zeros));
    }
  } visitor(of_steps, config);
  walk(half, MemberPath{}, visitor);
  return visitor.lines;
}

/// The names of the tensors of steps.
std::vector<std::string> names_of(const std::vector<Step>& steps) {
  std::vector<std::string> names;
  for (Step step : steps)
    for_each_state(step.layer,
                   [&](const MemberPath& path, Tensor&) { names.push_back(step.name + '.' + path.text()); });
  return names;
}

std::string lines_of(std::vector<std::string> lines, const std::vector<std::string>& more = {}) {
  lines.insert(lines.end(), more.begin(), more.end());
  return fmt::format("{}", fmt::join(lines, "\n        "));
}

}  // namespace

std::string torch_module(const Vae& vae, const Config& config) {
  const Network *encoder = vae.latent.network(), *decoder = vae.decoder.network();
  const auto heads = vae.latent.heads();
  check(decoder, "[export] the decoder does not list its steps");
  if (!encoder || heads.empty())
    throw SettingError(
        fmt::format("`code` {} cannot be exported: its encoder is no list of steps", config.model.code.name()));
  Vae copy = vae;
  std::vector<std::string> encoder_names = names_of(encoder->steps), calls, results;
  for (const std::vector<Step>& head : heads) {
    const std::vector<std::string> names = names_of(head);
    encoder_names.insert(encoder_names.end(), names.begin(), names.end());
    calls.push_back(torch_head(head));
    results.push_back(fmt::format("{} (n, {})", head.front().name, head.back().out.numel()));
  }
  const TorchNetwork in = torch_network(encoder->steps, heads), out = torch_network(decoder->steps, {});
  std::vector<std::string> result = {"return " + fmt::format("{}", fmt::join(calls, ", "))};
  const bool told = condition_size(config.model.condition) > 0;
  return fmt::format(
      kHead, fmt::arg("layers", layer_sizes(vae)), fmt::arg("latent", decoder->in.numel()),
      fmt::arg("data", config.sample.numel()), fmt::arg("shape", to_string(config.sample)),
      fmt::arg("condition", told ? ", condition" : ""),
      fmt::arg("told", told ? fmt::format(", condition (n, {}), 1 at each label's place",
                                          condition_size(config.model.condition))
                            : ""),
      fmt::arg("units", config.units.shift.empty() ? " in [0, 1]" : ", numbers scaled as in training"),
      fmt::arg("numbers", decoder->out().numel()), fmt::arg("likelihood", config.model.likelihood.name()),
      fmt::arg("heads", fmt::join(results, ", ")), fmt::arg("first", heads.size() > 1 ? "[0]" : ""),
      fmt::arg("encoder_init", lines_of(in.init, other_members(copy.latent, encoder_names, config))),
      fmt::arg("encoder_forward", lines_of(in.forward, result)),
      fmt::arg("decoder_init", lines_of(out.init, other_members(copy.decoder, names_of(decoder->steps), config))),
      fmt::arg("decoder_forward", lines_of(out.forward, {"return x"})), fmt::arg("mean", lines_of(mean_lines(config))));
}

void export_torch(const std::filesystem::path& folder, const Vae& vae, const Config& config) {
  const std::string module = torch_module(vae, config);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  check(!error, "cannot make {}: {}", quote(folder.native()), error.message());
  Checkpoint weights{.tensors = state(vae), .metadata = {{"model", "vae"}}};
  for (const auto& [name, x] : weights.tensors) weights.infinite.insert(name);  // as its own checkpoint may have
  save_checkpoint(folder / "model.safetensors", weights);
  write_file_atomically(folder / "model.py", module);
}

}  // namespace GRADUS
