// Lossless compression: the portable kernel's functions and networks, the stack of symbols, and images there and back.
#include <bit>
#include <cmath>
#include <cstring>

#include "models/compression/compress.h"
#include "models/compression/portable.h"
#include "models/data/npy.h"
#include "models/evaluation/evaluate.h"
#include "tensor/parallel.h"
#include "tests/models/latents.h"
#include "tests/models/program.h"

using namespace gradus;
using namespace gradus::test;

namespace {

/// How many of the last places of `right` a value is off, at least those of `least`; NaN is off by more than any bound.
double ulps(double value, long double right, double least = 0) {
  const double size = std::max(std::abs(static_cast<double>(right)), std::max(least, 0x1p-1020));
  const double ulp = std::ldexp(1.0, std::ilogb(size) - 52);
  const double off = static_cast<double>(std::abs(static_cast<long double>(value) - right)) / ulp;
  return std::isnan(off) ? 1e300 : off;
}

/// The most that `f` is off of `right` at 20,001 places from -range to range.
template <class F, class R>
double worst(const F& f, const R& right, double range, double least = 0) {
  double most = 0;
  for (int i = -10000; i <= 10000; ++i) {
    const double x = range * i / 10000;
    most = std::max(most, ulps(f(x), right(static_cast<long double>(x)), least));
  }
  return most;
}

/// Images whose bytes come from a simple rule; of `levels` values from 0 to 255.
Images pictures(std::int64_t count, const SampleShape& shape, int levels) {
  Images images{
      .name = "pictures", .count = count, .height = shape.height, .width = shape.width, .channels = shape.channels};
  Rng rng{.seed = 7};
  Tensor noise = uniform({count * shape.numel()}, rng);
  for (const Real u : noise.values()) {
    const auto level = static_cast<int>(u * static_cast<Real>(levels));
    images.pixels.push_back(static_cast<std::uint8_t>(std::min(level, levels - 1) * 255 / (levels - 1)));
  }
  return images;
}

struct Coded {
  const char* name;
  ModelSettings settings;
  SampleShape shape;
  int levels;
  std::int64_t count;
};

/// Each step that networks have, each likelihood that can be coded, both heads.
std::vector<Coded> coded_models() {
  const Dense plain{.hidden = {8, 6}};
  return {
      {"bernoulli", {.network = {plain}, .latent = 3, .likelihood = {}}, {1, 5, 4}, 2, 1003},
      {"sigma",
       {.network = {Dense{.hidden = {6, 6}, .layers = {.norm = Norm::layer, .dropout = 0.5, .residual = true}}},
        .code = {GaussianCode{.head = Head::sigma}},
        .latent = 2,
        .activation = Activation::gelu,
        .likelihood = {}},
       {1, 3, 3},
       2,
       7},
      {"logistic",
       {.network = {Conv{.hidden = {6}, .channels = {3, 4}, .layers = {.norm = Norm::batch, .residual = true}}},
        .latent = 2,
        .activation = Activation::silu,
        .likelihood = {DiscretizedLogisticLikelihood{}}},
       {3, 7, 6},
       256,
       5},
      {"mixture",
       {.network = {plain},
        .latent = 2,
        .activation = Activation::tanh,
        .likelihood = {MixtureLikelihood{.components = 3}}},
       {1, 2, 3},
       256,
       11},
      {"categorical",
       {.network = {Conv{.hidden = {4}, .channels = {8}, .layers = {.norm = Norm::group}}},
        .latent = 1,
        .activation = Activation::softplus,
        .likelihood = {CategoricalLikelihood{}}},
       {1, 4, 3},
       256,
       1},
  };
}

/// Its weights three times as large as at the beginning of a training, so that codes tell something.
Vae model_of(const Coded& coded, Real times = 3) {
  Rng rng{.seed = 3};
  Vae vae = make_vae(coded.settings, coded.shape, rng);
  for_each_parameter(vae, [&](const MemberPath&, Tensor& x) { x = x * times; });
  auto all = state(vae);
  for (auto& [name, x] : all) {  // as if it had been trained
    if (name.ends_with("running_mean")) x = x + Real(0.25);
    if (name.ends_with("running_var")) x = x * Real(2.5);
  }
  load_state(vae, all);
  return vae;
}

CompressedImages compressed(const Coded& coded, const Vae& vae, const Shown& shown = {}) {
  return compress(BitsBack(coded.settings, vae), pictures(coded.count, coded.shape, coded.levels), shown,
                  [](std::int64_t) {});
}

}  // namespace

