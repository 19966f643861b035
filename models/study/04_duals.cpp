// After this lesson you can differentiate any formula, also twice, without a tape and without a rule for the whole.
//
// A dual number is a value with a derivative beside it: v + d·ε, where ε² = 0. Sums and products follow from that alone:
// (a + bε)(c + dε) = ac + (ad + bc)ε, which is the product rule. A function has one rule, f(v + dε) = f(v) + f′(v)·d·ε.
// Put in x + 1ε, and the slope comes out with the value (forward mode). For x·sigmoid(x) at x = 2:
//
//   | x                 2        + 1 ε
//   | -x                -2       + -1 ε
//   | exp(-x)           0.135    + -0.135 ε
//   | 1 + exp(-x)       1.14     + -0.135 ε
//   | 1/(1 + exp(-x))   0.881    + 0.105 ε
//   | x·sigmoid(x)      1.76     + 1.09 ε
//
// T need not be a plain number. With a dual of duals there are two ε's, one for each derivative, and the type keeps them
// apart. That matters: d/dx [x · d/dy (x + y)] is 1, and with one ε for both it comes out as 2, since the derivative by
// y then counts x as well ("perturbation confusion"):
//
//   | d/dx [x · d/dy (x + y)] = 1
//
// In this library duals run inside each elementwise op (autograd/dual.h), over whole registers of numbers.
//
// Exercise: give `atan` its rule. Its slope is 1 / (1 + x²). The rule must do for duals of duals too.
#include "models/study/lesson.h"

namespace numbers {

template <class T>
struct Dual {
  T v, d;
};
// A number in front of a dual is a constant; of two duals, the one with fewer levels is.
// clang-format off: a table of rules
template <class T> Dual<T> operator+(Dual<T> a, Dual<T> b) { return {a.v + b.v, a.d + b.d}; }
template <class T> Dual<T> operator+(T c, Dual<T> x) { return {c + x.v, x.d}; }
template <class T> Dual<T> operator-(Dual<T> x) { return {-x.v, -x.d}; }
template <class T> Dual<T> operator*(Dual<T> a, Dual<T> b) { return {a.v * b.v, a.v * b.d + a.d * b.v}; }
template <class T> Dual<T> operator/(Dual<T> a, Dual<T> b) {
  const T q = a.v / b.v; return {q, (a.d + -(q * b.d)) / b.v}; }
inline double exp(double x) { return std::exp(x); }
inline double atan(double x) { return std::atan(x); }
template <class T> Dual<T> exp(Dual<T> x) { return {exp(x.v), exp(x.v) * x.d}; }
// 1 at any level, and the derivative of f at x.
template <class T> T one() { if constexpr (std::is_same_v<T, double>) return 1; else return {one<decltype(T::v)>(), {}}; }
template <class F, class T> T derivative(const F& f, T x) { return f(Dual<T>{x, one<T>()}).d; }
// clang-format on

#include ANSWER  // inside the namespace, so it must not include anything itself

}  // namespace numbers
using numbers::derivative, numbers::one;
using Simple = numbers::Dual<double>;

static void show() {
  const auto print = [](const char* what, Simple x) { fmt::print("{:<17} {:<8.3g} + {:.3g} ε\n", what, x.v, x.d); };
  const Simple x{2, 1}, e = exp(-x), s = Simple{1, 0} / (1.0 + e);
  print("x", x), print("-x", -x), print("exp(-x)", e), print("1 + exp(-x)", 1.0 + e);
  print("1/(1 + exp(-x))", s), print("x·sigmoid(x)", x * s);
  fmt::print("d/dx [x · d/dy (x + y)] = {}\n",
             derivative([](auto x) { return x * derivative([x](auto y) { return x + y; }, x); }, 3.0));
}

static void check() {
  const auto f = [](auto x) { return atan(x); };
  expect_close("atan(0.5)", numbers::atan(Simple{0.5, 1}).v, std::atan(0.5), 1e-15);
  const auto first = [&](auto x) { return derivative(f, x); };
  const auto second = [&](auto x) { return derivative(first, x); };
  expect_close("the slope of atan at 0.5", first(0.5), 0.8, 1e-12);
  expect_close("the second derivative of atan at 0.5", second(0.5), -0.64, 1e-12);
  expect_close("the third derivative of atan at 0.5", derivative(second, 0.5), (6 * 0.25 - 2) / std::pow(1.25, 3),
               1e-12);
  expect_close("the slope of atan(x²) at 2", derivative([](auto x) { return atan(x * x); }, 2.0), 4 / 17.0, 1e-12);
}

int main(int argc, char** argv) {
  return run({4, "Duals", show,
              "Like exp: the value is atan(x.v), which is of type T, and the other part is x.d / (1 + x.v²) "
              "in the arithmetic of T.\nFor a 1 of type T there is one<T>().",
              check},
             argc, argv);
}
