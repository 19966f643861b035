#include "nn/files/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "nn/files/quote.h"
#include "tensor/check.h"

namespace GRADUS {

[[noreturn]] static void cannot_read(const std::filesystem::path& path, std::string_view reason) {
  throw Error(fmt::format("[read] cannot read {}: {}", quote(path.native()), reason));
}

[[noreturn]] static void cannot_read(const std::filesystem::path& path, int error) {
  cannot_read(path, error == ENOENT ? "there is no such file" : std::generic_category().message(error));
}

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) cannot_read(path, errno);
  if (S_ISDIR(status.st_mode)) cannot_read(path, "it is a folder");
  if (!S_ISREG(status.st_mode)) cannot_read(path, "it is not a regular file");
  // O_NONBLOCK: should a pipe have taken the file's place since, opening it must not wait for a writer.
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file_ < 0) cannot_read(path, errno);
  const bool known = ::fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
  if (!known) {
    ::close(file_);
    cannot_read(path, "it is not a regular file");
  }
  size_ = status.st_size;
}

InputFile::~InputFile() { ::close(file_); }

void InputFile::read(void* to, std::int64_t bytes) {
  char* at = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got = ::read(file_, at, static_cast<std::size_t>(bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) cannot_read(path_, errno);
    if (got == 0) cannot_read(path_, "it is shorter than it should be");
    at += got;
    bytes -= got;
  }
}

void InputFile::skip(std::int64_t bytes) {
  if (::lseek(file_, bytes, SEEK_CUR) < 0) cannot_read(path_, errno);
}

std::string read_file(const std::filesystem::path& path, std::int64_t most) {
  InputFile file(path);
  if (file.size() > most)
    cannot_read(path, fmt::format("it has {} bytes, more than the {} expected", file.size(), most));
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  file.read(bytes.data(), file.size());
  return bytes;
}

}  // namespace GRADUS
