#include "models/pictures/figures.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <string>

#include "nn/files/atomic_file.h"

namespace GRADUS {

constexpr std::int64_t kScreen = 1200;            // pixels: what a row of images may fill of a screen
constexpr std::int64_t kLargestFactor = 8;        // beyond it, single pixels look like tiles
constexpr std::int64_t kLongestSide = 1'000'000;  // libpng's limit for width and height
constexpr std::int64_t kMostPixels = std::int64_t{1} << 30;
constexpr std::uint8_t kBackground = 56;  // dark grey: seen beside black images, and quieter than white ink

/// Where things stand on a picture of `count` images in rows of `columns`, or of one row if they are fewer.
struct Layout {
  SampleShape image;
  std::int64_t columns, rows, factor, line;

  Layout(const char* op, std::int64_t count, const SampleShape& image, std::int64_t most)
      : image(image), columns(std::min(most, std::max<std::int64_t>(count, 1))) {
    check(count > 0 && image.height > 0 && image.width > 0,
          "[{}] there is nothing to show in {} images of {} x {} pixels", op, count, image.height, image.width);
    check(image.channels == 1 || image.channels == 3,
          "[{}] images have {} channels, but only 1 (grey) or 3 (red, green, blue) can be shown", op, image.channels);
    check(columns > 0, "[{}] the number of columns is {}, but there must be at least one", op, columns);
    rows = (count - 1) / columns + 1;
    const std::int64_t across = kScreen / checked_mul(columns, checked_add(image.width, 1));
    factor = std::clamp<std::int64_t>(std::min(across, kScreen / image.height), 1, kLargestFactor);
    line = std::max<std::int64_t>(1, factor * std::min(image.height, image.width) / 28);
  }
  std::int64_t cell_height() const { return checked_mul(factor, image.height); }
  std::int64_t cell_width() const { return checked_mul(factor, image.width); }
  /// The extent of `cells` cells with a line before, between and after.
  std::int64_t extent(std::int64_t cells, std::int64_t cell) const {
    return checked_add(checked_mul(cells, checked_add(cell, line)), line);
  }
  std::int64_t across() const { return extent(columns, cell_width()); }
  std::int64_t down() const { return extent(rows, cell_height()); }
};

static void check_extents(const char* op, std::int64_t width, std::int64_t height) {
  check(width <= kLongestSide && height <= kLongestSide && checked_mul(width, height) <= kMostPixels,
        "[{}] a picture of {} x {} pixels is too large\nhelp: show fewer or smaller images", op, width, height);
}

static Canvas blank(const char* op, std::int64_t width, std::int64_t height, std::int64_t channels) {
  check_extents(op, width, height);
  return {width, height, std::vector<std::uint8_t>(width * height * channels, kBackground), channels};
}

static std::uint8_t shade(Real value) {
  if (!(value > 0)) return 0;  // NaN too
  return static_cast<std::uint8_t>(255 * std::min(value, Real(1)) + Real(0.5));
}

/// Paints one image, enlarged, with its top left corner at (left, top).
static void paint(Canvas& canvas, const Layout& layout, const Real* image, std::int64_t left, std::int64_t top) {
  const auto& [channels, height, width] = layout.image;
  for (std::int64_t y = 0; y < layout.cell_height(); ++y)
    for (std::int64_t x = 0; x < layout.cell_width(); ++x)
      for (std::int64_t c = 0; c < channels; ++c)
        canvas.pixels[((top + y) * canvas.width + left + x) * channels + c] =
            shade(image[(c * height + y / layout.factor) * width + x / layout.factor]);
}

static void check_size(const char* op, std::span<const Real> images, std::int64_t count, std::int64_t size) {
  const std::int64_t numbers = checked_mul(count, size);
  check(static_cast<std::int64_t>(images.size()) == numbers, "[{}] {} images of {} pixels are {} numbers, not {}", op,
        count, size, numbers, images.size());
}

void check_grid(std::int64_t count, const SampleShape& image, std::int64_t columns) {
  const Layout layout("grid", count, image, columns);
  check_extents("grid", layout.across(), layout.down());
}

Canvas grid(std::span<const Real> images, std::int64_t count, const SampleShape& image, std::int64_t columns) {
  const Layout layout("grid", count, image, columns);
  check_size("grid", images, count, image.numel());
  Canvas canvas = blank("grid", layout.across(), layout.down(), image.channels);
  for (std::int64_t i = 0; i < count; ++i)
    paint(canvas, layout, &images[i * image.numel()],
          layout.line + i % layout.columns * (layout.cell_width() + layout.line),
          layout.line + i / layout.columns * (layout.cell_height() + layout.line));
  return canvas;
}

Canvas pairs(std::span<const Real> originals, std::span<const Real> reconstructions, std::int64_t count,
             const SampleShape& image, std::int64_t columns) {
  const Layout layout("pairs", count, image, columns);
  check_size("pairs", originals, count, image.numel());
  check_size("pairs", reconstructions, count, image.numel());
  const std::int64_t down = layout.cell_height();
  // A pair is one cell; what separates it from the next is wider than the line inside it.
  const std::int64_t pair = checked_add(checked_mul(2, down), layout.line), gap = checked_mul(4, layout.line);
  const std::int64_t tall = checked_add(checked_mul(layout.rows, checked_add(pair, gap)), 2 * layout.line - gap);
  Canvas canvas = blank("pairs", layout.across(), tall, image.channels);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t left = layout.line + i % layout.columns * (layout.cell_width() + layout.line);
    const std::int64_t top = layout.line + i / layout.columns * (pair + gap);
    paint(canvas, layout, &originals[i * image.numel()], left, top);
    paint(canvas, layout, &reconstructions[i * image.numel()], left, top + down + layout.line);
  }
  return canvas;
}

