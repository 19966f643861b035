// After this lesson you can write reverse mode, the algorithm that trains every neural network, in ten lines.
//
// While a formula is computed, write down each operation: which earlier results it used, and its slope by each of them.
// That list is called a tape, or a Wengert list. Below, `Tape` is one for plain numbers. The way back begins at the
// result, whose derivative by itself is 1, and goes through the list from the end to the start. Each entry hands on what
// has arrived at it, times its slopes, to the entries it used; where several arrive, they are added up (the chain rule
// for several paths). For y = (a + b)·b with a = 2 and b = 3:
//
//   | v0 = 2
//   | v1 = 3
//   | v2 = 5    uses v0 with slope 1, v1 with slope 1
//   | v3 = 15    uses v2 with slope 3, v1 with slope 5
//
// Going back: v3 has 1. It gives 3 to v2 and 5 to v1. v2 gives its 3 to v0, and 3 more to v1, which now has 8. So
// dy/da = 3 and dy/db = 8: one pass over the list, however many inputs there are. The tape of this library is the same
// list with tensors for numbers (autograd/tape.cpp: Tape::walk_back).
//
// Exercise: write the walk back.
#include "models/study/lesson.h"

namespace numbers {

struct Use {
  int entry;     // an earlier one
  double slope;  // of this entry by that one
};
struct Entry {
  double value;
  std::vector<Use> uses;
};
using Tape = std::vector<Entry>;

// Each op computes, writes itself down, and gives back its place in the list.
static int input(Tape& tape, double value) {
  tape.push_back({value, {}});
  return static_cast<int>(tape.size()) - 1;
}
static int add(Tape& tape, int a, int b) {
  tape.push_back({tape[a].value + tape[b].value, {{a, 1}, {b, 1}}});
  return static_cast<int>(tape.size()) - 1;
}
static int mul(Tape& tape, int a, int b) {
  tape.push_back({tape[a].value * tape[b].value, {{a, tape[b].value}, {b, tape[a].value}}});
  return static_cast<int>(tape.size()) - 1;
}

#include ANSWER  // inside the namespace, so it must not include anything itself

}  // namespace numbers

static void show() {
  numbers::Tape tape;
  const int a = input(tape, 2), b = input(tape, 3);
  mul(tape, add(tape, a, b), b);
  for (std::size_t n = 0; n < tape.size(); ++n) {
    fmt::print("v{} = {}", n, tape[n].value);
    for (std::size_t i = 0; i < tape[n].uses.size(); ++i)
      fmt::print("{}v{} with slope {}", i ? ", " : "    uses ", tape[n].uses[i].entry, tape[n].uses[i].slope);
    fmt::print("\n");
  }
}

static void check() {
  numbers::Tape tape;
  const int a = input(tape, 2), b = input(tape, 3), y = mul(tape, add(tape, a, b), b);
  const std::vector<double> d = walk_back(tape, y);
  expect(d.size() == tape.size(), "the walk back gives {} derivatives for {} entries", d.size(), tape.size());
  expect_close("d/da of (a + b)·b at 2, 3", d[a], 3, 0);
  expect_close("d/db of (a + b)·b at 2, 3", d[b], 8, 0);

  numbers::Tape powers;
  const int x = input(powers, 3), x2 = mul(powers, x, x), x4 = mul(powers, x2, x2), x5 = mul(powers, x4, x);
  expect_close("the slope of x⁴ + x⁵ at 3", walk_back(powers, add(powers, x4, x5))[x], 513, 0);

  numbers::Tape chain;
  int last = input(chain, 1);
  for (int i = 0; i < 100'000; ++i) last = add(chain, last, 0);
  expect_close("the slope of x + x + … (100,001 times)", walk_back(chain, last)[0], 100'001, 0);
}

int main(int argc, char** argv) {
  return run({2, "A tape in 30 lines", show,
              "Begin with a vector of zeros, one for each entry, and set that of the result to "
              "1. Then one loop, from the\nresult down to 0: for each use, add to the derivative of the entry used.",
              check},
             argc, argv);
}
