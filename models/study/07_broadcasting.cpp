// After this lesson you can say what gradient a broadcast argument gets, and why errors about shapes turn up there.
//
// An op on tensors of different shapes repeats the smaller one: a bias (3) is added to each row of a batch (2, 3). Nothing
// is copied for that. A tensor is its numbers with, for each axis, a stride: how far on in memory the next number along
// that axis lies. A stride of 0 repeats:
//
//   | bias (3)          strides 1
//   | repeated (2, 3)   strides 0 1
//   | d loss / d bias = 2 2 2
//
// On the way back each row sends its own gradient to the one bias, and by the chain rule for several paths (lesson 2)
// they are added up. So the VJP of repeating is summing, over exactly the axes that were repeated: broadcast_to and
// sum_to are each other's way back (autograd/ops_broadcast.cpp). Who forgets it hands a gradient of shape (2, 3) to an
// argument of shape (3), and the tape says so:
//
//   | [forgetful add] the VJP of argument 0 gave shape (2, 3) for an argument of shape (3)
//
// An axis is repeated in two ways: by having extent 1, or by not being there; shapes are aligned at the right.
//
// Exercise: write your own `summed_to` with `sum`. A shape has rank() axes, and shape[axis] is the extent of one; of a
// tensor they are x.rank() and x.extent(axis).
#include "autograd/op.h"
#include "models/study/lesson.h"

#include ANSWER

static void print_strides(const char* what, const Tensor& x) {
  fmt::print("{:<17} strides", fmt::format("{} {}", what, x.shape()));
  for (int axis = 0; axis < x.rank(); ++axis) fmt::print(" {}", x.strides()[axis]);
  fmt::print("\n");
}

static Tensor forgetful_add(const Tensor& bias, const Tensor& x) {
  const Pause inner;  // while it lives, no tape writes anything down
  const Tensor y = bias + x;
  return y;
}

static void show() {
  const Tensor bias = tensor({3}, {10, 20, 30}), x = ones({2, 3});
  print_strides("bias", bias);
  print_strides("repeated", broadcast_to(bias, {2, 3}));
  {
    Tape tape(bias);
    const std::vector<Real> d = tape.gradient(sum(x + bias), bias).values();
    fmt::print("d loss / d bias = {}\n", fmt::join(d, " "));
  }
  Tape tape(bias);
  const Tensor y = record("forgetful add", forgetful_add(bias, x), arg(bias, [](const Tensor& g) { return g; }));
  try {
    tape.gradient(sum(y));
  } catch (const Error& e) {
    fmt::print("{}\n", e.what());
  }
}

static void check() {
  const Shape from[] = {{2, 3}, {2, 3}, {2, 3}, {2, 3}, {4, 2, 3}, {4, 2, 3}, {4, 2, 3}, {5}, {4, 1, 3}};
  const Shape to[] = {{3}, {1, 3}, {2, 1}, {}, {2, 1}, {1, 2, 1}, {3}, {5}, {1, 3}};
  for (int i = 0; i < 9; ++i) {
    const Tensor x = sin(reshape(arange(from[i].numel()), from[i]));
    expect_close(fmt::format("{} to {}", from[i], to[i]), summed_to(x, to[i]), sum_to(x, to[i]), kClose);
  }
}

int main(int argc, char** argv) {
  return run({7, "Broadcasting backwards", show,
              "First sum away the axes that `shape` does not have, at the front. Then, where "
              "`shape` has extent 1 and x has more, sum\nalong that axis and keep it: sum(x, {axis}, true).",
              check},
             argc, argv);
}
