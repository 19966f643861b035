// What a person sees while a model trains: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>

#include "models/training/trainer.h"

namespace GRADUS {

class ProgressDisplay {
 public:
  /// Writes to the standard output: a bar that redraws itself when that is a terminal.
  ProgressDisplay();

  void step(const Progress& progress);
  void epoch(const EpochMetrics& metrics);
  /// Leaves the bar's line, so that what is printed next stands on its own.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool bar_shown_ = false;
  Clock::time_point next_;  // when to show the next step
};

/// How far something long has come, out of how much.
class CountDisplay {
 public:
  CountDisplay(std::string what, std::int64_t total);

  void show(std::int64_t done);
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  std::int64_t total_;
  bool terminal_, shown_ = false;
  Clock::time_point start_, next_;
};

/// "1 h 02 min", "2 min 05 s", "7 s"
std::string duration(double seconds);

}  // namespace GRADUS
