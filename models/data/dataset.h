// Images to learn from: what identifies them, and how a batch of them becomes numbers.
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

  std::int64_t pixels_per_image() const { return height * width; }
};

struct Dataset {
  std::string name;
  Images train, test;
};

/// Error unless the images of that name have the height and width that a model takes.
void check_size(const std::string& name, const Pair& size, const Pair& taken);

/// Swaps the rows and columns of every image.
void transpose(Images& images);

/// What identifies the images, whatever their name: "60000x28x28 crc32:1a2b3c4d", over pixels, then labels.
std::string fingerprint(const Images& images);
/// How many images a fingerprint is of, and their height and width. Error when it is not a fingerprint.
struct Identified {
  std::int64_t count = 0, height = 0, width = 0;
};
Identified read_fingerprint(const std::string& text);

/// Writes pixel / 255 of the images at `rows` to `out`: (rows, height·width), any strides. Error when a row is out
/// of range or `out` has another shape.
void fill_batch(const Images& images, std::span<const std::int64_t> rows, const View& out);

/// The labels of the images at `rows`, as cross_entropy and accuracy take them (nn/loss.h). Error when a row is out of
/// range or there are no labels.
Indices labels_at(const Images& images, std::span<const std::int64_t> rows);

}  // namespace GRADUS
