// What a program that is measured by compare.py offers: pieces of work by name, run when it is asked to.
#pragma once

#include <functional>
#include <map>
#include <string>

struct Service {
  std::function<void(int)> set_threads;
  /// By name, what sets the work up and returns a function that does it once.
  std::map<std::string, std::function<std::function<void()>()>> works;
};

/// Answers lines "NAME THREADS MILLISECONDS" on the standard input with the median time of one run, in nanoseconds,
/// over that many milliseconds, after a warm-up. Returns at the end of the input, or after a line it cannot answer.
int serve(const Service& service);
