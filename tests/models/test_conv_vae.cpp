// The convolutional VAE: its shapes and names, that it learns, stops and goes on like every other, and the program's
// --network conv.
#include <doctest/doctest.h>

#include <cstdlib>

#include "models/data/digits.h"
#include "models/training/trainer.h"
#include "nn/state.h"
#include "tensor/parallel.h"
#include "tests/models/idx_files.h"
#include "tests/models/same_bits.h"

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

namespace {

ModelSettings conv_settings(std::vector<std::int64_t> hidden = {256}, std::int64_t latent = 20) {
  return {.network = {Conv{std::move(hidden)}}, .latent = latent, .activation = Activation::relu, .init = Init::fan_in};
}

/// 60 + 10 images of 8 x 4 pixels, two kinds of them.
Dataset stripes() {
  Dataset data{.name = "stripes", .train = {}, .test = {}};
  for (auto [images, count] : {std::pair(&data.train, 60), std::pair(&data.test, 10)}) {
    *images = {.name = "stripes", .count = count, .height = 8, .width = 4};
    for (int i = 0; i < count * 32; ++i)
      images->pixels.push_back(static_cast<std::uint8_t>((i / 32 % 2 ? i % 2 : i / 4 % 2) * 200 + i * 7 % 20));
  }
  return data;
}

Config conv_config(const Dataset& data) {
  Config config;
  config.model = conv_settings({12}, 3);
  config.sample = {1, data.train.height, data.train.width};
  config.batch_size = 16;
  config.fingerprint = fingerprint(data.train);
  return config;
}

/// Runs the program in `folder`; what it printed, on both streams, and its exit code.
std::pair<int, std::string> vae(const fs::path& folder, const std::string& arguments) {
  const fs::path out = folder / "out.txt";
  const std::string line = "cd '" + folder.string() + "' && '" VAE_BINARY "' " + arguments + " > out.txt 2>&1";
  const int status = std::system(line.c_str());
  return {WEXITSTATUS(status), get(out)};
}

}  // namespace

TEST_CASE("conv vae: the decoder is its layers one after the other, with the activation between all of them") {
  Rng rng{.seed = 4};
  Context context{.training = true, .rng = rng};
  const Vae vae = make_vae(conv_settings({12}, 3), {1, 8, 4}, rng);
  const Tensor z = normal({5, 3}, rng);
  const auto all = state(vae);
  const auto of = [&](const std::string& name) { return all.at("decoder." + name); };
  const Tensor h = relu(linear(z, of("hidden.0.weight"), of("hidden.0.bias")));
  const Tensor features = relu(linear(h, of("output.weight"), of("output.bias")));  // (B, 64·2·1)
  const ConvSettings up{.stride = 2, .padding = 1, .output_padding = 1};
  const Tensor maps = relu(
      conv_transpose2d(reshape(features, {5, 64, 2, 1}), of("convolutions.0.weight"), of("convolutions.0.bias"), up));
  const Tensor logits = conv_transpose2d(maps, of("convolutions.1.weight"), of("convolutions.1.bias"), up);
  CHECK(vae.decoder.parameters(z, {}, context).values() == logits.values());
}

