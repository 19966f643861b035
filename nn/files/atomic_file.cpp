#include "nn/files/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
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

[[noreturn]] static void cannot_write(const fs::path& path, std::string_view reason) {
  throw Error(fmt::format("[write] cannot write {}: {}", quote(path.native()), reason));
}

[[noreturn]] static void cannot_write(const fs::path& path, int error) {
  cannot_write(path, error == ENOENT ? "its folder does not exist" : std::generic_category().message(error));
}

constexpr std::string_view kTemporary = ".gradus.tmp.";  // what the names of files begin with that are not whole yet

/// A file that is being written, where a signal handler finds it. Those that find no free place are left to
/// remove_leftovers.
struct Unfinished {
  static constexpr int kFree = -1, kTaken = -2;
  std::atomic<int> folder = kFree;  // its descriptor, once the name is whole
  char name[48];                    // in that folder
};
static_assert(std::atomic<int>::is_always_lock_free, "read by a signal handler");
static Unfinished unfinished[16];

void remove_unfinished() noexcept {
  for (const Unfinished& each : unfinished)
    if (const int folder = each.folder; folder >= 0) ::unlinkat(folder, each.name, 0);
}

/// A descriptor that is closed, and a temporary file that is removed, on every way out.
class Temporary {
 public:
  int folder = -1;
  int file = -1;
  std::string name;  // in `folder`; empty when there is nothing to remove

  Temporary() = default;
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() { discard(); }

  /// Creates a file that no other process and no earlier call of ours has: 0 or an errno. It is locked for as long as
  /// it is open, and so until it has its own name: by this, remove_leftovers tells it from what the dead have left.
  int create() {
    static std::atomic<unsigned> count = 0;
    constexpr int kAttempts = 1000;  // names of processes that were killed and whose number has come round again
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      name = fmt::format("{}{}.{}", kTemporary, ::getpid(), count++);
      announce();
      constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
      file = ::openat(folder, name.c_str(), kFlags, 0666);
      const int error = file < 0 ? errno : EEXIST;
      if (file >= 0) {
        const bool lost = ::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        struct stat status{};
        if (!lost && ::fstat(file, &status) == 0 && status.st_nlink > 0) return 0;
        ::close(std::exchange(file, -1));  // somebody took it for a leftover before it was locked, and removes it
      }
      keep();
      if (error != EEXIST) return error;
    }
    return EEXIST;
  }
  /// From here on the file has its own name, and stays.
  void keep() {
    name.clear();
    retract();
  }

 private:
  void announce() {
    for (Unfinished& each : unfinished) {
      int free = Unfinished::kFree;
      if (name.size() >= sizeof each.name || !each.folder.compare_exchange_strong(free, Unfinished::kTaken)) continue;
      name.copy(each.name, name.size());
      each.name[name.size()] = '\0';
      each.folder = folder;
      place_ = &each;
      return;
    }
  }
  void retract() {
    if (place_) std::exchange(place_, nullptr)->folder = Unfinished::kFree;
  }
  void discard() {
    if (!name.empty()) ::unlinkat(folder, name.c_str(), 0);
    retract();
    if (file >= 0) ::close(file);
    if (folder >= 0) ::close(folder);
  }

  Unfinished* place_ = nullptr;
};

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
  struct stat old{};

  explicit Target(const fs::path& path) : file(path) {
    std::error_code error;
    if (fs::is_symlink(path, error)) {
      file = fs::canonical(path, error);
      if (error) cannot_write(path, "the symbolic link leads nowhere");
    }
    exists = ::stat(file.c_str(), &old) == 0;
    if (!exists && errno != ENOENT) cannot_write(path, errno);
    if (exists && S_ISDIR(old.st_mode)) cannot_write(path, "it is a folder");
    if (exists && !S_ISREG(old.st_mode)) cannot_write(path, "it is not a regular file");
    if (!file.has_filename()) cannot_write(path, "it names no file");
    folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  }
};

void check_writable(const fs::path& path) {
  const Target target(path);
  if (::access(target.folder.c_str(), W_OK | X_OK) != 0) cannot_write(path, errno);
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  const Target target(path);
  // In the same folder, because a rename is atomic only within one file system.
  Temporary temporary;
  temporary.folder = ::open(target.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (temporary.folder < 0) cannot_write(path, errno);
  remove_leftovers(target.folder);
  if (const int e = temporary.create()) cannot_write(path, e);
  if (target.exists && ::fchmod(temporary.file, target.old.st_mode & 0777) != 0) cannot_write(path, errno);
  if (const int e = write_all(temporary.file, bytes)) cannot_write(path, e);
  // The numbers must be on the disk before the name is: a rename may overtake them otherwise. Closing the file, which
  // waits until it has its name, because it ends the lock, has nothing to report after this.
  if (const int e = synchronise(temporary.file)) cannot_write(path, e);
  const fs::path name = target.file.filename();
  if (::renameat(temporary.folder, temporary.name.c_str(), temporary.folder, name.c_str()) != 0)
    cannot_write(path, errno);
  temporary.keep();
  // Some file systems cannot synchronise a folder and say EINVAL; there is nothing more to do there.
  if (const int e = synchronise(temporary.folder); e != 0 && e != EINVAL) cannot_write(path, e);
}

bool is_leftover(const fs::path& name) { return name.native().starts_with(kTemporary); }

void remove_leftovers(const fs::path& folder) noexcept try {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path path = entries->path();
    if (!is_leftover(path.filename()) || !entries->is_regular_file(error) || entries->is_symlink(error)) continue;
    const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) continue;
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());  // while it is locked: nobody begins to use it
    ::close(file);
  }
} catch (const std::exception&) {  // no memory: another time
}

}  // namespace GRADUS
