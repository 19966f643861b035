#include "models/study/lesson.h"

#include <cstdio>

namespace study {

void expect_close(const std::string& what, double got, double right, double tolerance) {
  const bool holds = std::abs(got - right) <= tolerance * std::max(1.0, std::abs(right)) || got == right;
  expect(holds, "{}: your answer gives {:.9g}, and {:.9g} is right", what, std::isnan(got) ? std::abs(got) : got,
         right);
}

void expect_close(const std::string& what, const Tensor& got, const Tensor& right, double tolerance) {
  expect(got.shape() == right.shape(), "{}: your answer has shape {}, and {} is right", what, got.shape(),
         right.shape());
  const std::vector<Real> a = got.values(), b = right.values();
  for (std::size_t i = 0; i < a.size(); ++i)
    expect_close(fmt::format("{}, element {}", what, i), static_cast<double>(a[i]), static_cast<double>(b[i]),
                 tolerance);
}

static int listed(const Lesson& lesson) {  // one line in the list of lessons
  const auto line = [&](const char* sign, int code) {
    fmt::print("{} {:>2}  {}\n", sign, lesson.number, lesson.title);
    return code;
  };
  try {
    lesson.check();
    return line("✓", 0);
  } catch (const Todo&) {
    return line("○", 10);
  } catch (const std::exception&) {
    return line("✗", 1);
  }
}

static int verdict(const Lesson& lesson) {
  try {
    lesson.check();
    fmt::print("✓ lesson {} is solved\n", lesson.number);
    return 0;
  } catch (const Todo& todo) {
    fmt::print("○ to do: {} in models/study/answers/{:02}.h (`./run course {} --hint` helps)\n", todo.what,
               lesson.number, lesson.number);
    return 10;
  } catch (const std::exception& e) {
    fmt::print("✗ {}\n", e.what());
    return 1;
  }
}

int run(const Lesson& lesson, int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string first = arguments.empty() ? "" : arguments[0];
  if (first == "--hint") {
    fmt::print("{}\n", lesson.hint);
    return 0;
  }
  if (first == "--list") return listed(lesson);
  if (first != "--check") {
    fmt::print("Lesson {}: {}\n\n", lesson.number, lesson.title);
    lesson.show();
    fmt::print("\n");
    std::fflush(stdout);
  }
  return verdict(lesson);
}

}  // namespace study
