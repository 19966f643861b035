#include "models/cli/verbs/evaluate.h"

#include <cmath>

#include "models/cli/command_line.h"
#include "models/cli/print.h"
#include "models/cli/progress.h"
#include "models/cli/verbs/evaluation_report.h"
#include "models/cli/version.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace {

void check_ending(const char* flag, const std::string& file, const char* ending) {
  if (!file.empty() && !file.ends_with(ending))
    throw UsageError(fmt::format("{} must end in {}, not {}", flag, ending, quote(file)));
}

}  // namespace

void EvaluateVerb::prepare(const Given& given) { draws_asked = given.options.contains("--importance"); }

void EvaluateVerb::operator()(const Call&) const {
  check_ending("--per-sample", per_sample, ".csv");
  check_ending("--out", out, ".svg");
  threads.apply();
  const auto [folder, config, at, vae] = open(run);
  const Pricing pricing = config.model.pricing();
  const bool weighs = pricing == Pricing::drawn || pricing == Pricing::stopped;
  if (draws_asked && draws > 0 && !weighs)
    throw UsageError(fmt::format("--importance has no meaning with --code {}: its draws have no price of their own",
                                 config.model.code.name()));
  const std::filesystem::path picture = out.empty() ? folder.folder / "evaluation.svg" : std::filesystem::path(out);
  for (const std::filesystem::path& file : {std::filesystem::path(json), std::filesystem::path(per_sample), picture})
    if (!file.empty()) check_writable(file);
  const Images images = data.test_images(config);
  CountDisplay display("importance sampling", images.count);
  const Measurement found = measure(config, vae, images,
                                    {.data = data.data.empty() ? config.data : data.data,
                                     .checkpoint = run.checkpoint_name(),
                                     .progress = progress_of(at),
                                     .program = program_version(),
                                     .draws = draws},
                                    [&](std::int64_t done) { display.show(done); });
  display.finish();
  if (!std::isfinite(found.bound.score()) || (found.importance && !std::isfinite(found.importance->log_likelihood)))
    throw NumericError(fmt::format("the bound on the images of {} is not finite: the model has overflowed in training, "
                                   "or it does on these images",
                                   quote(images.name)));
  if (!json.empty()) write_file_atomically(json, json_of(found));
  if (!per_sample.empty()) write_file_atomically(per_sample, table_of(found, images));
  write_file_atomically(picture, picture_of(found));
  print(report_of(found));
  print(fmt::format("picture: {}\n", quote(picture.native())));
}

}  // namespace GRADUS
