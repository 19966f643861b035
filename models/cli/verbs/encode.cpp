#include "models/cli/verbs/encode.h"

#include "models/cli/print.h"
#include "models/evaluation/code_files.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/quantized.h"
#include "nn/files/atomic_file.h"

namespace GRADUS {

void EncodeVerb::operator()(const Call&) const {
  if (out.empty()) throw UsageError("vae encode needs --out");
  check_ending("--out", out, {".npy", ".csv", ".tsv"});
  if (!sigma.empty()) check_ending("--sigma", sigma, {".npy", ".csv"});
  threads.apply();
  const auto [folder, config, at, vae] = open(run);
  if (quantize > 0 && is_discrete(config.model.code))
    throw UsageError(fmt::format("--quantize has no meaning with --code {}: its codes are chosen from a set already",
                                 config.model.code.name()));
  check_writable(out);
  if (!sigma.empty()) check_writable(sigma);
  const Images images = data.images(config);
  const std::int64_t at_once = images_at_once(vae, config.batch_size);
  const Encoded all = encoded(vae, images, config.shown(), at_once);
  if (!sigma.empty() && !all.deviations)
    throw UsageError(fmt::format("--sigma has no meaning with --code {}: its q(z|x) has no moments that are known",
                                 config.model.code.name()));
  std::string text;
  Tensor codes = all.codes;
  if (quantize > 0) {
    const Quantizer quantizer = quantizer_of(codes, quantize);
    codes = quantizer(codes);
    const Fidelity before = fidelity(vae, images, config.shown(), all.codes, at_once),
                   after = fidelity(vae, images, config.shown(), codes, at_once);
    text = fmt::format("{} bytes per image, {} bits for each of {} numbers (and their ranges once for all)\n"
                       "decoding loses {:.4f} nats per image: log p(x|z) is {:.4f}, not {:.4f}\n",
                       quantizer.bytes(), quantize, codes.shape()[1], before.log_likelihood - after.log_likelihood,
                       after.log_likelihood, before.log_likelihood);
    if (images.numbers.empty())
      text += fmt::format("and {:.4f} dB: the peak signal to noise ratio is {:.4f}, not {:.4f}\n",
                          before.psnr() - after.psnr(), after.psnr(), before.psnr());
  }
  if (!sigma.empty()) write_codes(sigma, *all.deviations, images);
  write_codes(out, codes, images);
  print(text);
  tell(fmt::format("{} codes of {} numbers", images.count, codes.shape()[1]), out);
}

}  // namespace GRADUS
