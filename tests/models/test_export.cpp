// What export writes for PyTorch: loaded there by model.py, the module says what ours does.
#include <doctest/doctest.h>

#include "autograd/tape.h"
#include "models/export/torch_module.h"
#include "models/training/run.h"
#include "tests/models/program.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr std::int64_t kExported = 5;

/// Exports a model to that folder, and beside it what goes in and what is to come out.
void put_case(const fs::path& folder, const ModelSettings& model, const SampleShape& sample) {
  Config config;
  config.model = model;
  config.sample = sample;
  const Vae vae = new_vae(config);
  const Pause no_derivatives;
  Rng rng{.seed = 3};
  Minibatch batch{uniform({kExported, sample.numel()}, rng)};
  const std::int64_t classes = condition_size(model.condition);
  if (classes > 0) batch.condition = one_hot(Indices{Shape{kExported}, {0, 1, 2, 1, 0}}, classes);
  const Tensor z = normal({kExported, vae.decoder.network()->in.numel()}, rng);
  Context training{.training = true, .rng = rng}, context{.training = false, .rng = rng};
  vae.latent.draw(batch, 1, {}, training);  // so that running statistics are not those of the beginning
  vae.decoder.log_likelihood(batch, reshape(z, z.shape().inserted(0, 1)), training);

  export_torch(folder, vae, config);
  Checkpoint numbers;
  numbers.tensors = {{"x", batch.x}, {"z", z}, {"code", vae.latent.code(batch, context)}};
  if (batch.condition) numbers.tensors["condition"] = *batch.condition;
  const Tensor y = vae.decoder.parameters(z, batch.condition, context);
  numbers.tensors["parameters"] = reshape(y, {kExported, y.numel() / kExported});
  numbers.tensors["mean"] = vae.decoder.mean(z, batch.condition, context);
  if (const auto q = vae.latent.posterior(batch, context)) numbers.tensors["log_variance"] = q->log_variance;
  save_checkpoint(folder / "numbers.safetensors", numbers);
}

// Prints, for each folder named, the largest difference relative to the largest number, and how many outputs agree.
constexpr const char* kScript = R"py(
import importlib.util, math, sys, torch
for folder in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("model", folder + "/model.py")
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    vae, numbers = model.load(), model.read(folder + "/numbers.safetensors")
    also = [numbers["condition"]] if "condition" in numbers else []
    with torch.no_grad():
        heads = vae.encoder(numbers["x"], *also)
        found = {"code": vae.encode(numbers["x"], *also), "parameters": vae.decoder(numbers["z"], *also),
                 "mean": vae.decoder.mean(numbers["z"], *also)}
        if "log_variance" in numbers:
            second = heads[1]
            if hasattr(vae.encoder, "sigma"): second = 2 * second.log()
            if hasattr(vae.encoder, "log_scale"): second = 2 * second + math.log(2)
            found["log_variance"] = second
        whole = vae(numbers["x"], *also)
    assert torch.equal(whole, vae.decoder.mean(found["code"], *also)), folder
    off = 0.0
    for name, value in found.items():
        wanted = numbers[name]
        assert value.shape == wanted.shape, (folder, name, value.shape, wanted.shape)
        one = ((value - wanted).abs().max() / (1 + wanted.abs().max())).item()
        off = one if not one <= off else off
    print(folder, len(found), "right" if off < 1e-5 else off)
)py";

}  // namespace

