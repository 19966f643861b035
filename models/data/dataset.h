// Images to learn from: where they come from, what identifies them, and how a batch of them becomes numbers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tensor/conv.h"

namespace GRADUS {

/// Grey images as bytes, 0 black to 255 white, row-major (count, height, width), and one label each or none.
struct Images {
  std::string name;
  std::int64_t count = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels{};  // count·height·width
  std::vector<std::uint8_t> labels{};  // count, or empty when there are none

  /// Pixels per image.
  std::int64_t size() const { return height * width; }
};

struct Dataset {
  std::string name;
  Images train, test;
};

/// "digits" for the generated digits (models/data/digits.h), else a folder of IDX files under MNIST's names:
/// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, plain or
/// gzip'ed, with or without .gz, also written train-images.idx3-ubyte. Labels may be missing. Error naming the
/// file when one is unreadable or malformed, or when the two sets have images of different sizes.
Dataset load_dataset(const std::string& where);

/// Error unless the images have the size that a model takes.
void check_size(const Images& images, const Pair& taken);

/// What identifies the images, whatever their name: "60000x28x28 crc32:1a2b3c4d", over pixels, then labels.
std::string fingerprint(const Images& images);

/// Writes pixel / 255 of the images at `rows` to `out`: (rows, height·width), any strides. Error when a row is out
/// of range or `out` has another shape.
void fill_batch(const Images& images, std::span<const std::int64_t> rows, const View& out);

/// The labels of the images at `rows`, as cross_entropy and accuracy take them (nn/loss.h). Error when a row is out of
/// range or there are no labels.
Indices labels_at(const Images& images, std::span<const std::int64_t> rows);

}  // namespace GRADUS
