// What the lessons have in common: a lesson shows something, then tries the answer to its exercise.
//
// The answer is a header that the lesson includes: the student's, in answers/, or another with the same function in it,
// in solutions/ or wrong/. So a lesson is one program for each.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "autograd/ops.h"

namespace study {

/// Thrown by an exercise that nobody has done yet.
struct Todo {
  const char* what;
};
/// What is wrong with an answer, in a sentence.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
void expect(bool holds, fmt::format_string<const Args&...> otherwise, const Args&... args) {
  if (!holds) throw Wrong(fmt::format(otherwise, args...));
}
/// Wrong unless `got` is `right` to within `tolerance`, as a part of it where it is larger than 1. NaN is wrong.
void expect_close(const std::string& what, double got, double right, double tolerance);
/// The same element by element, and in shape.
void expect_close(const std::string& what, const gradus::Tensor& got, const gradus::Tensor& right, double tolerance);

/// What the rounding of Real leaves of a tolerance: 1e-7 in double.
inline constexpr double kClose = sizeof(gradus::Real) == 8 ? 1e-7 : 2e-4;

struct Lesson {
  int number;
  const char* title;
  void (*show)();
  const char* hint;
  void (*check)();
};

/// The program of a lesson: shows, then checks. 0: solved, 10: to do, 1: wrong. `--hint` prints the hint, `--check`
/// leaves out the showing, `--list` prints its line in the list of lessons.
int run(const Lesson& lesson, int argc, char** argv);

}  // namespace study

using namespace gradus;
using namespace study;
