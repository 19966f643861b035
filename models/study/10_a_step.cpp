// After this lesson you can train a network, and write the rule by which its parameters move.
//
// A layer is y = x·Wᵀ + b, with the parameters W and b; between two layers stands a bend, here tanh. Training repeats one
// step: compute a loss (one number: how wrong the network is), take its gradient by all parameters, move each a little
// against its gradient. That is all of this:
//
//   Tape tape(parameters(net));                      // watch
//   const Tensor loss = mean(softplus(-y * net(x)));  // compute
//   const auto gradients = tape.gradient(loss);       // go back
//   optimizer.step(net, gradients);                   // move
//
// Below, a net with 16 numbers in the middle learns to tell two interleaved half-moons apart, y = 1 from y = -1. The loss
// is log(1 + e^(-y·net)), the negative logarithm of the probability that the net gives to what is right:
//
//   | step    0   loss 0.69
//   | step  100   loss 0.019
//   | step  300   loss 0.0034
//
// The picture under it shows where the net says which. How far to move is the learning rate. A plain step forgets the one
// before; with momentum a velocity u is kept for each parameter. It becomes m·u + g, with the gradient g and a momentum m
// such as 0.9, and the parameter moves by -rate·u: along a valley the steps add up, across it they cancel.
//
// Exercise: write `momentum_step`. It must give the same bits as the library's rule (nn/optim/sgd.h). A tensor has no +=:
// assign a new one to the variable, x = x + ….
#include "models/study/lesson.h"
#include "models/study/problems.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/sgd.h"

#include ANSWER

static void show() {
  const auto [x, y] = moons();
  Rng rng{.seed = 2};
  Net net{{2, 16, Init::glorot, rng}, {16, 1, Init::glorot, rng}};
  Optimizer optimizer(Sgd{.lr = 0.5, .momentum = 0.9});
  for (int step = 0; step <= 300; ++step) {
    Tape tape(parameters(net));
    const Tensor loss = mean(softplus(-y * net(x)));
    if (step == 0 || step == 100 || step == 300) fmt::print("step {:>4}   loss {:.2g}\n", step, loss.item());
    optimizer.step(net, tape.gradient(loss));
  }
  for (int row = 0; row < 14; ++row) {
    fmt::print("\n  ");
    for (int column = 0; column < 50; ++column) {
      const Tensor at = tensor({1, 2}, {Real(-1.5 + 0.08 * column), Real(1.5 - 0.18 * row)});
      fmt::print("{}", net(at).item() > 0 ? "#" : ".");
    }
  }
  fmt::print("\n");
}

static void check() {
  const auto [x, y] = moons();
  Rng rng{.seed = 3};
  Net net{{2, 16, Init::glorot, rng}, {16, 1, Init::glorot, rng}};
  std::vector<Tensor> mine = parameters(net), velocity;
  for (const Tensor& p : mine) velocity.push_back(zeros(p.shape()));
  Optimizer optimizer(Sgd{.lr = 0.1, .momentum = 0.9});
  for (int step = 1; step <= 20; ++step) {
    Tape tape(parameters(net));
    const auto gradients = tape.gradient(mean(softplus(-y * net(x))));
    for (std::size_t i = 0; i < mine.size(); ++i)
      momentum_step(mine[i], velocity[i], gradients[i], Real(0.1), Real(0.9));
    optimizer.step(net, gradients);
    for (std::size_t i = 0; i < mine.size(); ++i)
      expect(mine[i].values() == parameters(net)[i].values(), "after step {} parameter {} differs from Sgd's", step, i);
  }
}

int main(int argc, char** argv) {
  return run({10, "A layer, a step", show,
              "Two lines, in tensors: the velocity first, and then the parameter, by the new velocity.", check},
             argc, argv);
}
