#include "models/pictures/gallery.h"

#include <algorithm>

#include "models/data/npy.h"
#include "models/pictures/base64.h"
#include "models/pictures/figures.h"
#include "models/pictures/lettering.h"
#include "nn/files/atomic_file.h"

namespace GRADUS {

namespace fs = std::filesystem;

constexpr std::int64_t kLetter = 2;  // pixels of the picture for one of a letter
constexpr std::int64_t kRoom = 8;    // around words
constexpr std::uint8_t kPaper = 56, kWords = 230, kFadedWords = 130;

std::vector<std::string> gallery_endings(const Config& config) {
  if (config.units.is_table()) return {".npy", ".csv"};
  return {".png", ".svg", ".npy", ".csv"};
}

void check_gallery(const fs::path& path, const Config& config, std::int64_t count, std::int64_t columns) {
  if (path.extension() == ".png" || path.extension() == ".svg") check_grid(count, config.sample, columns);
}

std::vector<Real> in_own_units(const Config& config, std::vector<Real> numbers) {
  const Scaling scaling = config.units.scaling();
  const std::int64_t D = config.sample.numel();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<Real>(scaling.undone(static_cast<double>(numbers[i]), static_cast<std::int64_t>(i) % D));
  return numbers;
}

/// The top of row `row` of so many on a picture that tall.
static std::int64_t row_edge(std::int64_t row, std::int64_t rows, std::int64_t height) { return row * height / rows; }

/// The grid with its faded rows as if seen through fog, and `left` pixels of paper before it.
static Canvas drawn(const Config& config, const Gallery& gallery, std::int64_t left) {
  std::vector<Real> images = gallery.images;
  if (!config.units.shift.empty() && config.selection.scale != Scale::unit) as_grey(images);
  const std::int64_t count = static_cast<std::int64_t>(images.size()) / config.sample.numel();
  const Canvas whole = grid(images, count, config.sample, gallery.columns);
  if (gallery.rows.empty()) return whole;
  Canvas canvas{whole.width + left, whole.height, {}, whole.channels};
  canvas.pixels.assign(canvas.width * canvas.height * canvas.channels, kPaper);
  const auto rows = static_cast<std::int64_t>(gallery.rows.size());
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t y = row_edge(row, rows, whole.height); y < row_edge(row + 1, rows, whole.height); ++y)
      for (std::int64_t x = 0; x < whole.width * whole.channels; ++x) {
        const int pixel = whole.pixels[y * whole.width * whole.channels + x];
        canvas.pixels[(y * canvas.width + left) * canvas.channels + x] =
            static_cast<std::uint8_t>(gallery.rows[row].faded ? kPaper + (pixel - kPaper) / 4 : pixel);
      }
  return canvas;
}

static std::int64_t longest_name(const Gallery& gallery) {
  std::size_t longest = 0;
  for (const Gallery::Row& row : gallery.rows) longest = std::max(longest, row.name.size());
  return static_cast<std::int64_t>(longest);
}

static Canvas as_png(const Config& config, const Gallery& gallery) {
  const std::int64_t left = longest_name(gallery) * kLetterWidth * kLetter + 2 * kRoom;
  Canvas canvas = drawn(config, gallery, left);
  const auto rows = static_cast<std::int64_t>(gallery.rows.size());
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t middle = (row_edge(row, rows, canvas.height) + row_edge(row + 1, rows, canvas.height)) / 2;
    write_words(canvas, kRoom, middle - kLetterHeight * kLetter / 2, gallery.rows[row].name,
                gallery.rows[row].faded ? kFadedWords : kWords, kLetter);
  }
  return canvas;
}

static std::string as_svg(const Config& config, const Gallery& gallery) {
  const Canvas canvas = drawn(config, gallery, 0);
  const std::int64_t left = gallery.rows.empty() ? 0 : longest_name(gallery) * 9 + 2 * kRoom;
  std::string text =
      fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\">\n"
                  "<rect width=\"{0}\" height=\"{1}\" fill=\"#383838\"/>\n"
                  "<image x=\"{2}\" width=\"{3}\" height=\"{1}\" style=\"image-rendering:pixelated\" "
                  "href=\"data:image/png;base64,{4}\"/>\n",
                  canvas.width + left, canvas.height, left, canvas.width, base64(png_bytes(canvas)));
  const auto rows = static_cast<std::int64_t>(gallery.rows.size());
  for (std::int64_t row = 0; row < rows; ++row)
    text += fmt::format("<text x=\"{}\" y=\"{}\" font-family=\"monospace\" font-size=\"14\" fill=\"{}\">{}</text>\n",
                        kRoom, (row_edge(row, rows, canvas.height) + row_edge(row + 1, rows, canvas.height)) / 2 + 5,
                        gallery.rows[row].faded ? "#888" : "#eee", gallery.rows[row].name);
  return text + "</svg>\n";
}

static NpyArray as_array(const Config& config, const Gallery& gallery) {
  const auto& [channels, height, width] = config.sample;
  const std::int64_t D = config.sample.numel();
  const auto count = static_cast<std::int64_t>(gallery.images.size()) / D;
  const std::vector<Real> planes = in_own_units(config, gallery.images);
  if (config.units.is_table()) return {{count, D}, planes};
  if (channels == 1) return {{count, height, width}, planes};
  std::vector<Real> pixels;
  pixels.reserve(planes.size());
  for (std::int64_t image = 0; image < count; ++image)
    for (std::int64_t place = 0; place < height * width; ++place)
      for (std::int64_t channel = 0; channel < channels; ++channel)
        pixels.push_back(planes[image * D + channel * height * width + place]);
  return {{count, height, width, channels}, std::move(pixels)};
}

static std::string as_csv(const Config& config, const Gallery& gallery) {
  if (config.units.is_table()) return table_text(config.units, gallery.images);
  const std::int64_t D = config.sample.numel();
  const std::vector<Real> numbers = in_own_units(config, gallery.images);
  std::string text;
  for (std::int64_t i = 0; i < D; ++i) text += fmt::format("pixel{}{}", i, i + 1 < D ? ',' : '\n');
  for (std::size_t i = 0; i < numbers.size(); ++i)
    text += fmt::format("{}{}", numbers[i], (static_cast<std::int64_t>(i) + 1) % D == 0 ? '\n' : ',');
  return text;
}

void write_gallery(const fs::path& path, const Config& config, const Gallery& gallery) {
  const fs::path ending = path.extension();
  if (ending == ".png")
    write_png(path, as_png(config, gallery));
  else if (ending == ".svg")
    write_file_atomically(path, as_svg(config, gallery));
  else if (ending == ".npy")
    write_npy(path, as_array(config, gallery));
  else
    write_file_atomically(path, as_csv(config, gallery));
}

}  // namespace GRADUS