TEST_CASE("portable functions are right to some units in the last place") {
  using portable::normal_cdf, portable::normal_quantile;
  CHECK(worst([](double x) { return portable::exp(x); }, [](long double x) { return std::exp(x); }, 1) <= 2);
  CHECK(worst([](double x) { return portable::exp(x); }, [](long double x) { return std::exp(x); }, 700) <= 4);
  CHECK(worst([](double x) { return portable::expm1(x); }, [](long double x) { return std::expm1(x); }, 0.5) <= 4);
  CHECK(worst([](double x) { return portable::expm1(x); }, [](long double x) { return std::expm1(x); }, 40) <= 8);
  const auto softplus_right = [](long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); };
  CHECK(worst([](double x) { return portable::softplus(x); }, softplus_right, 2) <= 8);
  CHECK(worst([](double x) { return portable::softplus(x); }, softplus_right, 700) <= 8);
  CHECK(worst([](double x) { return portable::sigmoid(x); }, [](long double x) { return 1 / (1 + std::exp(-x)); },
              30) <= 8);
  CHECK(worst([](double x) { return portable::tanh(x); }, [](long double x) { return std::tanh(x); }, 1) <= 8);
  CHECK(worst([](double x) { return portable::tanh(x); }, [](long double x) { return std::tanh(x); }, 25) <= 8);
  CHECK(worst([](double x) { return portable::erf(x); }, [](long double x) { return std::erf(x); }, 1, 1e-300) <= 8);
  CHECK(worst([](double x) { return portable::erf(x); }, [](long double x) { return std::erf(x); }, 7, 1) <= 16);
  CHECK(worst([](double x) { return normal_cdf(x); }, [](long double x) { return std::erfc(-x / std::sqrt(2.0L)) / 2; },
              9, 1) <= 16);
  for (const double p : {0x1p-30, 0x1p-13, 0.1, 0.25, 0.4999, 0.5, 0.75, 1 - 0x1p-13}) {
    INFO(p);
    const long double back = std::erfc(-static_cast<long double>(normal_quantile(p)) / std::sqrt(2.0L)) / 2;
    CHECK(std::abs(static_cast<double>(back - p)) <= 16 * 0x1p-53);
    CHECK(normal_quantile(1 - p) == -normal_quantile(p));
  }
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK((portable::exp(-infinity) == 0 && portable::exp(-800) == 0 && portable::exp(800) == portable::exp(709)));
  CHECK((portable::softplus(-infinity) == 0 && portable::softplus(infinity) == infinity &&
         portable::softplus(0) > 0.693));
  CHECK((portable::sigmoid(infinity) == 1 && portable::sigmoid(-infinity) == 0 && portable::tanh(infinity) == 1));
  CHECK((normal_cdf(infinity) == 1 && normal_cdf(-infinity) == 0 && normal_cdf(0) == 0.5));
  for (double (*f)(double) : {portable::exp, portable::expm1, portable::softplus, portable::sigmoid, portable::tanh,
                              portable::erf, normal_cdf})
    CHECK(std::isnan(f(std::nan(""))));
}

