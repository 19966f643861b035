// After this lesson you can add an op to this library, right to the second derivative, and prove it.
//
// Here the two modes meet. Inside an elementwise op each number of the result depends on one number of each argument, so
// duals give value and slope in one pass (forward mode, lesson 4). Between ops the tape goes back (reverse mode, lesson
// 2). An elementwise op is therefore one lambda, and its derivative is an op again: silu, silu′, silu″. Two tapes, one
// inside the other, show it. What the inner one runs on its way back is written on the outer one:
//
//   | v0 = watched  (3)
//   | v1 = silu(v0)  (3)
//   | v2 = sum(v1)  ()
//   | v3 = silu′((3), v0)  (3)
//
// An op of another kind is written with `record`: its value, and for each argument a VJP (lesson 6) made of public ops,
// which can then be differentiated in turn. The value is computed while a `Pause` lives, so that its parts are not
// written down; `record` comes after the Pause, or nothing is. (Lesson 7's forgetful_add is such an op.) A VJP may keep
// three things: the op's arguments, its result, and what is no tensor. What else it needs it computes again. For a tensor
// computed on the side and kept is a constant to an outer tape: first derivatives are right, second ones silently wrong.
//
// `gradcheck` compares with finite differences (lesson 1), at order 2 also the derivative of the derivative. It is the
// test that every op of this library has to pass.
//
// Exercise: write `cube`, x³, by `record`.
#include "autograd/elementwise.h"
#include "autograd/gradcheck.h"
#include "models/study/lesson.h"

#include ANSWER

static void show() {
  const Tensor x = tensor({3}, {-1, 0, 2});
  Tape outer(x);
  {
    Tape inner(x);
    inner.gradient(sum(elementwise<"silu">([](auto x) { return x * sigmoid(x); }, x)), x);
  }
  fmt::print("{}", outer.listing());
}

static void check() {
  const Tensor x = tensor({4}, {-2, Real(-0.5), 1, 3});
  expect_close("cube", cube(x), tensor({4}, {-8, Real(-0.125), 1, 27}), kClose);
  {
    Tape tape(x);
    const Tensor y = cube(x);
    expect(tape.knows(y), "the tape knows nothing of your result: give it to `record`, once no Pause lives any more");
    const std::string listing = tape.listing();
    expect(listing.find("mul") == std::string::npos,
           "your op is {} ops on the tape, and should be one: compute its "
           "value under a Pause",
           std::count(listing.begin(), listing.end(), '\n') - 1);
    expect_close("the slope", tape.gradient(sum(y), x), tensor({4}, {12, Real(0.75), 3, 27}), kClose);
  }
  const auto result = gradcheck([](auto in) { return cube(in[0]); }, {x}, {.order = 2});
  expect(result.passed, "gradcheck at order 2: {}", result.message);
}

int main(int argc, char** argv) {
  return run({8, "Duals meet the tape", show,
              "Compute the value under `const Pause pause;` in a lambda that you call at once. The VJP "
              "captures x itself, by value:\narg(x, [x](const Tensor& g) { return …; }).",
              check},
             argc, argv);
}
