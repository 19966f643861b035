#include "models/data/pixel_table.h"

#include <charconv>
#include <cmath>

#include "models/data/csv.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

namespace {
struct PixelHeader {
  std::int64_t side = 0;  // of the square images; 0: the header is that of another table
  bool labels = false;
};

PixelHeader read_header(const CsvReader& csv) {
  const bool labels = csv[0] == "label";
  const auto pixels = static_cast<std::int64_t>(csv.size()) - labels;
  const auto side = static_cast<std::int64_t>(std::sqrt(static_cast<double>(pixels)));
  if (pixels == 0 || side * side != pixels) return {};
  const auto are = [&](auto&& name) {
    for (std::int64_t i = 0; i < pixels; ++i)
      if (csv[i + labels] != name(i)) return false;
    return true;
  };
  const bool known = are([](std::int64_t i) { return fmt::format("pixel{}", i); }) ||
                     are([](std::int64_t i) { return fmt::format("pixel{}", i + 1); }) ||
                     are([&](std::int64_t i) { return fmt::format("{}x{}", i / side + 1, i % side + 1); });
  return {.side = known ? side : 0, .labels = labels};
}
}  // namespace

bool is_pixel_table(const fs::path& path) {
  CsvReader csv(path);
  return csv.next() && read_header(csv).side > 0;
}

Images read_pixel_table(const fs::path& path) {
  CsvReader csv(path);
  const PixelHeader header = csv.next() ? read_header(csv) : PixelHeader();
  check(header.side > 0, "[table] {} has no header of pixels", quote(path.native()));
  Images images{.name = path.filename().string(), .height = header.side, .width = header.side};
  const auto byte = [&](std::int64_t column) {
    const std::string_view field = csv[column];
    std::uint8_t value = 0;
    const auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || stop != field.data() + field.size())
      csv.fail(fmt::format("(row {}): {} is {}, not a whole number from 0 to 255", images.count,
                           header.labels && column == 0 ? "the label" : fmt::format("pixel {}", column - header.labels),
                           quote(field)));
    return value;
  };
  while (csv.next()) {
    ++images.count;
    if (header.labels) images.labels.push_back(byte(0));
    for (std::int64_t i = 0; i < images.pixels_per_image(); ++i) images.pixels.push_back(byte(i + header.labels));
  }
  check(images.count > 0, "[table] {} has a header and no rows", quote(path.native()));
  return images;
}

}  // namespace GRADUS
