#include "nn/files/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "nn/files/quote.h"
#include "tensor/check.h"

namespace GRADUS {

namespace fs = std::filesystem;

[[noreturn]] static void fail(const fs::path& path, std::string_view reason) {
  throw Error(fmt::format("[write] cannot write {}: {}", quote(path.native()), reason));
}

[[noreturn]] static void fail(const fs::path& path, int error) {
  fail(path, error == ENOENT ? "its folder does not exist" : std::generic_category().message(error));
}

/// A descriptor that is closed, and a temporary file that is removed, on every way out.
struct Temporary {
  int folder = -1;
  int file = -1;
  std::string name;  // in `folder`; empty when there is nothing to remove

  Temporary() = default;
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (file >= 0) ::close(file);
    if (!name.empty()) ::unlinkat(folder, name.c_str(), 0);
    if (folder >= 0) ::close(folder);
  }
};

/// Creates a file that no other process and no earlier call of ours has: 0 or an errno.
static int create(Temporary& temporary) {
  static std::atomic<unsigned> count = 0;
  constexpr int kAttempts = 1000;  // names of processes that were killed and whose number has come round again
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string name = fmt::format(".gradus.tmp.{}.{}", ::getpid(), count++);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    temporary.file = ::openat(temporary.folder, name.c_str(), kFlags, 0666);
    if (temporary.file >= 0) {
      temporary.name = std::move(name);
      return 0;
    }
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

static int write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

static int synchronise(int file) {
  while (::fsync(file) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

/// The file that is written when `path` is, behind symbolic links, and what is there now.
struct Target {
  fs::path file, folder;
  bool exists = false;
  struct stat old {};

  explicit Target(const fs::path& path) : file(path) {
    std::error_code error;
    if (fs::is_symlink(path, error)) {
      file = fs::canonical(path, error);
      if (error) fail(path, "the symbolic link leads nowhere");
    }
    exists = ::stat(file.c_str(), &old) == 0;
    if (!exists && errno != ENOENT) fail(path, errno);
    if (exists && S_ISDIR(old.st_mode)) fail(path, "it is a folder");
    if (exists && !S_ISREG(old.st_mode)) fail(path, "it is not a regular file");
    if (!file.has_filename()) fail(path, "it names no file");
    folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  }
};

void check_writable(const fs::path& path) {
  const Target target(path);
  if (::access(target.folder.c_str(), W_OK | X_OK) != 0) fail(path, errno);
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  const Target target(path);
  // In the same folder, because a rename is atomic only within one file system.
  Temporary temporary;
  temporary.folder = ::open(target.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (temporary.folder < 0) fail(path, errno);
  if (const int e = create(temporary)) fail(path, e);
  if (target.exists && ::fchmod(temporary.file, target.old.st_mode & 0777) != 0) fail(path, errno);
  if (const int e = write_all(temporary.file, bytes)) fail(path, e);
  // The numbers must be on the disk before the name is: a rename may overtake them otherwise.
  if (const int e = synchronise(temporary.file)) fail(path, e);
  const int closed = ::close(std::exchange(temporary.file, -1));
  if (closed != 0 && errno != EINTR) fail(path, errno);  // Linux has closed it even when interrupted
  const fs::path name = target.file.filename();
  if (::renameat(temporary.folder, temporary.name.c_str(), temporary.folder, name.c_str()) != 0) fail(path, errno);
  temporary.name.clear();
  // Some file systems cannot synchronise a folder and say EINVAL; there is nothing more to do there.
  if (const int e = synchronise(temporary.folder); e != 0 && e != EINVAL) fail(path, e);
}

}  // namespace GRADUS
