// What users of tensors, ops and tapes get wrong, and what they are told. What does not even compile is in
// tests/*/compile_fail.
#include <thread>

#include "autograd/elementwise.h"
#include "autograd/functional.h"
#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tests/misuse.h"

using namespace gradus;
using namespace gradus::test;

constexpr auto cube = [](auto x) { return x * x * x; };

// clang-format off: tables, from here to the end

TEST_CASE("misuse: shapes and numbers") {
  const Tensor vector = arange(3), matrix = ones({2, 3}), tall = ones({4, 3}), nothing = zeros({0, 3});
  const Tensor number = scalar(2);
  Rng rng{.seed = 1};
  Indices short_of_one{0, 1, 0};
  short_of_one.values.pop_back();
  check_sentences({
      {"seven axes", [&] { zeros({1, 1, 1, 1, 1, 1, 1}); }, "[shape] a tensor has at most 6 axes, not 7"},
      {"a negative extent", [&] { zeros({2, -1}); }, "[shape] an extent cannot be negative: -1"},
      {"a size beyond 64 bits", [&] { zeros({std::int64_t{1} << 40, std::int64_t{1} << 40}); },
       "[size] 1099511627776 x 1099511627776 does not fit in 64 bits"},
      {"numbers that do not fill the shape", [&] { tensor({2, 2}, {1, 2, 3}); },
       "[tensor] 3 values do not fill shape (2, 2)"},
      {"positions that do not fill the shape", [&] { Indices({2, 2}, {0, 1, 2}); },
       "[indices] 3 values do not fill indices of shape (2, 2)"},
      {"one number out of many", [&] { vector.item(); }, "[item] a tensor of shape (3) is not one number"},
      {"a position of another rank", [&] { matrix.at({1}); }, "[at] 1 positions for shape (2, 3)"},
      {"a position outside", [&] { matrix.at({1, 3}); }, "[at] position 3 on axis 1 is out of range for shape (2, 3)"},
      {"a negative range", [&] { arange(-1); }, "[shape] an extent cannot be negative: -1"},
      {"a probability above 1", [&] { bernoulli({2}, Real(1.5), rng); },
       "[bernoulli] the probability must be between 0 and 1, not 1.5"},
      {"a bound of 0", [&] { truncated_normal({2}, 0, rng); }, "[truncated_normal] the bound must be positive, not 0"},
      {"no threads", [&] { set_threads(0); }, "[threads] the number of threads is 1 to 256, not 0"},

      {"a sum of shapes that do not broadcast", [&] { matrix + ones({2}); },
       "[add] shapes do not broadcast: (2, 3) and (2)\nhelp: aligned at the right, extents must agree or be 1"},
      {"an elementwise op of such", [&] { pow(matrix, ones({2})); },
       "[pow] shapes do not broadcast: (2, 3) and (2)\nhelp: aligned at the right, extents must agree or be 1"},
      {"a lambda's op of such",
       [&] { elementwise<"my op">([](auto x, auto y) { return x * y; }, matrix, tall); },
       "[my op] shapes do not broadcast: (2, 3) and (4, 3)\nhelp: aligned at the right, extents must agree or be 1"},
      {"bounds in the wrong order", [&] { clamp(vector, 1, 0); },
       "[clamp] the lower bound 1 is above the upper bound 0"},
      {"inner dimensions that differ", [&] { matmul(matrix, tall); },
       "[matmul] inner dimensions differ: (2, 3) @ (4, 3)\nhelp: transpose the second argument"},
      {"inner dimensions that differ in any way", [&] { matmul(matrix, ones({5, 4})); },
       "[matmul] inner dimensions differ: (2, 3) @ (5, 4)"},
      {"stacks of matrices that do not fit", [&] { matmul(ones({3, 2, 2}), ones({2, 2, 2})); },
       "[matmul] stacks of matrices do not broadcast: (3, 2, 2) @ (2, 2, 2)\n"
       "help: in front of the last two axes, aligned at the right, extents must agree or be 1"},
      {"a vector for a matrix", [&] { matmul(matrix, vector); }, "[matmul] two matrices are needed, not (2, 3) @ (3)"},
      {"features that the weight does not have", [&] { linear(ones({5, 2}), tall, ones({4})); },
       "[linear] an input of shape (5, 2) does not end in the 3 features of weight (4, 3)"},
      {"a bias of another length", [&] { linear(matrix, tall, ones({3})); },
       "[linear] weight (4, 3) and bias (3) are not (out, in) and (out)"},
      {"a number for a layer's input", [&] { linear(number, tall, ones({4})); },
       "[linear] an input of shape () does not end in the 3 features of weight (4, 3)"},

      {"a vector transposed", [&] { transpose(vector); }, "[transpose] shape (3) has no two axes to swap"},
      {"too few axes to permute", [&] { permute(matrix, {0}); }, "[permute] 1 axes for shape (2, 3)"},
      {"an axis twice", [&] { permute(matrix, {0, 0}); }, "[permute] axis 0 is named twice"},
      {"another number of elements", [&] { reshape(matrix, {4}); }, "[reshape] (2, 3) has 6 elements, (4) has 4"},
      {"a slice beyond the end", [&] { slice(vector, 0, 1, 4); },
       "[slice] 1 to 4 is out of range for axis 0 of shape (3)"},
      {"a slice backwards", [&] { slice(vector, 0, 2, 1); }, "[slice] 2 to 1 is out of range for axis 0 of shape (3)"},
      {"negative padding", [&] { pad(vector, 0, -1, 0); }, "[pad] cannot pad by -1 and 0"},
      {"nothing to join", [&] { concat(std::span<const Tensor>(), 0); }, "[concat] no parts"},
      {"parts that differ off the axis", [&] { concat({matrix, ones({2, 2})}, 0); },
       "[concat] shapes differ off axis 0: (2, 3) and (2, 2)"},
      {"a shape that cannot be repeated to", [&] { broadcast_to(matrix, {2, 4}); },
       "[broadcast_to] shapes do not broadcast: (2, 3) and (2, 4)\n"
       "help: aligned at the right, extents must agree or be 1"},
      {"a shape that cannot be summed to", [&] { sum_to(matrix, {2}); },
       "[sum_to] shapes do not broadcast: (2, 3) and (2)\nhelp: aligned at the right, extents must agree or be 1"},
      {"a position that the axis does not have", [&] { gather(vector, 0, {0, 3}); },
       "[gather] index 3 is out of range for an axis of extent 3"},
      {"a negative position", [&] { gather(vector, 0, {-1}); },
       "[gather] index -1 is out of range for an axis of extent 3"},
      {"fewer positions than their shape says", [&] { gather(vector, 0, Indices(short_of_one)); },
       "[gather] 2 values do not fill indices of shape (3)"},
      {"such in a table", [&] { embedding(matrix, short_of_one); },
       "[embedding] 2 values do not fill indices of shape (3)"},
      {"positions of another rank", [&] { gather(matrix, 1, {0, 1}); },
       "[gather] indices of shape (2) do not fit shape (2, 3) off axis 1"},
      {"positions of another shape", [&] { scatter_add(vector, 0, {0, 1}, 5); },
       "[scatter_add] indices of shape (2) do not fit shape (3)"},
      {"less than nothing to add to", [&] { scatter_add(vector, 0, {0, 1, 0}, -2); },
       "[scatter_add] axis 0 cannot have extent -2"},

      {"an axis that is not there", [&] { sum(matrix, 2); }, "[sum] axis 2 is out of range for shape (2, 3)"},
      {"an axis before the first", [&] { softmax(matrix, -3); }, "[softmax] axis -3 is out of range for shape (2, 3)"},
      {"an axis named twice", [&] { mean(matrix, {1, -1}); }, "[mean] axis -1 is named twice"},
      {"an axis of a number", [&] { sum(number, 0); }, "[sum] axis 0 is out of range for shape ()"},
      {"the mean of nothing", [&] { mean(nothing); }, "[mean] shape (0, 3) has no elements to average"},
      {"the largest of nothing", [&] { max(nothing, {0}); }, "[max] shape (0, 3) has no elements to choose from"},
      {"the position of the largest of nothing", [&] { argmax(nothing, 0); },
       "[argmax] axis 0 of shape (0, 3) is empty"},
  });
}

