#include "models/evaluation/code_files.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "models/data/csv.h"
#include "models/data/npy.h"
#include "models/data/selection.h"
#include "models/data/table.h"
#include "models/pictures/figures.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

static std::string label_of(const Images& images, std::size_t i) {
  const std::size_t label = images.labels[i];
  return label < images.classes.size() ? images.classes[label] : fmt::to_string(label);
}

/// Rows of numbers, and before each what `first` says.
template <class First>
static std::string rows_of(const Tensor& codes, char between, const First& first) {
  const std::vector<Real> values = codes.values();
  const auto Z = static_cast<std::size_t>(codes.shape()[1]);
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % Z == 0) text += first(i / Z);
    text += fmt::format("{}{}", values[i], (i + 1) % Z == 0 ? '\n' : between);
  }
  return text;
}

static std::string as_table(const Tensor& codes, const Images& images) {
  const bool labels = !images.labels.empty();
  std::string text = labels ? "label," : "";
  for (std::int64_t z = 0; z < codes.shape()[1]; ++z)
    text += fmt::format("z{}{}", z, z + 1 < codes.shape()[1] ? ',' : '\n');
  return text + rows_of(codes, ',',
                        [&](std::size_t i) { return labels ? to_record({label_of(images, i)}) + ',' : std::string(); });
}

/// What separates records or fields of a .tsv becomes a space.
static std::string on_one_line(std::string text) {
  for (char& c : text)
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  return text;
}

static void write_projected(const fs::path& path, const Tensor& codes, const Images& images) {
  const auto beside = [&](const char* what) { return fs::path(path).replace_filename(path.stem().string() + what); };
  nlohmann::ordered_json embedding{{"tensorName", path.stem().string()},
                                   {"tensorShape", {codes.shape()[0], codes.shape()[1]}},
                                   {"tensorPath", path.filename().string()}};
  if (!images.labels.empty()) {
    std::string labels;  // one column has no header
    for (std::size_t i = 0; i < images.labels.size(); ++i) labels += on_one_line(label_of(images, i)) + '\n';
    write_file_atomically(beside("-metadata.tsv"), labels);
    embedding["metadataPath"] = beside("-metadata.tsv").filename().string();
  }
  constexpr std::int64_t kWidest = 8192;
  const auto columns = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(images.count))));
  if (images.numbers.empty() && columns * std::max(images.width, images.height) <= kWidest) {
    const auto& [channels, height, width] = images.shape();
    Canvas sprite{columns * width, (images.count + columns - 1) / columns * height, {}, channels};
    sprite.pixels.resize(sprite.width * sprite.height * channels);
    for (std::int64_t i = 0; i < images.count; ++i)
      for (std::int64_t at = 0; at < channels * height * width; ++at) {
        const std::int64_t channel = at / (height * width), y = at / width % height, x = at % width;
        sprite.pixels[((i / columns * height + y) * sprite.width + i % columns * width + x) * channels + channel] =
            images.pixels[i * channels * height * width + at];
      }
    write_png(beside("-sprite.png"), sprite);
    embedding["sprite"] = {{"imagePath", beside("-sprite.png").filename().string()},
                           {"singleImageDim", {width, height}}};
  }
  const nlohmann::ordered_json config{{"embeddings", {embedding}}};
  write_file_atomically(beside("-config.json"),
                        config.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n');
  write_file_atomically(path, rows_of(codes, '\t', [](std::size_t) { return std::string(); }));
}

void write_codes(const fs::path& path, const Tensor& codes, const Images& images) {
  if (path.extension() == ".npy")
    write_npy(path, {codes.shape(), codes.values()});
  else if (path.extension() == ".csv")
    write_file_atomically(path, as_table(codes, images));
  else
    write_projected(path, codes, images);
}

static Tensor tensor_of(const fs::path& path, std::int64_t rows, std::int64_t Z, const auto& values) {
  Tensor codes({rows, Z});
  Real* out = codes.write().data;
  for (const auto value : values) {
    *out = static_cast<Real>(value);
    check(std::isfinite(*out), "{} holds {}, which is too large for a code", quote(path.native()), value);
    ++out;
  }
  return codes;
}

CodeFile read_codes(const fs::path& path, std::int64_t Z) {
  if (path.extension() == ".npy") {
    const NpyArray array = read_npy(path);
    check(array.shape.rank() == 2 && array.shape[1] == Z, "{} holds an array {}, but codes of this model are (N, {})",
          quote(path.native()), array.shape, Z);
    return {std::visit([&](const auto& values) { return tensor_of(path, array.shape[0], Z, values); }, array.values)};
  }
  CsvReader header(path);
  check(header.next(), "{} holds nothing", quote(path.native()));
  bool labelled = false;
  for (std::size_t i = 0; i < header.size(); ++i) labelled = labelled || header[i] == "label";
  std::vector<std::string> columns;
  for (std::int64_t z = 0; z < Z; ++z) columns.push_back(fmt::format("z{}", z));
  const Table table = read_table(path, {columns, labelled ? "label" : ""});
  CodeFile read{tensor_of(path, table.rows, Z, table.values)};
  if (!labelled) return read;
  read.labels.shape = {table.rows};
  for (const std::int32_t label : table.labels) {
    const std::string& text = table.classes[label];
    std::int64_t number = -1;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || stop != text.data() + text.size()) return {read.codes};
    read.labels.values.push_back(number);
  }
  return read;
}

}  // namespace GRADUS