TEST_CASE("the stack of symbols: last in, first out, at the price of the entropy") {
  // 20,000 symbols of geometric probability, and none for whatever is drawn from below.
  Rng rng{.seed = 5};
  const std::vector<Real> noise = uniform({20000}, rng).values();
  const auto below = [](std::uint32_t k) { return 1 - std::ldexp(1.0, -static_cast<int>(k)); };
  const Quantised<decltype(below)> symbols{below, 12, 16};
  std::vector<std::uint32_t> pushed;
  double bits = 0;
  for (const Real u : noise) {
    pushed.push_back(
        std::min<std::uint32_t>(11, static_cast<std::uint32_t>(-std::log2(std::max<Real>(u, Real(1e-6))))));
    bits += 16 - std::log2(symbols.slots(pushed.back()).count);
  }
  Ans stack;
  for (const std::uint32_t k : pushed) symbols.push(stack, k);
  // What is written is the state, some 32 to 63 bits of it above the 31 that it began with, and the words.
  const double written =
      32.0 * static_cast<double>(stack.words().size()) + std::log2(static_cast<double>(stack.state())) - 31;
  CHECK(std::abs(written - bits) < 1 + 1e-4 * bits);
  CHECK(stack.drawn() == 0);
  Ans read(stack.state(), stack.words());
  for (std::size_t i = pushed.size(); i > 0; --i) CHECK(symbols.pop(read) == pushed[i - 1]);
  CHECK(read.is_empty_but_for(0));
  const auto pop_a_hundred = [&] {
    for (int i = 0; i < 100; ++i) symbols.pop(read);
  };
  CHECK(error_of(pop_a_hundred) == "[decompress] there are fewer symbols than there should be");

  Ans drawn;  // popped while it is empty, and given back
  std::vector<std::uint32_t> popped;
  for (int i = 0; i < 200; ++i) popped.push_back(symbols.pop(drawn));
  CHECK(drawn.drawn() > 3);
  const std::uint32_t words = drawn.drawn();
  for (std::size_t i = popped.size(); i-- > 0;) symbols.push(drawn, popped[i]);
  CHECK(drawn.is_empty_but_for(words));
  CHECK(!drawn.is_empty_but_for(words - 1));
  CHECK(std::ranges::count(popped, 0U) > 60);  // of 200, half by what they are drawn from: 100 ± 7
  CHECK(std::ranges::count(popped, 0U) < 140);
}

TEST_CASE("every symbol has a slot, whatever the distribution function says") {
  const auto check_all = [](const auto& below) {
    const Quantised<std::decay_t<decltype(below)>> symbols{below, 256, 16};
    std::uint32_t next = 0;
    for (std::uint32_t k = 0; k < 256; ++k) {
      const Slots slots = symbols.slots(k);
      CHECK((slots.start == next && slots.count >= 1));
      next = slots.start + slots.count;
      for (const std::uint32_t slot : {slots.start, slots.start + slots.count - 1}) {
        Ans stack((std::uint64_t{1} << 60) + slot, {});
        CHECK(symbols.pop(stack) == k);
      }
    }
    CHECK(next == 1 << 16);
  };
  check_all([](std::uint32_t) { return 0.0; });
  check_all([](std::uint32_t) { return 1.0; });
  check_all([](std::uint32_t k) { return k / 256.0; });
  check_all([](std::uint32_t k) { return 0.5 - k * 1e-17; });                            // falls by less than rounding
  check_all([](std::uint32_t k) { return (k % 2 ? 0x1p-3 : 0x1p-3 * (1 - 0x1p-52)); });  // and up and down again
  check_all([](std::uint32_t k) { return k < 100 ? -1e-16 : 1 + 1e-16; });
}

TEST_CASE("the portable kernel computes what the model does") {
  std::vector<Coded> models = coded_models();
  for (const auto kind : {Activation::relu, Activation::leaky_relu, Activation::sigmoid})
    models.push_back({"another activation",
                      {.network = {Dense{.hidden = {40, 7}}}, .latent = 3, .activation = kind, .likelihood = {}},
                      {1, 5, 4},
                      256,
                      3});
  for (const Coded& coded : models) {
    CAPTURE(std::string(coded.name));
    const Vae vae = model_of(coded, 1);
    const Images images = pictures(3, coded.shape, coded.levels);
    Rng unused;
    Context context{.training = false, .rng = unused};
    const Minibatch batch = test_batch(images, rows_between(0, 3), {});
    // Some hundred roundings of numbers near 1. In double, the kernel takes a norm's ε as float has it, 3e-8 of 1e-5 off:
    // by 1.5e-8 at most, where a variance is 0.
    const bool normed = std::string(coded.name) != "bernoulli" && std::string(coded.name) != "mixture" &&
                        std::string(coded.name) != "another activation";
    const double bound = sizeof(Real) == 4 ? 1e-4 : normed ? 2e-8 : 1e-12;
    const auto compare = [&](const Network& network, const Tensor& x) {
      portable::Hash hash;
      const portable::PortableNetwork kernel(network, "network", hash);
      const Tensor y = network(x, std::nullopt, context);
      const std::vector<Real> right = y.values(), from = x.values();
      const std::size_t in = from.size() / 3, out = right.size() / 3;
      for (std::size_t i = 0; i < 3; ++i) {
        const std::vector<double> got = kernel({from.begin() + i * in, from.begin() + (i + 1) * in});
        REQUIRE(got.size() == out);
        for (std::size_t j = 0; j < out; ++j)
          CHECK(std::abs(got[j] - static_cast<double>(right[i * out + j])) <= bound);
      }
    };
    compare(*vae.latent.network(), batch.x);
    Rng rng{.seed = 9};
    compare(*vae.decoder.network(), normal({3, coded.settings.latent}, rng));
  }
}

