// Files read with care: only regular ones, only as far as they really go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tensor/real.h"

namespace GRADUS {

/// A regular file, read from its start. Reading is by copy, not by mapping: a file that someone shortens under a
/// mapping kills the process, here it is an Error.
class InputFile {
 public:
  /// Error when there is no such file, it may not be read, or it is a folder, a device or a pipe.
  explicit InputFile(const std::filesystem::path& path);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  const std::filesystem::path& path() const { return path_; }
  /// In bytes, when it was opened.
  std::int64_t size() const { return size_; }
  /// Fills `to` with the next `bytes` bytes; Error when there are fewer.
  void read(void* to, std::int64_t bytes);
  /// Passes over the next `bytes` bytes.
  void skip(std::int64_t bytes);

 private:
  std::filesystem::path path_;
  int file_ = -1;
  std::int64_t size_ = 0;
};

/// All bytes of a regular file; Error when there are more than `most`.
std::string read_file(const std::filesystem::path& path, std::int64_t most);

}  // namespace GRADUS
