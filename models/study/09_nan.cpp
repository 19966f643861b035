// After this lesson you can find the NaN that nobody selected, and write formulas that do not make one.
//
// NaN ("not a number") is what 0/0, 0·∞ and ∞ - ∞ give, and whatever it meets becomes NaN. A formula that must not be
// used everywhere is guarded by where(condition, a, b): √x where x > 0, else 0. Its value at 0 is 0. Its slope:
//
//   | between tensors    value 0   slope nan
//   | in one lambda      value 0   slope 0
//   | chosen twice       value 0   slope 0
//
// Between tensors both sides are computed. On the way back `where` gives the side that was not chosen a gradient of 0,
// and √'s VJP multiplies it by its slope, which at 0 is infinite: 0·∞ = NaN. The 0 comes too late. Inside one elementwise
// lambda `where` chooses between duals, value and slope together, and the other side is gone: this is why formulas with
// a branch are one lambda here (autograd/dual.h: chain). Between tensors the cure is to choose before as well: give √ a
// harmless number where its result will not be used, √(where(x > 0, x, 1)), then choose again.
//
// Nudging the argument, √(x + 1e-8), is no cure: the value is wrong near 0, and the slope huge instead of infinite.
//
// Exercise: a Poisson log-likelihood without its constant is x·log λ - λ, and -λ where the count x is 0, also for λ = 0.
// The stub has the usual form, right in value and NaN in its slope. Mend it.
#include "autograd/elementwise.h"
#include "models/study/lesson.h"

#include ANSWER

static void print(const char* what, const std::function<Tensor(const Tensor&)>& f) {
  const Tensor x = scalar(0);
  Tape tape(x);
  const Tensor y = f(x);
  fmt::print("{:<18} value {}   slope {}\n", what, y.item(), std::abs(tape.gradient(y, x).item()));
}

static void show() {
  print("between tensors", [](const Tensor& x) { return where(x > 0, sqrt(x), 0); });
  print("in one lambda",
        [](const Tensor& x) { return elementwise<"root">([](auto x) { return where(x > 0, sqrt(x), 0); }, x); });
  print("chosen twice", [](const Tensor& x) { return where(x > 0, sqrt(where(x > 0, x, 1)), 0); });
}

static void check() {
  const Tensor x = tensor({4}, {0, 0, 2, 1});  // counts
  const Tensor rate = tensor({4}, {0, Real(0.5), 4, Real(1e-4)});
  Tape tape(rate);
  const Tensor y = log_likelihood(x, rate);
  const Tensor slope = tape.gradient(sum(y), rate);
  const char* cases[] = {"x = 0, λ = 0", "x = 0, λ = 0.5", "x = 2, λ = 4", "x = 1, λ = 0.0001"};
  for (int i = 0; i < 4; ++i) {
    const double n = static_cast<double>(x.at({i})), l = static_cast<double>(rate.at({i}));
    expect_close(fmt::format("the value at {}", cases[i]), static_cast<double>(y.at({i})),
                 n == 0 ? -l : n * std::log(l) - l, kClose);
    expect_close(fmt::format("the slope by λ at {}", cases[i]), static_cast<double>(slope.at({i})),
                 n == 0 ? -1 : n / l - 1, kClose);
  }
}

int main(int argc, char** argv) {
  return run(
      {9, "The NaN nobody selected", show,
       "Either choose before the logarithm as well, log(where(x > 0, λ, 1)), or write "
       "the whole formula as one lambda:\nelementwise<\"log_likelihood\">([](auto x, auto rate) { … }, x, rate).",
       check},
      argc, argv);
}
