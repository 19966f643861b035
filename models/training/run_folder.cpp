#include "models/training/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

bool is_run(const std::string& folder) {
  std::error_code error;
  return fs::exists(Run{folder}.config(), error);
}

/// Whether it is the checkpoint of a training that has not taken a step.
static bool is_first_checkpoint(const fs::path& file) try {
  const std::map<std::string, std::string> metadata = load_checkpoint(file).metadata;
  const auto says = [&](const char* name) {
    const auto found = metadata.find(name);
    return found == metadata.end() ? "" : found->second;
  };
  return says("epoch") == "0" && says("position") == "0";
} catch (const Error&) {
  return false;
}

/// Whether nothing would be lost if a run began in that folder. A new run's checkpoint is written before its config.json.
static bool is_free(const Run& run) {
  std::error_code error;
  const fs::path last = run.checkpoint("last").filename();
  bool free = true, checkpoint = false;
  for (fs::directory_iterator entry(run.folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path name = entry->path().filename();
    checkpoint |= name == last;
    free &= name == last || is_leftover(name);
  }
  check(!error, "cannot look into {}: {}", quote(run.folder.native()), error.message());
  return free && (!checkpoint || is_first_checkpoint(run.checkpoint("last")));
}

[[noreturn]] static void fail_to_make(const fs::path& folder, const std::error_code& error) {
  throw Error(fmt::format("cannot make the folder {}: {}", quote(folder.native()), error.message()));
}

static void check_free(const Run& run) {
  if (!is_free(run))
    throw FolderTaken(fmt::format("the folder {} is not empty\nhelp: name a new one", quote(run.folder.native())));
}

void check_new_run(const std::string& wanted) {
  if (wanted.empty()) return;
  std::error_code error;
  const fs::file_status there = fs::status(wanted, error);
  if (there.type() == fs::file_type::not_found) return;
  if (there.type() == fs::file_type::none) fail_to_make(wanted, error);
  check(fs::is_directory(there), "{} is not a folder", quote(wanted));
  check_free({wanted});
}

Run open_run(const std::string& folder) {
  const Run run{folder};
  std::error_code error;
  const bool is_folder = fs::is_directory(folder, error);
  if (is_folder) remove_leftovers(folder);
  check(is_folder, "{} is not the folder of a run: {}", quote(folder), error ? error.message() : "it is not a folder");
  check(is_run(folder), "{} is not the folder of a run: it has no config.json{}", quote(folder),
        is_free(run) ? "\nhelp: a training may begin in it, as in a new folder" : "");
  return run;
}

// ---- the lock ----

/// How taking the lock of a folder went. Gone: another process removed the folder meanwhile.
enum class Taken { yes, busy, gone };

/// Locks a folder and keeps it open as `descriptor`, which stays -1 where the folder cannot be opened.
static Taken take(const fs::path& folder, int& descriptor) {
  descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno == ENOENT ? Taken::gone : Taken::yes;
  Taken taken = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK ? Taken::busy : Taken::yes;
  struct stat locked{}, named{};
  const bool same = ::fstat(descriptor, &locked) == 0 && ::stat(folder.c_str(), &named) == 0 &&
                    locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
  if (taken == Taken::yes && !same) taken = Taken::gone;
  if (taken != Taken::yes) ::close(std::exchange(descriptor, -1));
  return taken;
}

[[noreturn]] static void fail_busy(const fs::path& folder) {
  throw Error(fmt::format("another training is at work in {}", quote(folder.native())));
}

RunLock::RunLock(const Run& run) {
  if (take(run.folder, descriptor_) == Taken::busy) fail_busy(run.folder);
}
RunLock::~RunLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// ---- a new run ----

/// Makes a folder and those on the way to it, and remembers those that were not there.
void NewRun::make(const fs::path& folder) {
  constexpr int kAttempts = 100;  // others may remove what is on the way, if they made it
  std::error_code error;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (fs::create_directory(folder, error)) made_.push_back(folder);
    if (!error) return;
    if (error != std::errc::no_such_file_or_directory || !folder.has_parent_path()) break;
    make(folder.parent_path());
  }
  fail_to_make(folder, error);
}

/// Makes the folder and locks it: whether it is this training's now, or another is at work in it.
bool NewRun::enter(const fs::path& folder) {
  Taken taken;
  do {
    make(folder);
    taken = take(folder, descriptor_);
  } while (taken == Taken::gone);  // whoever had made it has removed it
  run_.folder = folder;
  return taken == Taken::yes;
}

/// The first of runs/1, runs/2, … that is free.
void NewRun::enter_next() {
  for (int n = 1; !mine_; ++n) {
    const fs::path folder = fs::path("runs") / std::to_string(n);
    std::error_code error;
    const bool there = fs::exists(folder, error);
    if (there && !(fs::is_directory(folder, error) && is_free({folder}))) continue;  // and its lock is left alone
    mine_ = enter(folder) && is_free(run_);
    if (!mine_) leave();  // another training was faster
  }
}

NewRun::NewRun(const std::string& wanted) {
  try {
    if (wanted.empty()) {
      enter_next();
    } else {
      const fs::path folder = wanted;
      if (!enter(folder.has_filename() ? folder : folder.parent_path())) fail_busy(wanted);
      check_free(run_);
      mine_ = true;
    }
    remove_leftovers(run_.folder);
  } catch (...) {
    leave();
    throw;
  }
}
NewRun::~NewRun() { leave(); }

void NewRun::begin(const Checkpoint& checkpoint, const std::string& config) {
  save_checkpoint(run_.checkpoint("last"), checkpoint);  // so that any end finds something to resume from …
  write_file_atomically(run_.config(), config);          // … in what this makes the folder of a run
  begun_ = true;
}

/// Gives the lock back and, unless the run has begun, takes away what was made for it.
void NewRun::leave() {
  std::error_code error;
  if (mine_ && !begun_) {  // it was free when the lock was taken, so nobody else has written these
    fs::remove(run_.config(), error);
    fs::remove(run_.checkpoint("last"), error);
  }
  while (!begun_ && !made_.empty()) {  // as far as they are empty, from the innermost
    const fs::path folder = std::move(made_.back());
    made_.pop_back();
    int descriptor = -1;
    const bool locked = (folder == run_.folder && descriptor_ >= 0) || take(folder, descriptor) == Taken::yes;
    if (locked) fs::remove(folder, error);
    if (descriptor >= 0) ::close(descriptor);
  }
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace GRADUS
