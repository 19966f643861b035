// Active units: the dimensions of the code that move from image to image. The rest say nothing of an image, however many
// the model was given. Burda, Grosse, Salakhutdinov 2015, section 5.2.
//
//   A[z] = Var_x E[z|x] > 0.01, over the images
#pragma once

#include <limits>

#include "models/data/bits.h"
#include "models/vae.h"

namespace GRADUS {

/// Takes in means of q(z|x), and tells how far each dimension of them moves.
class ActiveUnits {
 public:
  static constexpr double kLeast = 0.01;  // of the variance

  /// Those of so many images more, (B, Z).
  void add(const Tensor& means);
  /// By dimension, over all images so far; none before the first.
  std::vector<double> variances() const;
  /// How many dimensions vary by more than kLeast. NaN does not.
  std::int64_t count() const;

 private:
  std::int64_t seen_ = 0;
  std::vector<double> mean_, squares_;  // Σ (x - mean)²
};

/// The same of a model, by the code that stands for each image: the mean of q(z|x), and where a flow carries it. Of the
/// first images, if there are more than `most`.
ActiveUnits active_units(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once = 500,
                         std::int64_t most = std::numeric_limits<std::int64_t>::max());

}  // namespace GRADUS
