#include "models/compression/file.h"

#include <zlib.h>

#include <algorithm>
#include <concepts>
#include <string_view>

#include "models/compression/ans.h"
#include "nn/files/input_file.h"
#include "nn/files/quote.h"
#include "tensor/parallel.h"

namespace GRADUS {

namespace {

constexpr std::string_view kMagic = "gradusbb";
constexpr std::uint32_t kVersion = 1;  // of the format, and of the portable kernel whose bits it relies on
constexpr std::int64_t kMost = std::int64_t{1} << 40;

class Writer {
 public:
  template <std::unsigned_integral U>
  void put(U number) {
    for (std::size_t byte = 0; byte < sizeof(U); ++byte) bytes_ += static_cast<char>(number >> 8 * byte);
  }
  void put(std::string_view text) { bytes_ += text; }
  /// The sum of all that stands before it.
  void put_sum() {
    sum_ = crc32_z(sum_, reinterpret_cast<const Bytef*>(bytes_.data()) + summed_, bytes_.size() - summed_);
    put(static_cast<std::uint32_t>(sum_));
    summed_ = bytes_.size();
  }
  std::string bytes() && { return std::move(bytes_); }

 private:
  std::string bytes_;
  std::size_t summed_ = 0;
  uLong sum_ = 0;
};

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : name_(quote(path.native())), bytes_(read_file(path, kMost)) {}

  template <std::unsigned_integral U>
  U get() {
    const std::string_view text = take(sizeof(U));
    U number = 0;
    for (std::size_t byte = 0; byte < sizeof(U); ++byte)
      number = static_cast<U>(number | static_cast<U>(static_cast<unsigned char>(text[byte])) << 8 * byte);
    return number;
  }
  std::string_view take(std::size_t size) {
    expect(size <= left(), "it ends too early");
    return std::string_view(bytes_).substr(std::exchange(at_, at_ + size), size);
  }
  void check_sum() {
    sum_ = crc32_z(sum_, reinterpret_cast<const Bytef*>(bytes_.data()) + summed_, at_ - summed_);
    expect(get<std::uint32_t>() == sum_, "its check sum is wrong");
    summed_ = at_;
  }
  std::size_t left() const { return bytes_.size() - at_; }
  void expect(bool holds, const char* otherwise) const {
    check(holds, "{} is damaged, or no file of compressed images: {}", name_, otherwise);
  }
  const std::string& name() const { return name_; }

 private:
  std::string name_, bytes_;
  std::size_t at_ = 0, summed_ = 0;
  uLong sum_ = 0;
};

}  // namespace

std::int64_t CompressedImages::initial_bits() const {
  std::int64_t bits = 0;
  for (const CompressedBlock& block : blocks) bits += 32 * std::int64_t{block.drawn};
  return bits;
}

std::string to_bytes(const CompressedImages& images) {
  Writer to;
  to.put(kMagic);
  to.put(kVersion);
  to.put(static_cast<std::uint32_t>(images.bits));
  to.put(images.model);
  to.put(static_cast<std::uint64_t>(images.count));
  for (const std::int64_t extent : {images.shape.channels, images.shape.height, images.shape.width, kImagesInBlock})
    to.put(static_cast<std::uint32_t>(extent));
  to.put_sum();
  for (const CompressedBlock& block : images.blocks) {
    to.put(static_cast<std::uint32_t>(block.words.size()));
    to.put(block.drawn);
    to.put(block.state);
    for (const std::uint32_t word : block.words) to.put(word);
    to.put_sum();
  }
  return std::move(to).bytes();
}

CompressedImages read_compressed(const std::filesystem::path& path) {
  Reader from(path);
  from.expect(from.take(kMagic.size()) == kMagic, "it begins as none does");
  const auto version = from.get<std::uint32_t>();
  CompressedImages images;
  const auto bits = from.get<std::uint32_t>();
  images.model = from.get<std::uint64_t>();
  const auto count = from.get<std::uint64_t>();
  for (std::int64_t* extent : {&images.shape.channels, &images.shape.height, &images.shape.width})
    *extent = from.get<std::uint32_t>();
  const auto in_block = from.get<std::uint32_t>();
  from.check_sum();
  check(version == kVersion,
        "{} is of version {} of its format and kernel, which this program, of version {}, cannot read", from.name(),
        version, kVersion);
  const SampleShape& shape = images.shape;
  from.expect(bits <= 1 && in_block == kImagesInBlock, "its header says what cannot be");
  from.expect(count >= 1 && std::min({shape.channels, shape.height, shape.width}) >= 1, "it is of no images");
  from.expect(count <= (from.left() + 1) * kImagesInBlock, "it is too short for its images");
  images.bits = bits == 1;
  images.count = static_cast<std::int64_t>(count);
  for (std::int64_t i = 0; i < ceil_div(images.count, kImagesInBlock); ++i) {
    CompressedBlock block;
    const auto words = from.get<std::uint32_t>();
    block.drawn = from.get<std::uint32_t>();
    block.state = from.get<std::uint64_t>();
    from.expect(words <= from.left() / sizeof(std::uint32_t), "it ends too early");
    block.words.reserve(words);
    for (std::uint32_t w = 0; w < words; ++w) block.words.push_back(from.get<std::uint32_t>());
    from.check_sum();
    from.expect(Ans::is_state(block.state), "a state is out of range");
    images.blocks.push_back(std::move(block));
  }
  from.expect(from.left() == 0, "there are bytes left over");
  return images;
}

}  // namespace GRADUS
