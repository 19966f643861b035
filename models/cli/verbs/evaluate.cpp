#include "models/cli/verbs/evaluate.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "models/cli/print.h"
#include "models/cli/progress.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/importance.h"
#include "models/evaluation/protocol.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace {

/// The numbers by name; null for what a model does not have.
std::string json_of(const Evaluation& test, const std::optional<Importance>& importance, const Protocol& protocol) {
  nlohmann::ordered_json json;
  const auto put = [&](const char* name, const std::optional<double>& value) {
    json[name] = value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
  };
  put("elbo", test.elbo());
  put("log_likelihood", test.log_likelihood);
  put("kl", test.kl);
  put("importance_log_likelihood", importance ? std::optional(importance->log_likelihood) : std::nullopt);
  put("importance_standard_error", importance ? std::optional(importance->standard_error) : std::nullopt);
  for (const Figure& figure : test.figures) put(figure.name, figure.value);
  json["protocol"] = nlohmann::ordered_json::parse(to_json(protocol));
  return json.dump(2) + '\n';
}

}  // namespace

void EvaluateVerb::operator()(const Call&) const {
  threads.apply();
  const auto [folder, config, at, vae] = open(run);
  const Pricing pricing = config.model.pricing();
  if (draws > 0 && (pricing == Pricing::none || pricing == Pricing::exact))
    throw UsageError(fmt::format("--importance has no meaning with --code {}: its draws have no price of their own",
                                 config.model.code.name()));
  if (!json.empty()) check_writable(json);
  const Images images = data.test_images(config);
  const Evaluation test = evaluate(vae, images, config.shown(), images_at_once(vae, config.batch_size));
  std::optional<Importance> tighter;
  if (draws > 0) {
    CountDisplay display("importance sampling", images.count);
    tighter = importance(vae, images, config.shown(), draws, [&](std::int64_t done) { display.show(done); });
    display.finish();
  }
  if (!std::isfinite(test.score()) || (tighter && !std::isfinite(tighter->log_likelihood)))
    throw NumericError(fmt::format("the bound on the images of {} is not finite: the model has overflowed in training, "
                                   "or it does on these images",
                                   quote(images.name)));
  std::string text;
  if (const auto elbo = test.elbo()) text += fmt::format("test ELBO       {:10.4f} nats per image\n", *elbo);
  text += fmt::format("log-likelihood  {:10.4f}{}\n", test.log_likelihood, test.kl ? "" : " nats per image");
  if (test.kl) text += fmt::format("KL divergence   {:10.4f}\n", *test.kl);
  const Measure measured = measure(config.model.likelihood, config.binarize != Binarize::none);
  if (const auto bits = !test.kl ? std::nullopt : measured.bits_per_dimension(test.score(), config.sample.numel()))
    text += fmt::format("{:<15} {:10.4f}\n", "bits/dimension", *bits);
  for (const Figure& figure : test.figures) text += fmt::format("{:<15} {:10.4f}\n", figure.name, figure.value);
  if (tighter)
    text += fmt::format("importance      {:10.4f} ± {:.4f} by {} draws for each image\n", tighter->log_likelihood,
                        tighter->standard_error, draws);
  text += fmt::format("{} test images of {}, {}, {} likelihood ({}), {}; {} checkpoint, {}\n", images.count,
                      quote(data.data.empty() ? config.data : data.data),
                      !images.numbers.empty()             ? "numbers scaled as in training"
                      : config.binarize == Binarize::none ? "grey pixels"
                                                          : "pixels drawn as bits once and for all",
                      config.model.likelihood.name(), measured.what,
                      test.kl ? "one draw of z per image from a fixed stream" : "at the code of each image",
                      run.checkpoint_name(), progress_of(at));
  print(text);
  if (json.empty()) return;
  const char* estimator = tighter ? kImportance : test.kl ? kElbo : kReconstruction;
  write_file_atomically(json, json_of(test, tighter,
                                      protocol_of(config, fingerprint(images), estimator,
                                                  std::max<std::int64_t>(draws, 1), run.checkpoint_name())));
}

}  // namespace GRADUS
