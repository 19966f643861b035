// config.json: what is written is read again, to the ends of every range, and what is beyond them is refused.
#include <doctest/doctest.h>

#include "models/config.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("config: every setting at either end of its range is written and read again") {
  for (const bool highest : {false, true}) {
    Config config;
    const auto whole = [&](std::int64_t& to, const IntegerRange& range) { to = highest ? range.max : range.min; };
    const auto real = [&](double& to, const RealRange& range) {
      to = highest ? range.max : range.min;
      if (highest && range.below_max) to = std::nextafter(to, 0);
      if (!highest && range.above_min) to = std::nextafter(static_cast<Real>(to), Real(1));
      CHECK(range.contains(to));
    };
    whole(config.vae.latent, range::kLatent);
    whole(config.epochs, range::kEpochs);
    whole(config.batch_size, range::kBatchSize);
    whole(config.validation, range::kValidation);
    whole(config.decay_steps, range::kDecaySteps);
    whole(config.warmup, range::kWarmup);
    whole(config.accumulate, range::kAccumulate);
    config.vae.hidden = std::vector<std::int64_t>(highest ? range::kMostHidden : 0, range::kHidden.max);
    config.vae.image = highest ? Pair(65535, 65535) : Pair(1, 1);
    real(config.beta, range::kBeta);
    real(config.lr, range::kLr);
    real(config.clip, range::kClip);
    real(config.momentum, range::kDecay);
    real(config.weight_decay, range::kWeightDecay);
    real(config.decay_factor, range::kDecayFactor);
    real(config.ema, range::kDecay);
    config.seed = highest ? ~std::uint64_t{0} : 0;
    config.nesterov = highest;
    config.optimizer = highest ? OptimizerKind::sgd : OptimizerKind::adam;
    config.vae.network = highest ? Network::convolutional : Network::dense;
    config.schedule = highest ? Schedule::step : Schedule::cosine;
    const std::string json = to_json(config);
    CHECK(to_json(config_from_json(json, "config.json")) == json);
  }
}

TEST_CASE("config: what no training can be is refused in a sentence") {
  const std::string good = to_json(Config{});
  const auto says = [&](const std::string& from, const std::string& to) {
    std::string json = good;
    REQUIRE(contains(json, from));
    return error_of([&] { config_from_json(json.replace(json.find(from), from.size(), to), "config.json"); });
  };
  CHECK(says("\"epochs\": 20", "\"epochs\": 20") == "no error");
  CHECK(says("\"epochs\": 20", "\"epochs\": 0") ==
        "\"config.json\" is not a configuration: line 19: \"epochs\" is not a whole number from 1 to 1000000");
  CHECK(contains(says("\"epochs\": 20", "\"epochs\": 20.5"), "\"epochs\" is not a whole number"));
  CHECK(contains(says("\"epochs\": 20", "\"epochs\": 9223372036854775809"), "\"epochs\" is not a whole number"));
  CHECK(contains(says("\"beta\": 1.0", "\"beta\": -1.0"), "\"beta\" is -1, but must be a number from 0 to 1000000"));
  CHECK(contains(says("\"lr\": 0.001", "\"lr\": 0"), "\"lr\" is 0, but must be a number above 0"));
  CHECK(contains(says("\"lr\": 0.001", "\"lr\": 1e999"), "a number that is too large"));
  CHECK(contains(says("\"schedule\": \"constant\"", "\"schedule\": \"step\""), "\"decay_steps\" is 0"));
  CHECK(contains(says("\"init\": \"variance-scaling\"", "\"init\": \"zeros\""),
                 "\"zeros\", which is not one of the choices"));
  CHECK(contains(says("\"nesterov\": false", "\"nesterov\": 0"), "neither true nor false"));
  CHECK(contains(says("\"nesterov\": false", "\"nesterow\": false"),
                 "line 28: \"nesterow\" is not known to this program"));
  CHECK(contains(says("\"latent\": 20,", ""), "\"latent\" is missing"));
  CHECK(contains(says("\"format\": 1", "\"format\": 2"), "of format 2, this program reads format 1"));
  CHECK(contains(says("\"hidden\": [", "\"hidden\": [\"1\","), "\"hidden\" is not a whole number from 1 to 65536"));
  CHECK(contains(says("\"hidden\": [", "\"hidden\": [[1],"), "it is nested too deeply"));
  CHECK(contains(says("{", "{{"), "it is not JSON"));
  CHECK(contains(says("\"epochs\": 20", "\"epochs\": 2o"), "line 19: it is not JSON"));
  if (sizeof(Real) == 4)
    for (const char* number : {"1e-60", "1e-46"})
      CHECK(contains(says("\"lr\": 0.001", fmt::format("\"lr\": {}", number)), "which is too large or too small"));
  CHECK(contains(says("\"momentum\": 0.0", "\"momentum\": 0.5"), "\"momentum\" is 0.5, but adam has none"));
  CHECK(contains(says("\"nesterov\": false", "\"nesterov\": true"), "needs sgd and a momentum above 0"));
  for (const char* wrong : {"1x2x2", "60000x28x28 crc32:1A2B3C4D", "060000x28x28 crc32:1a2b3c4d", "\\u001b[31m"})
    CHECK(contains(says("\"fingerprint\": \"\"", fmt::format("\"fingerprint\": \"{}\"", wrong)),
                   "does not identify images"));
  CHECK(says("\"fingerprint\": \"\"", "\"fingerprint\": \"60000x28x28 crc32:1a2b3c4d\"") == "no error");
  CHECK(contains(says("\"fingerprint\": \"\"", "\"fingerprint\": \"60000x28x27 crc32:1a2b3c4d\""),
                 "line 4: \"fingerprint\" is of images of 28 x 27 pixels, the model takes 28 x 28"));
}
