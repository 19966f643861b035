#include "models/cli/verbs/scatter.h"

#include "models/data/npy.h"
#include "models/evaluation/code_files.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/principal.h"
#include "models/pictures/scatter.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

void ScatterVerb::operator()(const Call&) const {
  if (!out.empty()) check_ending("--out", out, {".svg", ".npy", ".csv"});
  threads.apply();
  const auto [folder, config, at, vae] = open(run);
  const std::filesystem::path file = out.empty() ? folder.folder / "scatter.svg" : std::filesystem::path(out);
  check_writable(file);
  const Images images = data.images(config, label_column);
  const Tensor codes = encoded(vae, images, config.shown(), images_at_once(vae, config.batch_size)).codes;
  const std::int64_t Z = codes.shape()[1];
  if (Z < 2) throw UsageError("scatter has no meaning with --latent 1: its codes lie on a line");
  const Plane plane = plane_of(codes);
  const auto points = plane.coordinates(codes);
  const std::string share =
      Z == 2 ? "both dimensions"
             : fmt::format("the two principal components, {:.1f} % of the variance", 100 * plane.share);
  if (file.extension() == ".svg") {
    const char* what = Z == 2 ? "dimension" : "principal component";
    write_file_atomically(file, scatter_svg({.title = fmt::format("Codes of {} images: {}", images.count, share),
                                             .across = fmt::format("{} {}", what, Z == 2 ? 0 : 1),
                                             .up = fmt::format("{} {}", what, Z == 2 ? 1 : 2),
                                             .points = points,
                                             .classes = images.labels,
                                             .names = images.classes}));
  } else {
    Tensor two({images.count, 2});
    for (std::int64_t i = 0; i < images.count; ++i)
      for (int axis = 0; axis < 2; ++axis) two.write()(i, axis) = static_cast<Real>(points[i][axis]);
    write_codes(file, two, images);
  }
  tell(fmt::format("the codes of {} images by {}{}", images.count, share, images.labels.empty() ? "" : ", by label"),
       file);
}

}  // namespace GRADUS
