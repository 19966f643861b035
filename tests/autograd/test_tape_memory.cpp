// What a tape keeps alive and what it takes: only what a VJP has saved, until it has run; nothing from the system once
// warm, and operator new never per op.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "autograd/elementwise.h"
#include "autograd/ops.h"
#include "tests/files.h"

// Every operator new of this executable, counted.
static std::atomic<std::int64_t> allocations{0};

static void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  bytes = (bytes + alignment - 1) / alignment * alignment;
  if (void* memory = std::aligned_alloc(alignment, bytes > 0 ? bytes : alignment)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr std::int64_t kSide = 256;  // of a large matrix
constexpr std::int64_t kLarge = kSide * kSide * static_cast<std::int64_t>(sizeof(Real));

std::int64_t live() { return pool_statistics().live_bytes; }
/// How many large matrices are alive beyond `before` bytes.
std::int64_t large_since(std::int64_t before) { return (live() - before) / kLarge; }

Tensor large(Real value) { return full({kSide, kSide}, value); }

/// operator new calls of a warm forward and backward pass over `ops` ops of the kind that `chain` makes.
template <class Op>
std::int64_t allocations_of(const Op& op, int ops) {
  const Tensor x = full({4, 4}, Real(0.5));
  std::int64_t counted = 0;
  for (int round = 0; round < 3; ++round) {  // the last is warm
    const std::int64_t before = allocations;
    Tape tape(x);
    Tensor y = x;
    for (int i = 0; i < ops; ++i) y = op(y, x);
    tape.gradient(sum(y));
    counted = allocations - before;
  }
  return counted;
}

}  // namespace

TEST_CASE("memory: additions, moves and reductions save nothing") {
  const Tensor x = large(1), other = large(2);
  const std::int64_t before = live();
  Tape tape(x);
  Tensor y = x;
  for (int i = 0; i < 10; ++i) y = -(reshape(transpose(y + other), {kSide, kSide}) - 1);
  CHECK(large_since(before) == 1);  // y alone
  const Tensor loss = sum(y);
  y = Tensor();
  CHECK(large_since(before) == 0);
  CHECK(tape.gradient(loss, x).at({3, 5}) == 1);
}

TEST_CASE("memory: an argument that nobody differentiates saves nothing") {
  const Tensor x = scalar(3), constant = large(2);
  Tape tape(x);
  const std::int64_t before = live();
  Tensor a = broadcast_to(x, {kSide, kSide}) * constant;  // its VJP by x keeps `constant`, which is there anyway
  CHECK(large_since(before) == 1);
  Tensor product = a * constant;  // a itself would be kept for the derivative by `constant`
  CHECK(large_since(before) == 2);
  a = Tensor();
  CHECK(large_since(before) == 1);
  const Tensor loss = sum(product);
  product = Tensor();
  CHECK(large_since(before) == 0);
  CHECK(tape.gradient(loss, x).item() == 4 * kSide * kSide);
}

TEST_CASE("memory: without a tape, or in a pause, an op saves nothing") {
  const Tensor x = scalar(1);
  const std::int64_t before = live();
  large(1) * exp(large(2));
  CHECK(large_since(before) == 0);
  Tape tape(x);
  {
    const Pause pause;
    tanh(broadcast_to(x, {kSide, kSide}) * large(1));
  }
  large(1) * large(2);  // a tape, but nothing that it watches
  CHECK(large_since(before) == 0);
}

TEST_CASE("memory: after the gradient everything saved is free, also with the tape still there") {
  const Tensor x = large(Real(0.1));
  const std::int64_t before = live();
  Tape tape(x);
  Tensor y = x;
  for (int i = 0; i < 8; ++i) y = tanh(y * y);
  const Tensor loss = sum(y);
  y = Tensor();
  CHECK(large_since(before) >= 15);
  tape.gradient(loss);
  CHECK(large_since(before) == 0);
}

