// A file of compressed images: which model they need, how many they are and of what shape, and blocks of them, each with
// a sum that tells whether a byte of it has changed.
//
//   "gradusbb"  version u32  bits u32  model u64  count u64  channels, height, width u32  images in a block u32  CRC-32
//   for each block: words u32  drawn u32  state u64  the words, u32 each  CRC-32
//
// All little-endian. A sum begins where the one before it ended, so blocks that change places or come out of another file
// do not pass.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/minibatch.h"

namespace GRADUS {

/// What a stack of images has become (models/compression/ans.h).
struct CompressedBlock {
  std::uint64_t state = 0;
  std::vector<std::uint32_t> words{};
  std::uint32_t drawn = 0;  // words that were there before the first image, and are again after it
};

struct CompressedImages {
  std::uint64_t model = 0;  // BitsBack::model
  bool bits = false;        // pixels are 0 or 255, drawn from what they were
  std::int64_t count = 0;
  SampleShape shape{};
  std::vector<CompressedBlock> blocks{};  // of kImagesInBlock images each but for the last

  /// Of all blocks, in bits: what had to be there to begin with, and is got back in the end.
  std::int64_t initial_bits() const;
};

/// The more, the less is spent on beginnings; the fewer, the more threads can share the work.
inline constexpr std::int64_t kImagesInBlock = 1000;

std::string to_bytes(const CompressedImages& images);
/// Error naming the file when it does not follow the format to the letter or a sum is wrong. Takes no more memory than twice
/// the file's length.
CompressedImages read_compressed(const std::filesystem::path& path);

}  // namespace GRADUS