// ---- PNG ------------------------------------------------------------------------------------------------------------
// libpng reports errors by longjmp, which must not pass over a destructor. Between setjmp and the end of `encode` there
// are therefore only pointers and numbers, and the callbacks let no exception into libpng.

static void append(png_structp png, png_bytep data, png_size_t size) {
  try {
    static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), size);
    return;
  } catch (const std::bad_alloc&) {
  }
  png_error(png, "out of memory");
}

static void flush(png_structp) {}

struct Complaint {
  std::jmp_buf jump;
  char message[200];
};

[[noreturn]] static void complain(png_structp png, png_const_charp message) {
  auto* complaint = static_cast<Complaint*>(png_get_error_ptr(png));
  std::snprintf(complaint->message, sizeof complaint->message, "%s", message);
  std::longjmp(complaint->jump, 1);
}

static void ignore_warning(png_structp, png_const_charp) {}

/// Appends the file's bytes to `bytes`; false, with a message in `complaint`, when libpng refuses.
static bool encode(const Canvas& canvas, std::string& bytes, Complaint& complaint) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &complaint, complain, ignore_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info || setjmp(complaint.jump) != 0) {
    png_destroy_write_struct(&png, &info);
    return false;
  }
  png_set_write_fn(png, &bytes, append, flush);
  png_set_IHDR(png, info, static_cast<png_uint_32>(canvas.width), static_cast<png_uint_32>(canvas.height), 8,
               canvas.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (std::int64_t y = 0; y < canvas.height; ++y)
    png_write_row(png, canvas.pixels.data() + y * canvas.width * canvas.channels);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return true;
}

void as_grey(std::vector<Real>& images) {
  for (Real& value : images) value = Real(0.5) + value / 4;
}

std::string png_bytes(const Canvas& canvas) {
  check(canvas.width > 0 && canvas.height > 0 && canvas.width <= kLongestSide && canvas.height <= kLongestSide &&
            (canvas.channels == 1 || canvas.channels == 3) &&
            static_cast<std::int64_t>(canvas.pixels.size()) ==
                checked_mul(checked_mul(canvas.width, canvas.height), canvas.channels),
        "[write_png] {} pixels are not a picture of {} x {}", canvas.pixels.size(), canvas.width, canvas.height);
  std::string bytes;
  Complaint complaint{{}, "out of memory"};
  check(encode(canvas, bytes, complaint), "[write_png] cannot make the picture: {}", complaint.message);
  return bytes;
}

void write_png(const std::filesystem::path& path, const Canvas& canvas) {
  write_file_atomically(path, png_bytes(canvas));
}

}  // namespace GRADUS
