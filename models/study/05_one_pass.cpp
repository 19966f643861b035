// After this lesson you can say what a derivative costs in either mode, and choose the cheaper one.
//
// Duals carry the derivative by one variable through the formula (lesson 4); n variables need n runs. The way back along
// a tape (lesson 2) gives the derivative of one result by all variables in one run. Count the multiplications and
// additions for y = Σ xᵢ², by x₁ … xₙ:
//
//   | n =    1   duals       4   tape       4
//   | n =   10   duals     400   tape      40
//   | n =  100   duals   40000   tape     400
//   | n = 1000   duals 4000000   tape    4000
//
// A loss is one number and parameters are a million: that is why networks are trained in reverse mode. With one input
// and many results it is the other way round. The matrix of all slopes, the Jacobian J (a row for each result, a column
// for each input), is rarely wanted; duals give J·v for one v, a tape gives Jᵀ·u for one u.
//
// The second derivatives of one number by n inputs are a matrix as well, the Hessian H, with n² numbers. Often H·v is all
// that one wants (how does the gradient change along v?), and it costs about two gradients: H·v is the gradient of the
// number (gradient · v). Gradients of gradients need two tapes, one inside the other: what the inner one computes on its
// way back is written on the outer one.
//
// From here on numbers stand in tensors, and the library has the tape. `Tape tape(x);` writes down what is computed from
// x from then on; tape.gradient(y, x) is the derivative of y, one number, by x, in x's shape, and uses the tape up.
// autograd/ops.h lists the ops, such as sum(x) and x * y (number by number); `Real` is float.
//
// Exercise: write `hessian_times`, without building H. f may be called once or twice, not n times.
#include "autograd/functional.h"
#include "models/study/lesson.h"

using Loss = std::function<Tensor(const Tensor&)>;
#include ANSWER

// A number that counts what is done to it.
static long operations = 0;
struct Counted {
  double v;
  friend Counted operator*(Counted a, Counted b) { return ++operations, Counted{a.v * b.v}; }
  friend Counted operator+(Counted a, Counted b) { return ++operations, Counted{a.v + b.v}; }
};

static long by_duals(int n) {  // Σ (v + dε)²: (v², 2vd), and two sums
  operations = 0;
  for (int by = 0; by < n; ++by) {
    Counted value{0}, slope{0};
    for (int i = 0; i < n; ++i) {
      const Counted v{1.0 * i}, d{i == by ? 1.0 : 0.0}, vd = v * d;
      value = value + v * v;
      slope = slope + Counted{2 * vd.v};
    }
  }
  return operations;
}
static long by_tape(int n) {  // forward: a square and a sum for each; back: what arrives, times 2x
  operations = 0;
  Counted value{0};
  std::vector<Counted> d;
  for (int i = 0; i < n; ++i) value = value + Counted{1.0 * i} * Counted{1.0 * i};
  for (int i = 0; i < n; ++i) d.push_back(Counted{0} + Counted{1} * Counted{2.0 * i});
  return operations;
}

static void show() {
  for (int n = 1; n <= 1000; n *= 10) fmt::print("n = {:>4}   duals {:>7}   tape {:>7}\n", n, by_duals(n), by_tape(n));
}

static void check() {
  int calls = 0;
  const Loss f = [&](const Tensor& x) {  // Σ x³ + (Σ x)²: H = diag(6x) + 2
    ++calls;
    const Tensor s = sum(x);
    return sum(x * x * x) + s * s;
  };
  const std::int64_t n = 50;
  const Tensor x = arange(n) / Real(n), v = sin(arange(n));
  const Tensor product = hessian_times(f, x, v);
  expect(calls <= 2, "`hessian_times` called f {} times; an n by n matrix is not needed", calls);
  expect_close("H·v", product, 6 * x * v + 2 * sum(v), kClose);
  const Tensor w = tensor({2}, {3, -1});
  expect_close("H·v of Σ x⁴", hessian_times([](const Tensor& x) { return sum(x * x * x * x); }, w, ones({2})),
               tensor({2}, {108, 12}), kClose);
}

int main(int argc, char** argv) {
  return run(
      {5, "One pass or n", show,
       "Tape outer(x); then, within braces, Tape inner(x) and the gradient of f(x) by x. Multiply "
       "it by v, sum, and ask the\nouter tape for the gradient of that. (autograd/functional.h has it as `hvp`.)",
       check},
      argc, argv);
}