TEST_CASE("memory: a tape that ends without a gradient, or by an exception, frees what it saved") {
  const Tensor x = large(Real(0.1));
  const std::int64_t before = live();
  {
    Tape tape(x);
    exp(x * x);
    CHECK(large_since(before) == 1);
  }
  CHECK(large_since(before) == 0);
  {
    Tape tape(x);
    const Tensor y = exp(x * x);
    const Tensor faulty =
        record("faulty", detach(y), arg(y, [](const Tensor&) -> Tensor { throw Error("[faulty] no"); }));
    CHECK_THROWS_AS(tape.gradient(sum(exp(faulty))), Error);
  }
  CHECK(large_since(before) == 0);
}

TEST_CASE("memory: a VJP is freed as soon as it has run") {
  const Tensor x = large(1);
  const auto then = std::make_shared<std::int64_t>(-1);
  const std::int64_t before = live();
  Tape tape(x);
  Tensor y = record("probe", detach(x), arg(x, [then, before](const Tensor& g) {
                      *then = large_since(before);
                      return g;
                    }));
  for (int i = 0; i < 6; ++i) y = y * large(2);
  const Tensor loss = sum(y);
  y = Tensor();
  CHECK(large_since(before) == 6);
  tape.gradient(loss);
  CHECK(*then >= 0);
  CHECK(*then <= 2);  // the gradient on its way, and none of the six
}

TEST_CASE("memory: a warm step asks the system for no block, and keeps no more than it needs") {
  const Tensor x = full({64, 64}, Real(0.01));
  PoolStatistics after_warm_up{};
  for (int step = 0; step < 30; ++step) {
    if (step == 10) after_warm_up = pool_statistics();
    Tape tape(x);
    const Tensor h = tanh(matmul(x, x) + x), y = softmax(linear(h, x, sum(x, 0)), 1);
    tape.gradient(mean(log(y) * h));
  }
  CHECK(pool_statistics().system_allocations == after_warm_up.system_allocations);
  CHECK(pool_statistics().live_bytes == after_warm_up.live_bytes);
}

TEST_CASE("memory: a warm tape calls operator new as often for a thousand ops as for ten") {
  const auto same = [](auto op, const std::string& name) {
    const std::int64_t few = allocations_of(op, 10), many = allocations_of(op, 1000);
    CHECK_MESSAGE(many == few, name, ": ", few, " and ", many);
  };
  same([](const Tensor& y, const Tensor& x) { return y * x; }, "mul");
  same([](const Tensor& y, const Tensor& x) { return y + x; }, "add");
  same([](const Tensor& y, const Tensor&) { return tanh(y); }, "tanh");
  same([](const Tensor& y, const Tensor& x) { return y / (x + 1); }, "div");
  same([](const Tensor& y, const Tensor& x) { return where(x > y, x * y, y); }, "where");
  same([](const Tensor& y, const Tensor&) { return elementwise<"user's">([](auto y) { return y * sigmoid(y); }, y); },
       "a lambda");
  same([](const Tensor& y, const Tensor& x) { return matmul(y, x); }, "matmul");
  same([](const Tensor& y, const Tensor& x) { return linear(y, x, reshape(slice(x, 0, 1, 2), {4})); }, "linear");
  same([](const Tensor& y, const Tensor&) { return permute(y, {1, 0}); }, "permute");
  same([](const Tensor& y, const Tensor& x) { return y + sum(x * y, -1, keepdim); }, "sum");
  same([](const Tensor& y, const Tensor&) { return softmax(y, 1); }, "softmax");
  same([](const Tensor& y, const Tensor&) { return y + max(y, 1, keepdim); }, "max");
  same([](const Tensor& y, const Tensor&) { return scatter_rows(y, argmax(y, 1), 4); }, "scatter_rows");
  same([](const Tensor& y, const Tensor&) { return embedding(y, argmax(y, 1)); }, "embedding");
  same(
      [](const Tensor& y, const Tensor&) {
        const Tensor image = reshape(y, {1, 1, 4, 4});
        return reshape(upsample_nearest2d(max_pool2d(image, 2), 2), {4, 4});
      },
      "max_pool2d");
}