TEST_CASE("conv vae: parameters have the names and shapes that checkpoints keep") {
  Rng rng;
  const Vae vae = make_vae(conv_settings(), {}, rng);
  const auto all = state(vae);
  const std::pair<const char*, Shape> expected[] = {
      {"encoder.convolutions.0.weight", {32, 1, 3, 3}}, {"encoder.convolutions.1.weight", {64, 32, 3, 3}},
      {"encoder.hidden.0.weight", {256, 64 * 7 * 7}},   {"encoder.mean.weight", {20, 256}},
      {"encoder.log_variance.weight", {20, 256}},       {"decoder.hidden.0.weight", {256, 20}},
      {"decoder.output.weight", {64 * 7 * 7, 256}},     {"decoder.convolutions.0.weight", {64, 32, 3, 3}},
      {"decoder.convolutions.1.weight", {32, 1, 3, 3}}, {"decoder.convolutions.1.bias", {1}}};
  for (const auto& tensor : expected) CHECK_MESSAGE(all.at(tensor.first).shape() == tensor.second, tensor.first);
  CHECK(all.size() == 18);
  Rng draws{.seed = 2};
  Context context{.training = true, .rng = draws};
  const Tensor x = uniform({3, 784}, draws);
  CHECK(vae.latent.code({x}, context).shape() == Shape{3, 20});
  CHECK(vae.decoder.mean(zeros({5, 20}), {}, context).shape() == Shape{5, 784});
  CHECK(bound(vae, {x}, {}, context).value().shape() == Shape{3});
  CHECK(bound(vae, {zeros({0, 784})}, {}, context).value().shape() == Shape{0});
}

TEST_CASE("conv vae: an image sees its own pixels where they are") {
  // One pixel changes at most the features whose windows reach it, and one feature at most the pixels of its windows.
  Rng rng{.seed = 3};
  NetworkPlan plan{.height = 12, .width = 16, .activation = Activation::tanh, .init = Init::he};
  Context context{.training = true, .rng = rng};
  const Network encoder = Conv{{}}.encoder(plan, rng);
  plan.latent = 64 * 3 * 4;
  Network decoder = Conv{{}}.decoder(plan, rng);
  decoder.steps.erase(decoder.steps.begin(), decoder.steps.begin() + 2);  // from the features on
  const auto down = [&](const Tensor& x) { return encoder(x, {}, context); };
  const auto up = [&](const Tensor& x) { return decoder(x, {}, context); };
  std::vector<Real> one(12 * 16);
  one[5 * 16 + 9] = 1;
  const Tensor features = down(tensor({1, 12 * 16}, one)) - down(zeros({1, 12 * 16}));  // (1, 64·3·4)
  const std::vector<Real> changed = features.values();
  for (std::int64_t i = 0; i < features.numel(); ++i) {
    const std::int64_t y = i / 4 % 3, x = i % 4;
    if (y < 1 || y > 2 || x < 2 || x > 3) CHECK(changed[i] == 0);
  }
  CHECK(max(abs(features)).item() > 0);
  std::vector<Real> feature(64 * 3 * 4);
  feature[7 * 12 + 1 * 4 + 2] = 1;
  const std::vector<Real> pixels = (up(tensor({1, 64 * 12}, feature)) - up(zeros({1, 64 * 12}))).values();
  double inside = 0;
  for (std::int64_t i = 0; i < 12 * 16; ++i) {
    const std::int64_t y = i / 16, x = i % 16;
    if (y >= 1 && y <= 7 && x >= 5 && x <= 11)
      inside += std::abs(pixels[i]);
    else
      CHECK(pixels[i] == 0);
  }
  CHECK(inside > 0);
}

TEST_CASE("conv vae: it learns") {
  const Dataset data = stripes();
  Trainer trainer(conv_config(data), data);
  const double before = evaluate(trainer.vae(), data.test, Binarize::none).score();
  for (int step = 0; step < 3; ++step) trainer.step();
  const double after = evaluate(trainer.vae(), data.test, Binarize::none).score();
  CHECK(after > before + 0.1);
}

TEST_CASE("conv vae: the same bits for 1, 2, 3 and 7 threads, and after going on from any step") {
  const Threads restore;
  const Dataset data = stripes();
  const Config config = conv_config(data);
  std::vector<Checkpoint> first;
  for (const int count : {1, 2, 3, 7}) {
    set_threads(count);
    Trainer trainer(config, data);
    std::vector<Checkpoint> at{trainer.save()};
    for (int step = 0; step < 3; ++step) {
      trainer.step();
      at.push_back(trainer.save());
    }
    if (first.empty()) first = at;
    check_equal(at.back(), first.back());
  }
  for (int from = 0; from < 3; ++from) {
    Trainer part(config, data, first[from]);
    for (int step = from; step < 3; ++step) part.step();
    check_equal(part.save(), first.back());
  }
}

