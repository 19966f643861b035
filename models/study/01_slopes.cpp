// After this lesson you can compute the slope of any function from its values alone, and say how far to trust it.
//
// A derivative is the slope of a function at a point: how much f(x) changes for a small change of x, per unit of that
// change. The simplest way to get it is to try: (f(x + h) - f(x - h)) / 2h for a small h, a finite difference. How small
// should h be? Too large, and the function bends in between; too small, and f(x + h) and f(x - h) agree in most of their
// digits, so that what is left of the difference is rounding. Here is f(x) = x / (1 + x²) at x = 0.3, in float, which has
// seven digits:
//
//   | h = 1e-01   error 0.00333
//   | h = 1e-02   error 3.44e-05
//   | h = 1e-03   error 9.03e-06
//   | h = 1e-04   error 9.03e-06
//   | h = 1e-05   error 0.00148
//   | h = 1e-06   error 0.00893
//   | h = 1e-07   error 0.0209
//
// No h gives more than five digits, and each slope costs two calls of f: the slopes by n inputs cost 2n. The rest of the
// course is about getting all digits of all slopes for the price of a few calls. Finite differences stay, as the check on
// everything else (autograd/gradcheck.h).
//
// Exercise: with four values instead of two, the bend in between cancels as well. Write `five_point`. (The fifth point is x
// itself, where the value is not needed. Such a pattern of points and weights is called a stencil.)
#include "models/study/lesson.h"

using Function = std::function<double(double)>;
#include ANSWER

static float f(float x) { return x / (1 + x * x); }
static double slope(double x) { return (1 - x * x) / ((1 + x * x) * (1 + x * x)); }

static double error(float h) {
  const float x = 0.3F;
  return std::abs(static_cast<double>((f(x + h) - f(x - h)) / (2 * h)) - slope(x));
}

static void show() {
  for (float h = 0.1F; h > 5e-8F; h /= 10) fmt::print("h = {:.0e}   error {:.3g}\n", h, error(h));
}

static void check() {
  struct {
    const char* name;
    Function f;
    double slope;
  } const forms[] = {
      {"x²", [](double x) { return x * x; }, 1.4},
      {"x³", [](double x) { return x * x * x; }, 3 * 0.49},
      {"1/x", [](double x) { return 1 / x; }, -1 / 0.49},
      {"√x", [](double x) { return std::sqrt(x); }, 0.5 / std::sqrt(0.7)},
      {"eˣ", [](double x) { return std::exp(x); }, std::exp(0.7)},
      {"log x", [](double x) { return std::log(x); }, 1 / 0.7},
      {"sin x", [](double x) { return std::sin(x); }, std::cos(0.7)},
      {"tanh x", [](double x) { return std::tanh(x); }, 1 - std::tanh(0.7) * std::tanh(0.7)},
  };
  for (const auto& form : forms)
    expect_close(fmt::format("the slope of {} at 0.7", form.name), five_point(form.f, 0.7, 1e-3), form.slope, 1e-9);
}

int main(int argc, char** argv) {
  return run({1, "Slopes", show,
              "Expand f(x ± h) and f(x ± 2h) to h³. Which two multiples of the two central differences "
              "add up to the slope\nwithout a term in h³? The weights of the four values are 1, -8, 8, -1, over 12h.",
              check},
             argc, argv);
}