TEST_CASE("what the kernel does not know is refused by name, and so is what is no probability") {
  const auto refusal = [](const ModelSettings& settings) {
    Rng rng;
    return error_of([&] { BitsBack(settings, make_vae(settings, {1, 5, 4}, rng)); });
  };
  CHECK(contains(refusal({.code = {FlowCode{}}}), "`code` flow: "));
  CHECK(contains(refusal({.code = {PointCode{}}}), "`code` point: "));
  CHECK(contains(refusal({.likelihood = {ContinuousBernoulliLikelihood{}}}), "`likelihood` continuous-bernoulli: "));
  CHECK(contains(refusal({.condition = {LabelCondition{3}}}), "`condition` label: "));
  CHECK(refusal({}) == "no error");
  Rng rng;
  NetworkBuilder grouped({4 * 9}, Init::glorot, rng), told({4}, Init::glorot, rng);
  const Network conv = grouped.as_image(4, 3, 3).conv("groups", 4, 3, {.padding = 1, .groups = 2}).build();
  const Network join = told.join(3).linear("output", 2).build();
  portable::Hash hash;
  CHECK(error_of([&] { portable::PortableNetwork(conv, "encoder", hash); }) ==
        "`network`: the portable kernel knows no convolution with groups or dilation");
  CHECK(error_of([&] { portable::PortableNetwork(join, "encoder", hash); }) ==
        "`network`: the portable kernel knows no step where the encoder is told a condition");
}

TEST_CASE("every image comes back, by any number of threads, and no other model brings it back") {
  for (const Coded& coded : coded_models()) {
    INFO(coded.name);
    const Vae vae = model_of(coded);
    const BitsBack model(coded.settings, vae);
    set_threads(1);
    const CompressedImages one = compressed(coded, vae);
    set_threads(5);
    const CompressedImages five = compressed(coded, vae);
    const std::string bytes = to_bytes(five);
    CHECK(to_bytes(one) == bytes);
    const Folder folder;
    const CompressedImages read = read_compressed(folder.put("file", bytes));
    CHECK(to_bytes(read) == bytes);
    std::int64_t told = 0;
    const auto back = decompress(model, read, [&](std::int64_t done) { told = std::max(told, done); });
    CHECK(told == coded.count);
    CHECK(back == pictures(coded.count, coded.shape, coded.levels).pixels);
    set_threads(available_threads());

    const Vae other = model_of(coded, Real(2.5));
    CHECK(contains(error_of([&] { decompress(BitsBack(coded.settings, other), read, [](std::int64_t) {}); }),
                   "by another model"));
    CompressedImages changed = read;  // what no check sum has seen
    if (changed.blocks[0].words.empty()) continue;
    changed.blocks[0].words[0] ^= 1;
    CHECK(contains(error_of([&] { decompress(model, changed, [](std::int64_t) {}); }), "[decompress] "));
  }
}

TEST_CASE("images take as many bits as the negative ELBO says") {
  std::vector<Coded> models = coded_models();
  for (Coded& coded : models) {
    if (coded.shape.numel() > 40 || coded.settings.likelihood.is<CategoricalLikelihood>()) continue;
    INFO(coded.name);
    coded.count = 3000;
    const Vae vae = model_of(coded, 1);
    const Shown shown{coded.levels == 2 ? Binarize::statically : Binarize::none};
    const CompressedImages all = compressed(coded, vae, shown);
    const Evaluation evaluation = evaluate(vae, pictures(coded.count, coded.shape, coded.levels), shown);
    CHECK(*evaluation.kl > 0.2);
    const double bound = -*evaluation.elbo() / std::log(2.0);
    const double net = (8 * static_cast<double>(to_bytes(all).size()) - static_cast<double>(all.initial_bits())) /
                       static_cast<double>(coded.count);
    INFO(net, " bits; bound ", bound, ", KL ", *evaluation.kl / std::log(2.0));
    CHECK(std::abs(net / bound - 1) < 0.02);
  }
}

