#include "models/data/dataset.h"

#include <zlib.h>

#include <filesystem>
#include <optional>

#include "models/data/digits.h"
#include "models/data/idx.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

/// The file in `folder` with that name in one of its spellings, if there is any.
static std::optional<fs::path> find(const fs::path& folder, const std::string& set, const std::string& kind) {
  for (const char* separator : {"-", "."})
    for (const char* ending : {"", ".gz"}) {
      const fs::path path = folder / (set + separator + kind + ending);
      std::error_code error;  // what cannot be looked at is there, and reading it will say why it cannot
      if (fs::symlink_status(path, error).type() != fs::file_type::not_found) return path;
    }
  return std::nullopt;
}

static Images load_images(const fs::path& folder, const std::string& set) {
  const auto pixels = find(folder, set + "-images", "idx3-ubyte");
  const auto labels = find(folder, set + "-labels", "idx1-ubyte");
  check(pixels.has_value(), "[data] there is no {}-images-idx3-ubyte, plain or with .gz, in the folder {}", set,
        quote(folder.native()));
  Images images = read_idx_images(*pixels);
  if (!labels) return images;
  images.labels = read_idx_labels(*labels);
  check(static_cast<std::int64_t>(images.labels.size()) == images.count,
        "[data] {} has {} labels for the {} images of {}", quote(labels->native()), images.labels.size(), images.count,
        quote(pixels->native()));
  return images;
}

Dataset load_dataset(const std::string& where) {
  if (where == "digits") return generated_digits();
  const fs::path folder = where;
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  const char* help = "help: data is a folder of IDX files, or \"digits\" for generated ones";
  check(status.type() != fs::file_type::not_found, "[data] there is no folder {}\n{}", quote(where), help);
  check(status.type() != fs::file_type::none, "[data] cannot look into {}: {}", quote(where), error.message());
  check(status.type() == fs::file_type::directory, "[data] {} is not a folder\n{}", quote(where), help);
  Dataset data{.name = where, .train = load_images(folder, "train"), .test = load_images(folder, "t10k")};
  check(data.train.height == data.test.height && data.train.width == data.test.width,
        "[data] in {}, training images are {} x {} pixels and test images {} x {}", quote(where), data.train.height,
        data.train.width, data.test.height, data.test.width);
  return data;
}

void check_size(const Images& images, const Pair& taken) {
  check(images.height == taken.h && images.width == taken.w,
        "the images of {} are {} x {} pixels, the model takes {} x {}", quote(images.name), images.height, images.width,
        taken.h, taken.w);
}

std::string fingerprint(const Images& images) {
  uLong sum = crc32_z(0, images.pixels.data(), images.pixels.size());
  if (!images.labels.empty()) sum = crc32_z(sum, images.labels.data(), images.labels.size());
  return fmt::format("{}x{}x{} crc32:{:08x}", images.count, images.height, images.width, sum);
}

void fill_batch(const Images& images, std::span<const std::int64_t> rows, const View& out) {
  const std::int64_t size = images.size();
  const Shape shape{static_cast<std::int64_t>(rows.size()), size};
  check(out.shape == shape, "[fill_batch] a batch of {} images is {}, not {}", rows.size(), shape, out.shape);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    check(rows[r] >= 0 && rows[r] < images.count, "[fill_batch] there is no image {} among {}", rows[r], images.count);
    const std::uint8_t* from = &images.pixels[rows[r] * size];
    Real* to = out.data + static_cast<std::int64_t>(r) * out.strides[0];
    for (std::int64_t i = 0; i < size; ++i) to[i * out.strides[1]] = static_cast<Real>(from[i]) / 255;
  }
}

Indices labels_at(const Images& images, std::span<const std::int64_t> rows) {
  check(static_cast<std::int64_t>(images.labels.size()) == images.count, "[labels_at] the images of {} have no labels",
        quote(images.name));
  Indices labels{Shape{static_cast<std::int64_t>(rows.size())}};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    check(rows[r] >= 0 && rows[r] < images.count, "[labels_at] there is no image {} among {}", rows[r], images.count);
    labels.values[r] = images.labels[rows[r]];
  }
  return labels;
}

}  // namespace GRADUS