TEST_CASE("misuse: tapes and derivatives") {
  Tensor parameter = scalar(2);
  const Tensor x = tensor({2}, {1, 2});
  // Runs `use` with a tape that watches x.
  const auto watching_x = [&](const std::function<void(Tape&)>& use) {
    return [&, use] {
      Tape tape(x);
      use(tape);
    };
  };
  check_sentences({
      {"a loss that is not one number", watching_x([&](Tape& tape) { tape.gradient(x * x); }),
       "[gradient] the loss has shape (2), but must be one number\nhelp: did you forget mean() or sum()?"},
      {"a tape used twice", watching_x([&](Tape& tape) {
         const Tensor loss = sum(x * x);
         tape.gradient(loss);
         tape.gradient(loss);
       }), "[tape] this tape is spent\nhelp: gradient() consumes its tape; make a new one for each gradient, and take what "
        "else you ask of it, such as listing(), in a statement before: arguments of one call are computed in any order"},
      {"a loss of other tensors", watching_x([&](Tape& tape) { tape.gradient(sum(ones({2}))); }), kUnwatched},
      {"a loss from before the tape", [&] {
         const Tensor loss = sum(x * x);
         Tape tape(x);
         tape.gradient(loss);
       }, kUnwatched},
      {"a loss under a pause", watching_x([&](Tape& tape) {
         const Pause pause;
         tape.gradient(sum(x * x));
       }), kUnwatched},
      {"a parameter list kept across an update", [&] {
         const std::vector<Tensor> stale{parameter};
         parameter.write().data[0] = 3;
         Tape tape(stale);
         tape.gradient(parameter * parameter);
       }, kUnwatched},
      {"a loss of detached tensors", watching_x([&](Tape& tape) { tape.gradient(sum(detach(x) * 2)); }), kUnwatched},
      {"a gradient by what the tape does not know", watching_x([&](Tape& tape) { tape.gradient(sum(x), parameter); }),
       "[gradient] this tape does not know the tensor of shape () to differentiate by\n"
       "help: it must be watched by the tape or computed from what is"},
      {"a tape of another thread", watching_x([&](Tape& tape) {
         const Tensor loss = sum(x * x);
         std::string said;
         std::thread([&] { said = error_of([&] { tape.gradient(loss); }); }).join();
         throw Error(said);
       }), "[tape] this tape belongs to another thread\nhelp: make it, use it and differentiate in one thread"},
      {"a loss computed by another thread", watching_x([&](Tape& tape) {
         Tensor loss;
         std::thread([&] {
           const Pause pause;
           loss = sum(x * x);
         }).join();
         tape.gradient(loss);
       }), kUnwatched},
      {"an output that is an input", watching_x([&](Tape&) {
         record("identity", x, arg(x, [](const Tensor& g) { return g; }));
       }),
       "[identity] the output is a tensor that the tape knows already\n"
       "help: an op returns a new tensor; use detach(x) for the same numbers under a new id"},
      {"a VJP of the wrong shape", watching_x([&](Tape& tape) {
         tape.gradient(sum(record("doubled", detach(x + x), arg(x, [](const Tensor& g) { return sum(g); }))));
       }), "[doubled] the VJP of argument 0 gave shape () for an argument of shape (2)"},
      {"a third derivative of a lambda", watching_x([&](Tape& third) {
         Tape second(x), first(x);
         third.gradient(sum(second.gradient(sum(first.gradient(sum(elementwise<"cube">(cube, x)), x)), x)), x);
       }), "[cube] its derivative of order 3 is not compiled in\n"
           "help: elementwise<name, order> compiles order 1 or 2; Smooth (autograd/smooth.h) takes the slope in public "
           "ops and has all"},
      {"a second derivative of a lambda compiled for one", watching_x([&](Tape& second) {
         Tape first(x);
         second.gradient(sum(first.gradient(sum(elementwise<"cube", 1>(cube, x)), x)), x);
       }), "[cube] its derivative of order 2 is not compiled in\n"
           "help: elementwise<name, order> compiles order 1 or 2; Smooth (autograd/smooth.h) takes the slope in public "
           "ops and has all"},
      {"a gradient of a function of something else", [&] {
         value_and_gradient([&](const Tensor&) { return sum(x); }, x);
       },
       "[value_and_gradient] the value does not depend on the inputs\n"
       "help: f computes it from its arguments, not from tensors that it captures; an f of no arguments is "
       "differentiated by what it captures, as it is when the tape begins: take parameters(module) afresh for each "
       "call"},
      {"a direction of another shape", [&] { jvp([](const Tensor& x) { return tanh(x); }, x, scalar(1)); },
       "[jvp] the vector for input 0 has shape (), the input (2)"},
      {"as many directions as there are not inputs", [&] {
         hvp([](std::span<const Tensor> in) { return sum(in[0]); }, {x}, {x, x});
       }, "[hvp] 2 vectors for 1 inputs"},
      {"an order that gradcheck does not know", [&] {
         gradcheck([](auto in) { return in[0]; }, {x}, {.order = 3});
       }, "[gradcheck] order 3 is neither 1 nor 2"},
  });
}
