// A tape belongs to a thread: what another one would do to its tensors unseen is an error, everything else is not.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "autograd/op.h"
#include "autograd/ops.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

/// What `use` says in a thread of its own.
std::string elsewhere(const std::function<void()>& use) {
  std::string said;
  std::thread([&] { said = error_of(use); }).join();
  return said;
}

std::string sentence(const std::string& op, const std::string& shape) {
  return "[" + op + "] a tensor of shape " + shape +
         " belongs to a tape that records in another thread\nhelp: a tape sees its own thread alone, and its gradient "
         "would be without this: compute it there, or use detach(x) here, or a Pause, for the value alone";
}

}  // namespace

TEST_CASE("threads: half of a forward pass in another thread is an error") {
  const Tensor x = tensor({2}, {1, 2}), weight = tensor({2}, {3, 4});
  Tape tape(weight);
  const Tensor y = x * weight;
  CHECK(elsewhere([&] { x* weight; }) == sentence("mul", "(2)"));
  CHECK(elsewhere([&] { sum(y); }) == sentence("sum", "(2)"));
  CHECK(elsewhere([&] { exp(y); }) == sentence("tape", "(2)"));  // asks first whether it is watched
  CHECK(elsewhere([&] { gather(y, 0, {1}); }) == sentence("tape", "(2)"));
  CHECK(elsewhere([&] {
          Tape other(x);
          (void)(x * weight);
        }) == sentence("mul", "(2)"));
  CHECK(tape.gradient(sum(y), weight).values() == std::vector<Real>{1, 2});
}

TEST_CASE("threads: what no derivative is lost by is allowed") {
  const Tensor x = tensor({2}, {1, 2}), weight = tensor({2}, {3, 4});
  {
    Tape tape(weight);
    const Tensor y = x * weight;
    CHECK(elsewhere([&] { sum(x * x); }) == "no error");          // not the tape's
    CHECK(elsewhere([&] { sum(detach(y) * x); }) == "no error");  // a constant
    CHECK(elsewhere([&] {
            const Pause pause;
            sum(y * x);
          }) == "no error");  // not to be recorded
    CHECK(elsewhere([&] { y.values(); }) == "no error");
    tape.gradient(sum(y));
    CHECK(elsewhere([&] { sum(y * x); }) == "no error");  // the tape is spent
    Tape unused(weight);
  }
  CHECK(elsewhere([&] { sum(weight * x); }) == "no error");
}

TEST_CASE("threads: tapes of several threads share their parameters") {
  const Tensor weight = tensor({2}, {3, 4});
  std::vector<std::vector<Real>> gradients(4);
  std::atomic<int> ready = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i)
    workers.emplace_back([&, i] {
      const Tensor x = full({2}, static_cast<Real>(i));
      Tape tape(weight);
      ++ready;
      while (ready < 4) std::this_thread::yield();
      Tensor y = weight * x;
      for (int step = 0; step < 2000; ++step) y = y + weight * x;  // tables grow while others search them
      gradients[i] = tape.gradient(sum(y), weight).values();
    });
  for (std::thread& worker : workers) worker.join();
  for (int i = 0; i < 4; ++i) CHECK(gradients[i] == std::vector<Real>(2, static_cast<Real>(2001 * i)));
}

TEST_CASE("threads: a long tape is searched while it grows") {
  const Tensor weight = scalar(2);
  Tape tape(weight);
  std::atomic<bool> done = false;
  std::atomic<std::int64_t> asked = 0;
  std::atomic<int> unexpected = 0;
  std::thread other([&] {
    const Tensor own = scalar(3);
    while (!done) {
      if (error_of([&] { (void)(own * own); }) != "no error") ++unexpected;
      if (error_of([&] { (void)(own * weight); }) != sentence("mul", "()")) ++unexpected;
      ++asked;
    }
  });
  Tensor y = weight;
  for (int step = 0; step < 20'000 || asked < 100; ++step) y = y + weight;
  done = true;
  other.join();
  CHECK(unexpected == 0);
}
