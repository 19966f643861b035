// The folder of a training run: what is in it, who works in it, and how it begins.
//
// A run's folder is locked by the training that works in it, and only under that lock is anything made or removed there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/files/checkpoint.h"

namespace GRADUS {

struct Run {
  std::filesystem::path folder;

  std::filesystem::path config() const { return folder / "config.json"; }
  std::filesystem::path metrics() const { return folder / "metrics.csv"; }
  std::filesystem::path samples(const char* ending = ".png") const { return folder / fmt::format("samples{}", ending); }
  std::filesystem::path reconstructions(const char* ending = ".png") const {
    return folder / fmt::format("reconstructions{}", ending);
  }
  std::filesystem::path curves() const { return folder / "curves.svg"; }
  /// `which` is "last", "best" or "epoch-10", or kUnmeasured.
  std::filesystem::path checkpoint(const std::string& which) const { return folder / (which + ".safetensors"); }
};

/// The checkpoint of an epoch whose steps are done and whose bound and pictures are still to come: there only meanwhile.
inline constexpr const char* kUnmeasured = "unmeasured";

/// A folder that is to hold a new run is not empty.
class FolderTaken : public Error {
 public:
  using Error::Error;
};

/// An existing run, rid of the files that a killed process left unfinished. Error when the folder or its config.json is
/// missing.
Run open_run(const std::string& folder);
/// Whether there is a run in that folder: a config.json.
bool is_run(const std::string& folder);
/// Error when `wanted` cannot become the folder of a new run, as far as that is known beforehand. Makes nothing.
void check_new_run(const std::string& wanted);

/// Keeps other trainings out of a run's folder while it exists; however this process ends, they may then enter. Error
/// when another is in it. On a file system that knows no locks it keeps nobody out.
class RunLock {
 public:
  explicit RunLock(const Run& run);
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock();

 private:
  int descriptor_ = -1;  // of the folder; the lock belongs to it
};

/// The locked folder of a new run, which goes again unless the run begins.
class NewRun {
 public:
  /// `wanted`, or, if that is empty, the first of runs/1, runs/2, … that is free. Free is what does not exist, is empty
  /// or holds nothing but what a training left that was killed before it had begun. Error otherwise.
  explicit NewRun(const std::string& wanted);
  NewRun(const NewRun&) = delete;
  NewRun& operator=(const NewRun&) = delete;
  ~NewRun();

  const Run& run() const { return run_; }
  /// Writes the first checkpoint and then config.json, which makes the folder that of a run: it stays.
  void begin(const Checkpoint& checkpoint, const std::string& config);

 private:
  void make(const std::filesystem::path& folder);
  bool enter(const std::filesystem::path& folder);
  void enter_next();
  void leave();

  Run run_;
  int descriptor_ = -1;                      // of the folder, once it is entered; the lock belongs to it
  std::vector<std::filesystem::path> made_;  // that folder and those on the way to it, if they were not there
  bool mine_ = false;                        // the folder is locked and was free
  bool begun_ = false;
};

}  // namespace GRADUS