TEST_CASE("export: PyTorch computes what we do") {
  if (std::system("/usr/bin/python3 -c 'import torch' 2>/dev/null") != 0) {
    MESSAGE("[skipped] /usr/bin/python3 has no torch: Debian's python3-torch");
    return;
  }
  using A = Activation;
  const HiddenLayers batch{.norm = Norm::batch, .dropout = 0.25}, residual{.norm = Norm::layer, .residual = true};
  const HiddenLayers group{.norm = Norm::group, .residual = true};
  const Conditions by_label{LabelCondition{.classes = 3}};
  const SampleShape grey{1, 6, 5}, odd{1, 7, 9}, colour{3, 7, 6};
  struct Case {
    const char* name;
    ModelSettings model;
    SampleShape sample;
    int outputs = 4;
  };
  const Case cases[] = {
      {"dense", {.network = {Dense{{8, 8}, residual}}, .latent = 3}, grey},
      {"sigma, batch norm, condition",
       {.network = {Dense{{9, 7}, batch}},
        .code = {GaussianCode{Head::sigma}},
        .latent = 2,
        .activation = A::softplus,
        .likelihood = {ContinuousBernoulliLikelihood{}},
        .condition = by_label},
       grey},
      {"not clipped", {.network = {Dense{{}}}, .latent = 2, .likelihood = {ContinuousBernoulliLikelihood{0}}}, grey},
      {"conv, batch norm, condition",
       {.network = {Conv{{7}, {4, 6}, batch}},
        .latent = 3,
        .activation = A::gelu,
        .likelihood = {SharedGaussianLikelihood{}},
        .condition = by_label},
       colour},
      {"conv, blocks, groups",
       {.network = {Conv{{}, {8, 8}, group}},
        .code = {LaplaceCode{}},
        .latent = 2,
        .activation = A::silu,
        .likelihood = {DiscretizedLogisticLikelihood{}}},
       odd},
      {"vamp",
       {.network = {Dense{{6}}},
        .code = {VampCode{5}},
        .latent = 2,
        .activation = A::tanh,
        .likelihood = {MixtureLikelihood{3}},
        .condition = by_label},
       grey},
      {"point",
       {.network = {Dense{{6}}},
        .code = {PointCode{}},
        .latent = 2,
        .activation = A::relu,
        .likelihood = {FreeGaussianLikelihood{}}},
       grey,
       3},
      {"sparse",
       {.network = {Dense{{6}}},
        .code = {SparseCode{}},
        .latent = 4,
        .activation = A::leaky_relu,
        .likelihood = {LaplaceLikelihood{}}},
       grey,
       3},
      {"categorical",
       {.network = {Dense{{5}}}, .latent = 2, .activation = A::sigmoid, .likelihood = {CategoricalLikelihood{}}},
       {1, 3, 4}},
      {"gaussian", {.network = {Dense{{5}}}, .latent = 2, .likelihood = {GaussianLikelihood{}}}, grey},
      {"logistic", {.network = {Dense{{5}}}, .latent = 2, .likelihood = {LogisticLikelihood{}}}, grey},
  };
  const Folder folder;
  put(folder.path / "run.py", kScript);
  std::string command = "/usr/bin/python3 " + (folder.path / "run.py").string(), expected;
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const fs::path to = folder.path / fmt::to_string(i);
    CAPTURE(cases[i].name);
    put_case(to, cases[i].model, cases[i].sample);
    command += " " + to.string();
    expected += fmt::format("{} {} right\n", to.string(), cases[i].outputs);
  }
  std::system((command + " > " + (folder.path / "out").string() + " 2>&1").c_str());
  CHECK(get(folder.path / "out") == expected);
}

TEST_CASE("export: what has no place in a module is refused by name") {
  const auto refusal = [](const Codes& code) {
    Config config;
    config.sample = {1, 4, 4};
    config.model.network = {Dense{{5}}};
    config.model.code = code;
    config.model.latent = 2;
    return error_of([&] { torch_module(new_vae(config), config); });
  };
  CHECK(refusal({FlowCode{}}) == "`code` flow cannot be exported: its encoder is no list of steps");
  CHECK(refusal({CodebookCode{}}) == "`code` codebook cannot be exported: its encoder is no list of steps");
  CHECK(refusal({TwoLayerCode{}}) ==
        "`code` two-layer cannot be exported: \"upper.hidden.weight\" is part of no list of steps");
}

TEST_CASE("program: export") {
  const Place at;
  REQUIRE(at.train("run", {"--epochs", "1"}).code == 0);
  CHECK(at.run({"export", "run", "--out", "a/b"}).code == 0);
  CHECK(contains(get(at.folder / "a/b/model.py"), "self.hidden = nn.ModuleList([nn.Linear(20, 8), nn.Linear(8, 6)])"));
  CHECK(load_checkpoint(at.folder / "a/b/model.safetensors").tensors.contains("encoder.hidden.0.weight"));
  CHECK(at.run({"export", "run"}).code == 0);
  CHECK(get(at.folder / "run/torch/model.py") == get(at.folder / "a/b/model.py"));
  REQUIRE(at.train("flow", {"--epochs", "1", "--code", "flow"}).code == 0);
  const Ended refused = at.run({"export", "flow", "--out", "c"});
  CHECK(refused.code == 2);
  CHECK(contains(refused.err, "--code flow cannot be exported"));
  CHECK_FALSE(fs::exists(at.folder / "c"));
}
