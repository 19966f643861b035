// Each kind of network and what its settings add: against PyTorch's word (tests/golden/make_networks.py), and by what
// must hold whatever the weights.
#include <cmath>

#include "autograd/gradcheck.h"
#include "tests/files.h"
#include "tests/models/follow.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr SampleShape kRow{1, 1, 13}, kOdd{1, 5, 7}, kColour{3, 5, 4};

Dense dense(const HiddenLayers& layers = {}) { return {.hidden = {12, 12, 8}, .layers = layers}; }
Conv conv(const HiddenLayers& layers = {}) { return {.hidden = {6}, .channels = {8, 4}, .layers = layers}; }

struct Case {
  const char* name;
  SampleShape sample;
  Networks network;
  std::int64_t classes = 0;
};
std::vector<Case> cases() {
  return {
      {"dense", kRow, {dense()}},
      {"dense, batch", kRow, {dense({.norm = Norm::batch})}},
      {"dense, layer", kRow, {dense({.norm = Norm::layer})}},
      {"dense, group", kRow, {dense({.norm = Norm::group})}},
      {"dense, residual", kRow, {dense({.residual = true})}},
      {"dense, colour", kColour, {dense()}},
      {"dense, condition", kRow, {dense()}, 3},
      {"conv", kOdd, {conv()}},
      {"conv, batch", kOdd, {conv({.norm = Norm::batch})}},
      {"conv, layer", kOdd, {conv({.norm = Norm::layer})}},
      {"conv, group", kOdd, {conv({.norm = Norm::group})}},
      {"conv, residual", kOdd, {conv({.residual = true})}},
      {"conv, colour", kColour, {conv()}},
      {"conv, condition", kColour, {conv()}, 3},
      {"conv, all", kColour, {Conv{{6, 6}, {8, 4}, {.norm = Norm::group, .residual = true}}}, 3},
  };
}

ModelSettings settings_of(const Case& of) {
  ModelSettings settings{.network = of.network, .latent = 2};
  if (of.classes > 0) settings.condition.chosen = LabelCondition{of.classes};
  return settings;
}

Network encoder_of(const Networks& network, const NetworkPlan& plan) {
  Rng rng{.seed = 1};
  return std::visit([&](const auto& kind) { return kind.encoder(plan, rng); }, network.chosen);
}
Network decoder_of(const Networks& network, const NetworkPlan& plan) {
  Rng rng{.seed = 2};
  return std::visit([&](const auto& kind) { return kind.decoder(plan, rng); }, network.chosen);
}

std::vector<std::string> member_names(Network& network) {
  std::vector<std::string> names;
  for_each_parameter(network, [&](const MemberPath& path, Tensor&) { names.push_back(path.text()); });
  return names;
}

}  // namespace

TEST_CASE("pytorch: a VAE with each kind of network, and what its settings add") {
  const Golden golden("networks.safetensors");
  for (const Case& each : cases()) follow(golden, each.name, settings_of(each), each.sample);
  CHECK(golden.names_with("/losses").size() == cases().size());
}

TEST_CASE("gradcheck: the whole loss with each kind of network") {
  // Norms over so few images bend: where a step is too long for it, a shorter one is tried, which float has no digits for.
  if (sizeof(Real) == 4) return;
  for (const Case& each : cases()) {
    ModelSettings settings = settings_of(each);
    settings.activation = Activation::tanh;
    settings.init = Init::glorot;
    std::visit([](auto& kind) { kind.layers.dropout = 0.25; }, settings.network.chosen);
    Rng rng{.seed = 9};
    const Vae vae = make_vae(settings, each.sample, rng);
    Minibatch batch{uniform({6, each.sample.numel()}, rng)};
    if (each.classes > 0) batch.condition = one_hot(Indices{0, 2, 1, 1, 0, 2}, 3);
    const GradcheckResult found = gradcheck(loss_of(vae, batch, {}), parameters(vae), {.elements = 10, .retries = 2});
    CHECK_MESSAGE(found.passed, each.name, ": ", found.message);
  }
}

TEST_CASE("any size of image passes both ways, in one channel or three") {
  Rng rng;
  Context context{.training = false, .rng = rng};
  for (const SampleShape& sample : {SampleShape{1, 2, 1}, {1, 1, 9}, {3, 7, 7}, {3, 28, 30}, {1, 33, 2}}) {
    const Networks networks[] = {{Dense{{5}}}, {Conv{.hidden = {5}, .channels = {2}, .layers = {.residual = true}}}};
    for (const Networks& network : networks)
      for (const std::int64_t numbers : {1, 3}) {
        const NetworkPlan plan{.channels = sample.channels,
                               .height = sample.height,
                               .width = sample.width,
                               .latent = 4,
                               .numbers = numbers};
        const Tensor x = uniform({2, sample.numel()}, rng), z = uniform({2, 4}, rng);
        CHECK(encoder_of(network, plan)(x, {}, context).shape() == Shape{2, 5});
        CHECK(decoder_of(network, plan)(z, {}, context).shape() == Shape{2, numbers * sample.numel()});
      }
  }
}

TEST_CASE("a stack that does not fit names the layer and what would fit") {
  const Networks four{Conv{.channels = {2, 2, 2, 2}}};
  const std::string sentence = error_of([&] { encoder_of(four, {.height = 5, .width = 4}); });
  CHECK(contains(sentence, "convolution 4 of 4"));
  CHECK(contains(sentence, "5 x 4 pixels"));
  CHECK(contains(sentence, "3 convolutions fit"));
  CHECK(error_of([&] { decoder_of(four, {.height = 5, .width = 4}); }) == sentence);
}

