#include "models/compression/compress.h"

#include <algorithm>
#include <mutex>

#include "nn/files/quote.h"
#include "tensor/parallel.h"

namespace GRADUS {

namespace {

/// Runs work(block, first image, its images, tell) for each block; tell() says that an image is done.
template <class Work>
void for_each_block(std::int64_t count, const Done& done, const Work& work) {
  std::mutex mutex;
  std::int64_t images = 0;
  parallel_for(ceil_div(count, kImagesInBlock), [&](std::int64_t block) {
    const std::int64_t first = block * kImagesInBlock;
    work(block, first, std::min(kImagesInBlock, count - first), [&] {
      const std::lock_guard lock(mutex);
      done(++images);
    });
  });
}

/// The bytes of the images at those rows, as they are shown.
std::vector<std::uint8_t> shown_bytes(const Images& images, std::int64_t first, std::int64_t count,
                                      const Shown& shown) {
  const std::int64_t size = images.pixels_per_image();
  const auto from = images.pixels.begin() + first * size;
  std::vector<std::uint8_t> bytes(from, from + count * size);
  if (shown.binarize == Binarize::none) return bytes;
  const std::vector<Real> x = test_batch(images, rows_between(first, first + count), shown).x.values();
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = x[i] == 1 ? 255 : 0;
  return bytes;
}

}  // namespace

CompressedImages compress(const BitsBack& model, const Images& images, const Shown& shown, const Done& done) {
  check(images.count > 0, "[compress] there are no images");
  if (images.pixels.empty())
    throw SettingError(fmt::format("{} holds numbers, of which no probability is known; only bytes can be compressed",
                                   quote(images.name)));
  if (model.of_bits() && shown.binarize == Binarize::none && is_grey(images))
    throw SettingError(fmt::format(
        "`likelihood` bernoulli: the pixels of {} are grey, and it is a probability of bits\n"
        "help: a run with `binarize` stores the bits that it draws; a discretized-logistic one stores grey pixels",
        quote(images.name)));
  check(images.pixels_per_image() == model.numbers(), "[compress] the images of {} are {}; the model takes {} numbers",
        quote(images.name), to_string(images.shape()), model.numbers());
  CompressedImages all{.model = model.model(),
                       .bits = shown.binarize != Binarize::none,
                       .count = images.count,
                       .shape = images.shape(),
                       .blocks = std::vector<CompressedBlock>(ceil_div(images.count, kImagesInBlock))};
  const auto size = static_cast<std::size_t>(images.pixels_per_image());
  for_each_block(images.count, done, [&](std::int64_t block, std::int64_t first, std::int64_t count, const auto& tell) {
    const std::vector<std::uint8_t> bytes = shown_bytes(images, first, count, shown);
    Ans stack;
    for (std::int64_t i = 0; i < count; ++i, tell()) model.push(stack, {&bytes[i * size], size});
    all.blocks[block] = {.state = stack.state(), .words = stack.words(), .drawn = stack.drawn()};
  });
  return all;
}

std::vector<std::uint8_t> decompress(const BitsBack& model, const CompressedImages& images, const Done& done) {
  check(images.model == model.model(), "[decompress] the images were compressed by another model, or by another "
                                       "checkpoint of this one");
  check(images.shape.numel() == model.numbers(), "[decompress] images of {} are none of this model",
        to_string(images.shape));
  const auto size = static_cast<std::size_t>(images.shape.numel());
  std::vector<std::uint8_t> bytes(checked_mul(images.count, images.shape.numel()));
  for_each_block(images.count, done, [&](std::int64_t block, std::int64_t first, std::int64_t count, const auto& tell) {
    const CompressedBlock& from = images.blocks[block];
    Ans stack(from.state, from.words);
    for (std::int64_t i = first + count; i-- > first; tell()) model.pop(stack, {&bytes[i * size], size});
    check(stack.is_empty_but_for(from.drawn), "[decompress] block {} does not end where it began", block + 1);
  });
  return bytes;
}

}  // namespace GRADUS
