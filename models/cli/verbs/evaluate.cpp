#include "models/cli/verbs/evaluate.h"

#include <cmath>

#include "models/cli/print.h"
#include "models/evaluation/evaluate.h"
#include "nn/files/quote.h"

namespace GRADUS {

void EvaluateVerb::operator()(const Call&) const {
  threads.apply();
  const auto [folder, config, at, vae] = open(run);
  const Images images = data.test_images(config);
  const Evaluation test = evaluate(vae, images, config.binarize, images_at_once(vae, config.batch_size));
  if (!std::isfinite(test.elbo()))
    throw NumericError(fmt::format("the bound on the images of {} is not finite: the model has overflowed in training, "
                                   "or it does on these images",
                                   quote(images.name)));
  print(fmt::format(
      "test ELBO       {:10.4f} nats per image\n"
      "log-likelihood  {:10.4f}\n"
      "KL divergence   {:10.4f}\n"
      "{} test images of {}, {}, {} likelihood, one draw of z per image from a fixed stream; {} checkpoint, {}\n",
      test.elbo(), test.log_likelihood, test.kl, images.count, quote(data.data.empty() ? config.data : data.data),
      config.binarize == Binarize::none ? "grey pixels" : "pixels drawn as bits once and for all",
      config.model.likelihood.name(), run.checkpoint_name(), progress_of(at)));
}

}  // namespace GRADUS