TEST_CASE("vae compress and decompress: there and back, and a hundred damaged files refused with nothing written") {
  const Place place;
  const auto run = [&](Arguments arguments) {
    arguments.insert(arguments.end(), {"--threads", "1"});
    return place.run(arguments);
  };
  for (const auto& [name, more] : std::initializer_list<std::pair<std::string, Arguments>>{
           {"bits", {"--binarize", "dynamic"}}, {"grey", {"--likelihood", "discretized-logistic"}}, {"other", {}}}) {
    Arguments line = more;
    line.insert(line.end(), {"--epochs", "1"});
    REQUIRE(place.train(name, line).code == 0);
  }
  const Ended grey = run({"compress", "grey", "data", "--out", "grey.bb", "--split", "all"});
  INFO(grey.err);
  REQUIRE(grey.code == 0);
  CHECK(contains(grey.out, "50 images of \"data\", pixels as they are: \"grey.bb\""));
  CHECK(run({"decompress", "grey", "grey.bb", "--out", "grey.npy"}).code == 0);
  const NpyArray array = read_npy(place.folder / "grey.npy");
  CHECK(array.shape == Shape{50, 5, 4});
  const std::string train = get(place.folder / "data" / "train-images-idx3-ubyte").substr(16);
  const std::string test = get(place.folder / "data" / "t10k-images-idx3-ubyte").substr(16);
  const auto& pixels = std::get<std::vector<std::uint8_t>>(array.values);
  CHECK(std::string(pixels.begin(), pixels.end()) == train + test);

  const Ended bits = run({"compress", "bits", "data", "--out", "bits.bb"});
  REQUIRE(bits.code == 0);
  CHECK(contains(bits.out, "pixels drawn as bits once and for all, of which the file holds the bits alone"));
  const Ended back = run({"decompress", "bits", "bits.bb", "--out", "bits.npy"});
  CHECK((back.code == 0 && contains(back.out, "10 images of 5 x 4, whose pixels were drawn as bits")));
  const std::vector<std::uint8_t> drawn =
      std::get<std::vector<std::uint8_t>>(read_npy(place.folder / "bits.npy").values);
  Images images{.name = "", .count = 10, .height = 5, .width = 4, .pixels = {test.begin(), test.end()}};
  const std::vector<Real> right = test_batch(images, rows_between(0, 10), {Binarize::statically}).x.values();
  REQUIRE(drawn.size() == right.size());
  for (std::size_t i = 0; i < right.size(); ++i) CHECK(drawn[i] == 255 * right[i]);
  CHECK(run({"compress", "bits", "bits.npy", "--out", "again.bb"}).code == 0);
  CHECK(get(place.folder / "again.bb") == get(place.folder / "bits.bb"));

  NpyArray colour{{30, 5, 4, 3}, std::vector<std::uint8_t>()};
  for (int i = 0; i < 30 * 60; ++i) std::get<0>(colour.values).push_back(static_cast<std::uint8_t>(i * i * 7 % 251));
  for (const char* file : {"colour.npy", "same.npy"}) write_npy(place.folder / file, colour);
  REQUIRE(run({"train", "--data", "colour.npy", "--hidden", "8", "--latent", "2", "--epochs", "1", "--likelihood",
               "mixture", "--components", "2", "--out", "coloured"})
              .code == 0);
  CHECK(run({"compress", "coloured", "same.npy", "--out", "colour.bb"}).code == 0);
  CHECK(run({"decompress", "coloured", "colour.bb", "--out", "back.npy"}).code == 0);
  CHECK((get(place.folder / "back.npy") == get(place.folder / "same.npy")));

  const auto refused = [&](const Arguments& arguments, int code, const std::string& sentence) {
    const std::vector<std::string> before = place.names();
    const Ended ended = run(arguments);
    INFO(ended.err);
    CHECK(ended.code == code);
    CHECK(contains(ended.err, sentence));
    CHECK(lines(ended.err) <= 2);
    CHECK(place.names() == before);
  };
  REQUIRE(place.train("laplace", {"--code", "laplace", "--epochs", "1"}).code == 0);
  REQUIRE(place.train("density", {"--likelihood", "gaussian", "--epochs", "1"}).code == 0);
  refused({"compress", "other", "data", "--out", "no.bb"}, 2, "are grey, and it is a probability of bits");
  refused({"compress", "laplace", "data", "--out", "no.bb"}, 2, "--code laplace: ");
  refused({"compress", "density", "data", "--out", "no.bb"}, 2, "--likelihood gaussian: ");
  refused({"compress", "bits", "data"}, 2, "vae compress needs --out");
  refused({"compress", "bits", "nowhere", "--out", "no.bb"}, 3, "nowhere");
  refused({"decompress", "bits", "bits.bb", "--out", "no.png"}, 2, "--out must end in .npy");
  refused({"decompress", "other", "bits.bb", "--out", "no.npy"}, 3, "by another model");
  refused({"decompress", "bits", "grey.bb", "--out", "no.npy"}, 3, "by another model");
  refused({"decompress", "bits", "bits/config.json", "--out", "no.npy"}, 3, "no file of compressed images");

  const std::string whole = get(place.folder / "bits.bb");
  REQUIRE(whole.size() > 68);
  for (std::size_t i = 0; i < 100; ++i) {  // a bit of each part changed, or the end cut off; one byte too many
    std::string bytes = whole;
    const std::size_t at = i * bytes.size() / 100;
    if (i % 4 == 3)
      bytes.resize(at);
    else
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << i % 8);
    put(place.folder / "damaged.bb", i == 0 ? whole + '\0' : bytes);
    refused({"decompress", "bits", "damaged.bb", "--out", "no.npy"}, 3, "damaged.bb\" is damaged, or no file");
  }
}

