// JPEG by libjpeg-turbo. Its errors leave by longjmp, so what is between setjmp and them is C: nothing there has a
// destructor.
#include <csetjmp>
#include <cstdio>
#include <cstring>

// after <cstdio>, which they need
#include <jerror.h>
#include <jpeglib.h>

#include "models/data/picture.h"
#include "models/data/picture_limits.h"

namespace GRADUS {

namespace {

/// A picture while it is read.
struct Jpeg {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failed{};
  char message[JMSG_LENGTH_MAX]{};

  explicit Jpeg(std::string_view bytes) : bytes(bytes) {
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr info) { fail(info); };
    errors.emit_message = [](j_common_ptr info, int level) {
      // What is between two markers and means nothing is passed over; any other warning says that pixels are made up.
      if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA) fail(info);
    };
    progress.progress_monitor = [](j_common_ptr info) {
      constexpr int kMostScans = 500;  // each of which goes over all pixels, however few bytes it has
      Jpeg& jpeg = of(info);
      if (jpeg.info.input_scan_number <= kMostScans) return;
      std::snprintf(jpeg.message, sizeof(jpeg.message), "it has more than %d scans", kMostScans);
      std::longjmp(jpeg.failed, 1);
    };
  }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;
  ~Jpeg() { jpeg_destroy_decompress(&info); }

  /// Up to the first pixel. False: `message` says what is wrong.
  bool start() {
    if (setjmp(failed)) return false;
    jpeg_create_decompress(&info);
    info.progress = &progress;
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_save_markers(&info, kExif, 0xffff);
    jpeg_read_header(&info, TRUE);
    return true;
  }
  bool read(std::uint8_t* pixels) {
    if (setjmp(failed)) return false;
    info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = pixels + std::size_t(info.output_scanline) * info.output_width * info.output_components;
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return true;
  }
  Orientation orientation() const {
    constexpr std::string_view kBefore("Exif\0\0", 6);
    for (jpeg_saved_marker_ptr marker = info.marker_list; marker; marker = marker->next) {
      const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
      if (marker->marker == kExif && data.starts_with(kBefore)) return read_exif(data.substr(kBefore.size()));
    }
    return {};
  }

 private:
  static constexpr int kExif = JPEG_APP0 + 1;

  static Jpeg& of(j_common_ptr info) { return *static_cast<Jpeg*>(info->client_data); }
  [[noreturn]] static void fail(j_common_ptr info) {
    info->err->format_message(info, of(info).message);
    std::longjmp(of(info).failed, 1);
  }

  std::string_view bytes;
};

}  // namespace

Decoded decode_jpeg(std::string_view bytes, const std::filesystem::path& name) {
  Jpeg jpeg(bytes);
  const auto checked = [&](bool done) {
    check(done, "[picture] {} is a damaged JPEG: {}", quote(name.native()), jpeg.message);
  };
  checked(jpeg.start());
  check(jpeg.info.num_components == 1 || jpeg.info.num_components == 3,
        "[picture] {} has {} channels, where grey has 1 and colour 3\nhelp: save it as RGB", quote(name.native()),
        jpeg.info.num_components);
  const std::int64_t height = jpeg.info.image_height, width = jpeg.info.image_width;
  check_picture(name, height, width, [&] {  // by Huffman's code, a block of 8 x 8 takes a bit at least
    return jpeg.info.arith_code || height * width <= 64 * 8 * static_cast<std::int64_t>(bytes.size());
  });
  Picture picture{.height = height, .width = width, .channels = jpeg.info.num_components};
  picture.pixels.resize(height * width * picture.channels);
  const Orientation orientation = jpeg.orientation();  // which does not survive the end of reading
  checked(jpeg.read(picture.pixels.data()));
  return {std::move(picture), orientation};
}

}  // namespace GRADUS