TEST_CASE("conv vae: a warm step takes no memory from the system") {
  const Dataset data{.name = "digits", .train = generate_digits(1000, 0), .test = generate_digits(10, 1)};
  Config config;
  config.model = conv_settings();
  config.batch_size = 32;
  Trainer trainer(config, data);
  for (int step = 0; step < 10; ++step) trainer.step();
  const PoolStatistics warm = pool_statistics();
  for (int step = 0; step < 15; ++step) trainer.step();
  CHECK(pool_statistics().system_allocations == warm.system_allocations);
  CHECK(pool_statistics().live_bytes == warm.live_bytes);
}

TEST_CASE("program: --network conv trains, and every verb reads what it leaves") {
  const Folder place;
  put_images(place.path / "data", 8, 4);
  const std::string options = "--network conv --data data --hidden 9 --latent 2 --batch-size 7 --binarize dynamic ";
  const auto outcome = vae(place.path, "train " + options + "--out whole --epochs 4 --threads 1 --validation 5");
  const std::string& said = outcome.second;
  INFO(said);
  REQUIRE(outcome.first == 0);
  CHECK(contains(said, "1x8x4-32x4x2-64x2x1-9-2-9-64x2x1-32x4x2-1x8x4, "));
  Rng rng;
  const std::int64_t parameters = count(make_vae(conv_settings({9}, 2), {1, 8, 4}, rng));
  CHECK(contains(said, std::to_string(parameters) + " parameters"));
  REQUIRE(vae(place.path, "train " + options + "--out parts --epochs 2 --threads 3 --validation 5").first == 0);
  REQUIRE(vae(place.path, "resume parts --epochs 4 --threads 2").first == 0);
  for (const char* file : {"last.safetensors", "best.safetensors", "samples.png", "reconstructions.png", "config.json"})
    CHECK(get(place.path / "whole" / file) == get(place.path / "parts" / file));
  for (const char* line :
       {"sample whole --seed 3", "reconstruct whole", "evaluate whole", "info whole --checkpoint best"}) {
    const auto ended = vae(place.path, line);
    INFO(line, ": ", ended.second);
    CHECK(ended.first == 0);
  }
  CHECK(contains(vae(place.path, "info whole").second, "1x8x4-32x4x2-64x2x1-9-2-"));
  CHECK(contains(get(place.path / "whole" / "config.json"), "\"network\": \"conv\""));
}

TEST_CASE("program: --network conv has one hidden layer of 256 unless told otherwise") {
  const Folder place;
  put_images(place.path / "data", 8, 4);
  CHECK(contains(vae(place.path, "train --data data --epochs 1 --network conv --out a").second,
                 "-64x2x1-256-20-256-64x2x1-"));
  CHECK(contains(vae(place.path, "train --data data --epochs 1 --out b").second, "32-500-500-20-500-500-32"));
}

TEST_CASE("program: --network conv takes images of any size that its convolutions can halve, and says how many fit") {
  const Folder place;
  put_images(place.path / "data", 7, 5);
  const auto trained = vae(place.path, "train --network conv --data data --epochs 1 --hidden 9 --out run");
  INFO(trained.second);
  CHECK(trained.first == 0);
  CHECK(contains(trained.second, "1x7x5-32x4x3-64x2x2-9-20-9-64x2x2-32x4x3-1x7x5, "));
  const auto [code, said] = vae(place.path, "train --network conv --channels 8,8,8,8 --data data --out deep");
  CHECK(code == 3);
  CHECK(said == "vae: [conv] convolution 4 of 4 would see images of one pixel, for halving 7 x 5 pixels goes no "
                "further\nhelp: 3 convolutions fit\n");
  CHECK_FALSE(fs::exists(place.path / "deep"));
  CHECK(vae(place.path, "train --network convolutional").first == 2);
}
