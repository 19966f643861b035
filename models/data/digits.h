// Generated digits: a data set that needs no download. The ten digits are drawn from pen strokes, white on black in
// MNIST's format, with the slant, thickness, proportions, wobble and habits of a different writer each time.
#pragma once

#include "models/data/dataset.h"

namespace GRADUS {

/// `count` labelled images of 28×28. Image i is a function of (stream, i) alone: the same for any count, number of
/// threads, build and machine. Every ten images in a row hold each digit once, in random order.
Images generate_digits(std::int64_t count, std::uint64_t stream);

/// 60,000 images to train on, of stream 0.
Images training_digits();
/// 10,000 others, of stream 1.
Images test_digits();

}  // namespace GRADUS
