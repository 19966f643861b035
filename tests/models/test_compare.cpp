// Numbers stand side by side only where they were made the same way.
#include <cmath>

#include "models/evaluation/comparison.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/squared_error.h"
#include "tests/models/latents.h"
#include "tests/models/program.h"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("compare: two that differ in one part of their protocol are refused, which says the part and how") {
  struct Made {
    Config config{};
    std::string test = "10x28x28 crc32:00000002", estimator = kImportance, checkpoint = "last";
    std::int64_t draws = 500;
    Measured measured(const std::string& name) const {
      return {.name = name,
              .protocol = protocol_of(config, test, estimator, draws, checkpoint),
              .numbers = {{"elbo", -100.5}},
              .curves = {{"epoch", {1, 2}}, {"test_elbo", {-150, -100.5}}}};
    }
  };
  Made one;
  one.config.fingerprint = "40x28x28 crc32:00000001";
  const struct {
    std::function<void(Made&)> change;
    std::string says;
  } kPairs[] = {
      {[](Made& m) { m.config.fingerprint = "40x28x28 crc32:00000003"; },
       R"(data: "40x28x28 crc32:00000001" and "40x28x28 crc32:00000003")"},
      {[](Made& m) { m.config.units.shift = "1", m.config.units.factor = "2"; },
       R"(data: "40x28x28 crc32:00000001" and "40x28x28 crc32:00000001, less 1 over 2")"},
      {[](Made& m) { m.config.binarize = Binarize::dynamically; }, R"(binarization: "none" and "dynamic")"},
      {[](Made& m) { m.config.binarize = Binarize::statically; }, R"(binarization: "none" and "static")"},
      {[](Made& m) { m.test = "9x28x28 crc32:00000002"; }, "split: "},
      {[](Made& m) { m.config.validation = 5; },
       R"(split: "10x28x28 crc32:00000002, 0 held out of training" and "10x28x28 crc32:00000002, 5 held out of training")"},
      {[](Made& m) { m.config.model.likelihood.chosen = LaplaceLikelihood{}; }, "likelihood: \"bernoulli: "},
      {[](Made& m) { m.estimator = kElbo; }, R"(estimator: "importance sampling" and "ELBO")"},
      {[](Made& m) { m.draws = 501; }, "draws: 500 and 501"},
      {[](Made& m) { m.checkpoint = "best"; }, R"(checkpoint: "last" and "best")"},
      {[](Made& m) { m.config.ema = 0.9; }, R"(checkpoint: "last" and "last of averaged weights")"},
  };
  for (const auto& pair : kPairs) {
    Made other = one;
    pair.change(other);
    const Measured models[] = {one.measured("a"), other.measured("b")};
    INFO(pair.says);
    const std::string differ = how_they_differ(models);
    CHECK(differ.starts_with("\"a\" and \"b\" differ in " + pair.says));
    if (pair.says.find("binarization") == std::string::npos)  // bits measure something else, too
      CHECK(differ.find('\n') == std::string::npos);
    CHECK(error_of([&] { side_by_side(models); }) == differ);
    CHECK(contains(apart(models), "a\n  ELBO           -100.5000\n  data "));
    CHECK(protocol_from_json(to_json(models[1].protocol)) == models[1].protocol);
  }
  // The same but for what makes one model better than the other.
  Made deeper = one;
  deeper.config.model.network = {Dense{{9, 9, 9}}};
  deeper.config.epochs = 77;
  deeper.config.seed = 5;
  const Measured models[] = {one.measured("a"), deeper.measured("a longer name")};
  CHECK(how_they_differ(models).empty());
  CHECK(side_by_side(models).starts_with("                    ELBO\n"
                                         "a              -100.5000\n"
                                         "a longer name  -100.5000\n\ndata           40x28x28"));
  // Settings of a likelihood belong to it.
  Made clipped = one, unclipped = one;
  clipped.config.model.likelihood.chosen = ContinuousBernoulliLikelihood{.lambda_clip = 1e-4};
  unclipped.config.model.likelihood.chosen = ContinuousBernoulliLikelihood{.lambda_clip = 0};
  const Measured clips[] = {clipped.measured("a"), unclipped.measured("b")};
  CHECK(contains(how_they_differ(clips), "likelihood: "));
  CHECK(error_of([] { protocol_from_json("{\"data\": 3}"); }) ==
        "it has no protocol that says how its numbers were made");
}

