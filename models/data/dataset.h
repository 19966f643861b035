// Images to learn from: what identifies them, and how a batch of them becomes numbers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/minibatch.h"

namespace GRADUS {

/// How numbers become what a model sees: x = (number - shift) / factor, by column, or one of each for all. None: x is the
/// number. A factor of 0 is that of what is always the same: x is 0, and comes back as the shift.
struct Scaling {
  std::vector<double> shift{}, factor{};

  double seen(double number, std::int64_t column) const {
    const double by = at(factor, column, 1);
    return by == 0 ? 0 : (number - at(shift, column, 0)) / by;
  }
  double undone(double x, std::int64_t column) const { return x * at(factor, column, 1) + at(shift, column, 0); }

 private:
  static double at(const std::vector<double>& numbers, std::int64_t column, double none) {
    return numbers.empty() ? none : numbers.size() == 1 ? numbers[0] : numbers[column];
  }
};

/// Images as bytes, 0 dark to 255 bright, row-major (count, channels, height, width), and one label each or none. One
/// channel is grey, three are red, green and blue. Or samples of numbers in place of bytes, such as the rows of a table,
/// whose height is 1 and whose width is the number of columns.
struct Images {
  std::string name;
  std::int64_t count = 0, height = 0, width = 0, channels = 1;
  std::vector<std::uint8_t> pixels{};  // count·channels·height·width
  std::vector<std::uint8_t> labels{};  // count, or empty when there are none
  std::vector<std::string> classes{};  // what labels 0, 1, … are called; empty: by their numbers
  std::vector<double> numbers{};       // in place of pixels, as they are in the file
  Scaling scaling{};                   // of the numbers
  std::vector<std::string> columns{};  // what the numbers of a table are called

  SampleShape shape() const { return {channels, height, width}; }
  /// Of all channels.
  std::int64_t pixels_per_image() const { return channels * height * width; }
};

struct Dataset {
  std::string name;
  Images train, test;
  std::vector<std::string> remarks{};  // what was decided that may be wanted otherwise; settings stand in `backquotes`
};

/// Keeps the images at those rows, which rise.
void keep(Images& images, std::span<const std::int64_t> rows);
/// The images at those rows, which rise.
Images copied(const Images& images, std::span<const std::int64_t> rows);

/// Puts others of the same shape behind them.
void append(Images& images, const Images& more);

/// "28 x 28", "32 x 32 x 3"
std::string to_string(const SampleShape& shape);
/// Error unless the images of that name have the size and channels that a model takes.
void check_size(const std::string& name, const SampleShape& size, const SampleShape& taken);

/// Pixels of several bytes as planes of single ones: (count, height, width, channels) -> (count, channels, height, width).
void part_channels(std::vector<std::uint8_t>& pixels, std::int64_t count, const SampleShape& shape);
void part_channels(std::vector<double>& numbers, std::int64_t count, const SampleShape& shape);

/// The rows from `begin` up to `end`, without it.
std::vector<std::int64_t> rows_between(std::int64_t begin, std::int64_t end);

/// Whether there is a pixel that is neither black nor white.
bool is_grey(const Images& images);

/// Swaps the rows and columns of every image.
void transpose(Images& images);

/// What identifies the images, whatever their name: "60000x28x28 crc32:1a2b3c4d", over pixels, then labels;
/// "50000x32x32x3 crc32:…" of three channels.
std::string fingerprint(const Images& images);
/// How many images a fingerprint is of, and their shape. Error when it is not a fingerprint.
struct Identified {
  std::int64_t count = 0;
  SampleShape shape{};
};
Identified read_fingerprint(const std::string& text);

/// Writes pixel / 255, or the numbers scaled, of the images at `rows` to `out`: (rows, channels·height·width), any strides. Error when a row is out
/// of range or `out` has another shape.
void fill_batch(const Images& images, std::span<const std::int64_t> rows, const View& out);

/// The labels of the images at `rows`, as cross_entropy and accuracy take them (nn/loss.h). Error when a row is out of
/// range or there are no labels.
Indices labels_at(const Images& images, std::span<const std::int64_t> rows);

}  // namespace GRADUS
