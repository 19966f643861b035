// The IDX format, in which MNIST and its kin are published: a magic number with element type and rank, big-endian
// extents, then the elements. Read strictly, from plain or gzip'ed files (told apart by content, not by name).
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "models/data/dataset.h"

namespace GRADUS {

class IdxContents;

/// A file of images or of labels whose header has been read: what it announces is known before memory is taken for it.
class IdxFile {
 public:
  enum Kind { kLabels = 1, kImages = 3 };  // how many axes these have; coloured images one more, of 1 or 3 channels

  /// Error naming the file when its header is not that of unsigned bytes of this kind, announces nothing, or announces
  /// more than a file of this length can hold.
  IdxFile(const std::filesystem::path& path, Kind kind);
  IdxFile(const IdxFile&) = delete;
  IdxFile& operator=(const IdxFile&) = delete;
  ~IdxFile();

  const std::filesystem::path& path() const;
  /// Of labels, or images.
  std::int64_t count() const { return extents_[0]; }
  /// Of one image.
  SampleShape shape() const { return {extents_.size() == 4 ? extents_[3] : 1, extents_[1], extents_[2]}; }
  /// The bytes that make up the rest of the file, those of coloured images as (count, channels, height, width); once.
  /// Error when there are fewer or more.
  std::vector<std::uint8_t> read();

 private:
  std::int64_t bytes_each() const;
  [[noreturn]] void fail_short() const;

  std::unique_ptr<IdxContents> contents_;
  std::vector<std::int64_t> extents_;
  const char* what_;  // of which there are so many
};

/// The images of one file, without labels, named after it.
Images read_idx_images(const std::filesystem::path& path);
/// The labels of one file.
std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path);

}  // namespace GRADUS
