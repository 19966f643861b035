#include "models/cli/verbs/compress.h"

#include "models/cli/print.h"
#include "models/cli/progress.h"
#include "models/compression/compress.h"
#include "models/data/npy.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace {

/// 8-bit images, (count, channels, H, W), as an array: (count, H, W), or (count, H, W, channels) of several.
NpyArray array_of(const std::vector<std::uint8_t>& pixels, std::int64_t count, const SampleShape& shape) {
  const std::int64_t places = shape.height * shape.width;
  const Shape axes = shape.channels == 1 ? Shape{count, shape.height, shape.width}
                                         : Shape{count, shape.height, shape.width, shape.channels};
  std::vector<std::uint8_t> parted(pixels.size());
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t c = 0; c < shape.channels; ++c)
      for (std::int64_t p = 0; p < places; ++p)
        parted[(i * places + p) * shape.channels + c] = pixels[(i * shape.channels + c) * places + p];
  return {axes, std::move(parted)};
}

}  // namespace

void CompressVerb::operator()(const Call&) const {
  if (out.empty()) throw UsageError("vae compress needs --out");
  threads.apply();
  const Opened opened = open(run);
  const Config& config = opened.config;
  const BitsBack model(config.model, opened.vae);
  check_writable(out);
  const Images images = data.images(config);
  CountDisplay display("compressing", images.count);
  const CompressedImages all = compress(model, images, config.shown(), [&](std::int64_t done) { display.show(done); });
  display.finish();
  const std::string bytes = to_bytes(all);
  write_file_atomically(out, bytes);
  const double bits = 8 * static_cast<double>(bytes.size()), net = bits - static_cast<double>(all.initial_bits());
  const double numbers = static_cast<double>(images.count * config.sample.numel());
  const auto line = [&](const char* name, double of) {
    return fmt::format("{:<6}{:12.0f} bytes, {:.4f} bits/dimension, {:.2f} bits per image", name, of / 8, of / numbers,
                       of / static_cast<double>(images.count));
  };
  print(fmt::format("{}\n{}, less {} bits that the first images were lent\n", line("file", bits), line("net", net),
                    all.initial_bits()));
  tell(fmt::format("{} images of {}, {}", images.count, quote(data.other.data),
                   all.bits ? "pixels drawn as bits once and for all, of which the file holds the bits alone"
                            : "pixels as they are"),
       out);
}

void DecompressVerb::operator()(const Call&) const {
  if (out.empty()) throw UsageError("vae decompress needs --out");
  check_ending("--out", out, {".npy"});
  threads.apply();
  const auto [folder, config, at, vae] = open(run);
  const BitsBack model(config.model, vae);
  check_writable(out);
  const CompressedImages all = read_compressed(file);
  CountDisplay display("decompressing", all.count);
  const std::vector<std::uint8_t> pixels = decompress(model, all, [&](std::int64_t done) { display.show(done); });
  display.finish();
  write_npy(out, array_of(pixels, all.count, all.shape));
  tell(fmt::format("{} images of {}{}", all.count, to_string(all.shape),
                   all.bits ? ", whose pixels were drawn as bits" : ""),
       out);
}

}  // namespace GRADUS