TEST_CASE("what is not chosen adds nothing: the same tensors and the same numbers") {
  const NetworkPlan plan{.height = 4, .width = 5};
  Network plain = encoder_of({dense()}, plan);
  CHECK(member_names(plain) == std::vector<std::string>{"hidden.0.weight", "hidden.0.bias", "hidden.1.weight",
                                                        "hidden.1.bias", "hidden.2.weight", "hidden.2.bias"});
  CHECK(plain.steps.size() == 6);
  Network all = encoder_of({conv({.norm = Norm::batch, .dropout = 0.5, .residual = true})}, plan);
  const std::vector<std::string> names = member_names(all);
  for (const char* added : {"convolutions.0.norm.weight", "blocks.1.0.weight", "blocks.1.0.norm.bias",
                            "blocks.1.1.bias", "hidden.0.norm.weight"})
    CHECK_MESSAGE(std::ranges::count(names, added) == 1, added);
}

TEST_CASE("the sizes of a network are those of its layers, whatever stands between them") {
  const HiddenLayers every{.norm = Norm::group, .dropout = 0.1, .residual = true};
  const NetworkPlan plan{.height = 8, .width = 6, .latent = 3};
  CHECK(encoder_of({dense(every)}, plan).sizes() == "48-12-12-8");
  CHECK(decoder_of({dense(every)}, plan).sizes() == "3-8-12-12-48");
  CHECK(encoder_of({conv({.norm = Norm::layer, .dropout = 0.1})}, plan).sizes() == "1x8x6-8x4x3-4x2x2-6");
  CHECK(decoder_of({conv({.norm = Norm::layer, .dropout = 0.1})}, plan).sizes() == "3-6-4x2x2-8x4x3-1x8x6");
  // A block costs two convolutions of 3 x 3 from and to its channels.
  const auto work = [&](bool residual) { return encoder_of({conv({.residual = residual})}, plan).multiply_adds(); };
  CHECK(work(true) - work(false) == 2 * 9 * (8 * 8 * 12 + 4 * 4 * 4));
}

TEST_CASE("dropout leaves out hidden units in training only, by the context's generator") {
  // Of 2000 units after an activation that maps 0 to 0, each is dropped or doubled.
  const Network network = encoder_of({Dense{{2000}, {.dropout = 0.5}}},
                                     {.height = 2, .width = 2, .activation = Activation::elu, .init = Init::glorot});
  Rng rng{.seed = 3};
  const Tensor x = uniform({1, 4}, rng);
  Context evaluation{.training = false, .rng = rng};
  const Rng before = rng;
  const std::vector<Real> whole = network(x, {}, evaluation).values();
  CHECK(rng.counter == before.counter);
  Rng one = before, other = before;
  Context training{.training = true, .rng = one}, again{.training = true, .rng = other};
  const std::vector<Real> some = network(x, {}, training).values();
  CHECK(some == network(x, {}, again).values());
  int dropped = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (some[i] == 0)
      ++dropped;
    else
      CHECK(some[i] == whole[i] * 2);
  }
  CHECK(std::abs(dropped - 1000) <= 5 * std::sqrt(500));  // five standard deviations
  CHECK(!(network(x, {}, training).values() == some));
}

TEST_CASE("a batch norm moves with training and stands in evaluation, and takes a last batch of one image") {
  Network network = encoder_of({Dense{{4}, {.norm = Norm::batch}}}, {.height = 1, .width = 3});
  const auto& norm = std::get<BatchNorm>(network.steps[1].layer);
  Rng rng;
  Context training{.training = true, .rng = rng}, evaluation{.training = false, .rng = rng};
  const Tensor x = uniform({8, 3}, rng), one = slice(x, 0, 0, 1);
  network(x, {}, training);
  const std::vector<Real> moved = norm.running_mean.value.values();
  CHECK(!(moved == zeros({4}).values()));
  CHECK(network(one, {}, training).values() == network(one, {}, evaluation).values());
  network(x, {}, evaluation);
  CHECK(norm.running_mean.value.values() == moved);
}

TEST_CASE("groups are never of so few units that nothing is left of them") {
  const auto groups = [](std::int64_t width) {
    const Network network = encoder_of({Dense{{width}, {.norm = Norm::group}}}, {.height = 1, .width = 3});
    return std::get<GroupNorm>(network.steps[1].layer).groups;
  };
  CHECK(groups(500) == 5);
  CHECK(groups(256) == 8);
  CHECK(groups(32) == 8);
  CHECK(groups(12) == 3);
  CHECK(groups(8) == 2);
  CHECK(groups(7) == 1);
  CHECK(groups(1) == 1);
}

TEST_CASE("a condition reaches both networks, and a conditional one without it says so") {
  Rng rng{.seed = 6};
  Context context{.training = false, .rng = rng};
  for (const Networks& network : {Networks{dense()}, {conv()}}) {
    const NetworkPlan plan{.height = 4, .width = 5, .latent = 3, .condition = 2, .init = Init::glorot};
    const Network encoder = encoder_of(network, plan), decoder = decoder_of(network, plan);
    const Tensor x = uniform({1, 20}, rng), z = uniform({1, 3}, rng);
    const Tensor zero = one_hot(Indices{0}, 2), one = one_hot(Indices{1}, 2);
    CHECK(!(encoder(x, zero, context).values() == encoder(x, one, context).values()));
    CHECK(!(decoder(z, zero, context).values() == decoder(z, one, context).values()));
    CHECK(contains(error_of([&] { encoder(x, {}, context); }), "it is conditional, but there is no condition"));
  }
}