// tests/golden/make_compressed.py writes these files, in Python, whose floats are IEEE doubles as well: every build of
// every machine must write the same bytes, and read them.
TEST_CASE("files are those of a program of another language, byte for byte, whatever this one is compiled for") {
  const auto check_file = [](const char* file, const ModelSettings& settings, std::int64_t count, int levels) {
    INFO(file);
    Rng rng;
    Vae vae = make_vae(settings, {1, 5, 4}, rng);
    std::int64_t t = 0;
    for_each_parameter(vae, [&](const MemberPath&, Tensor& x) {
      Tensor numbers(x.shape());
      Real* at = numbers.write().data;
      for (std::int64_t i = 0; i < x.numel(); ++i) at[i] = static_cast<Real>((37 * i + 11 * t) % 101 - 50) / 128;
      x = numbers;
      ++t;
    });
    Images images{.name = file, .count = count, .height = 5, .width = 4};
    for (std::int64_t n = 0; n < count; ++n)
      for (std::int64_t i = 0; i < 20; ++i) {
        const std::int64_t level = (i * i * 7 + i * n) % 256;
        images.pixels.push_back(static_cast<std::uint8_t>(levels == 256 ? level : level > 127 ? 255 : 0));
      }
    const BitsBack model(settings, vae);
    const fs::path golden = fs::path(GRADUS_SOURCE_DIR) / "tests" / "golden" / file;
    const std::string bytes = to_bytes(compress(model, images, {}, [](std::int64_t) {}));
    CHECK(bytes.size() == get(golden).size());
    CHECK((bytes == get(golden)));
    CHECK(decompress(model, read_compressed(golden), [](std::int64_t) {}) == images.pixels);
  };
  check_file("bits.bb",
             {.network = {Dense{.hidden = {6}}}, .latent = 2, .activation = Activation::elu, .likelihood = {}}, 1003,
             2);
  check_file("grey.bb",
             {.network = {Conv{.hidden = {6}, .channels = {3}, .layers = {.norm = Norm::layer}}},
              .code = {GaussianCode{.head = Head::sigma}},
              .latent = 2,
              .activation = Activation::gelu,
              .likelihood = {DiscretizedLogisticLikelihood{}}},
             30, 256);
}
