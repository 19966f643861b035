// One training at a time in the folder of a run.
#pragma once

#include "models/run.h"

namespace GRADUS {

/// Keeps other trainings out of a run's folder while it exists; however this process ends, they may then enter. Error
/// when another is in it. On a file system that knows no locks it keeps nobody out.
class RunLock {
 public:
  explicit RunLock(const Run& run);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int folder_;  // a descriptor, which the lock belongs to
};

}  // namespace GRADUS