TEST_CASE("compare: runs and evaluations by way of the program") {
  const Place place;
  REQUIRE(place.train("a", {"--epochs", "2"}).code == 0);
  REQUIRE(place.train("b", {"--epochs", "3", "--seed", "4"}).code == 0);
  REQUIRE(place.train("c", {"--epochs", "1", "--binarize", "dynamic"}).code == 0);
  const Ended same = place.run({"compare", "a", "b"});
  INFO(same.out, same.err);
  CHECK(same.code == 0);
  CHECK(contains(same.out, "epochs"));
  CHECK(contains(same.out, "\na       2  -"));
  CHECK(contains(same.out, "\nb       3  -"));
  CHECK(contains(same.out, "\ncheckpoint     last\n"));
  const std::string svg = get(place.folder / "compare.svg");
  CHECK(contains(svg, ">a</text>"));
  CHECK(contains(svg, ">ELBO, test</text>"));
  const Ended other = place.run({"compare", "a", "c", "--out", "x.svg"});
  CHECK(other.code == 2);
  CHECK(contains(other.err, "vae: \"a\" and \"c\" differ in binarization: \"none\" and \"dynamic\"\n"));
  CHECK(contains(other.err, "\nhelp: numbers that were made differently"));
  CHECK(other.out.empty());
  CHECK_FALSE(fs::exists(place.folder / "x.svg"));
  const Ended anyway = place.run({"compare", "--anyway", "a", "c", "--out", "x.svg"});
  CHECK(anyway.code == 0);
  CHECK(contains(anyway.out, "\nc\n  epochs "));
  CHECK(contains(get(place.folder / "x.svg"), ">c: ELBO, test</text>"));
  for (const auto& [file, draws] : {std::pair("1.json", "3"), {"2.json", "4"}})
    REQUIRE(place.run({"evaluate", "a", "--importance", draws, "--json", file}).code == 0);
  const Ended draws = place.run({"compare", "1.json", "2.json"});
  CHECK(draws.code == 2);
  CHECK(contains(draws.err, "differ in draws: 3 and 4\nhelp: "));
  CHECK(contains(place.run({"compare", "1.json", "1.json"}).out, "importance"));
  CHECK(place.run({"compare", "a"}).err == "vae: vae compare needs two runs or more\n");
  CHECK(place.run({"compare"}).err == "vae: vae compare needs RUN…\n");
  put(place.folder / "no.json", "[]");
  CHECK(place.run({"compare", "a", "no.json"}).err == "vae: \"no.json\" is not the JSON of an evaluation\n");
}

TEST_CASE("squared error: per pixel, at the draw of the bound") {
  const Images images{.name = "x", .count = 3, .height = 1, .width = 7, .pixels = std::vector<std::uint8_t>(21, 51)};
  const Vae vae = [] {
    Rng rng{.seed = 2};
    return make_vae({.network = {Dense{{6}}}, .latent = 3, .likelihood = {GaussianLikelihood{}}}, kTiny, rng);
  }();
  const SquaredError found = squared_error(vae, images, {}, 2);
  const Evaluation test = evaluate(vae, images, {}, 2);
  // log p(x|z) = -½ Σ (x - y)² - D/2·log 2π
  const double by_density = -2 * test.log_likelihood / 7 - std::log(2 * std::numbers::pi);
  CHECK(std::abs(found.per_pixel - by_density) <= (sizeof(Real) == 4 ? 1e-5 : 1e-12));
  CHECK(std::abs(found.kl - *test.kl) <= 1e-6 * *test.kl);
  CHECK(found.penalty == 0);
  CHECK(error_of([&] { squared_error(vae, {}, {}, 2); }) == "[squared_error] there are no images");
}
