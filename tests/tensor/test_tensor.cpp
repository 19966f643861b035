// Tensors as values: sharing, unsharing, identity, views, the pool behind them, printing, and refused requests.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tensor/tensor.h"

using namespace gradus;

namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

std::vector<Real> numbers(std::initializer_list<Real> list) { return list; }

}  // namespace

TEST_CASE("factories give what they say") {
  CHECK(full({2, 2}, Real(1.5)).values() == std::vector<Real>(4, Real(1.5)));
  CHECK(zeros({3}).values() == std::vector<Real>(3, 0));
  CHECK(ones({1, 3}).values() == std::vector<Real>(3, 1));
  CHECK(scalar(7).rank() == 0);
  CHECK(scalar(7).item() == 7);
  CHECK(arange(4).values() == numbers({0, 1, 2, 3}));
  CHECK(arange(0).numel() == 0);
  CHECK(tensor({2, 2}, {1, 2, 3, 4}).at({1, 0}) == 3);
  CHECK(Tensor().shape() == Shape{0});
  CHECK(Tensor({2, 3}).contiguous());
  CHECK(zeros({2, 3, 4}).extent(-1) == 4);
  CHECK(zeros({2, 3, 4}).extent(0) == 2);
}

TEST_CASE("wrong requests are refused in a sentence") {
  CHECK_THROWS_WITH(tensor({2, 2}, {1, 2, 3}), "[tensor] 3 values do not fill shape (2, 2)");
  CHECK_THROWS_WITH(zeros({2, 3}).item(), "[item] a tensor of shape (2, 3) is not one number");
  CHECK_THROWS_AS(Tensor().item(), Error);
  const Tensor x = zeros({2, 3});
  CHECK_THROWS_WITH(x.at({0}), "[at] 1 positions for shape (2, 3)");
  CHECK_THROWS_WITH(x.at({0, 3}), "[at] position 3 on axis 1 is out of range for shape (2, 3)");
  CHECK_THROWS_AS(x.at({-1, 0}), Error);
  CHECK_THROWS_AS(x.at({0, 0, 0}), Error);
  CHECK_THROWS_AS(x.extent(2), Error);
  CHECK_THROWS_AS(arange(-1), Error);
  CHECK_THROWS_AS(Tensor({kHuge}), Error);  // the bytes do not fit
  CHECK_THROWS_AS(Tensor({std::int64_t{1} << 58}), std::bad_alloc);
  const std::string size = sizeof(Real) == 4 ? "1.15e+09" : "2.31e+09";
  CHECK_THROWS_WITH(Tensor({std::int64_t{1} << 58}), ("[tensor] there is no memory for " + size + " GB more").c_str());
  CHECK(tensor({1, 1}, {4}).item() == 4);
}

TEST_CASE("a copy never sees a later write to the other") {
  Tensor a = arange(5);
  Tensor b = a;
  CHECK(a.id() == b.id());
  CHECK(a.view().data == b.view().data);
  a.write()(2) = 50;
  CHECK(a.values() == numbers({0, 1, 50, 3, 4}));
  CHECK(b.values() == numbers({0, 1, 2, 3, 4}));
  b.write()(0) = -1;
  CHECK(a.values() == numbers({0, 1, 50, 3, 4}));
  CHECK(b.values() == numbers({-1, 1, 2, 3, 4}));
}

TEST_CASE("who owns the numbers alone writes in place, who shares them does not") {
  Tensor a = zeros({100});
  const Real* const memory = a.view().data;
  a.write()(0) = 1;
  CHECK(a.view().data == memory);
  {
    const Tensor shared = a;
    a.write()(0) = 2;
    CHECK(a.view().data != memory);
    CHECK(shared.view().data == memory);
    CHECK(shared.at({0}) == 1);
  }
  const Real* const own = a.view().data;
  a.write()(0) = 3;
  CHECK(a.view().data == own);
}

TEST_CASE("every write gives a new id, and no id comes twice") {
  std::set<std::uint64_t> seen;
  Tensor x = zeros({3});
  CHECK(seen.insert(x.id()).second);
  for (int i = 0; i < 1000; ++i) {
    x.write();
    REQUIRE(seen.insert(x.id()).second);
    REQUIRE(seen.insert(Tensor({1}).id()).second);
    REQUIRE(seen.insert(detach(x).id()).second);
    REQUIRE(seen.insert(detach(x, {1}, {0}).id()).second);
    REQUIRE(seen.insert(Tensor().id()).second);
  }
  std::vector<std::vector<std::uint64_t>> ids(4);
  std::vector<std::thread> workers;
  for (auto& list : ids)
    workers.emplace_back([&list] {
      for (int i = 0; i < 1000; ++i) list.push_back(Tensor({1}).id());
    });
  for (std::thread& worker : workers) worker.join();
  for (const auto& list : ids)
    for (const std::uint64_t id : list) REQUIRE(seen.insert(id).second);
}

TEST_CASE("detach shares the numbers and is a value of its own") {
  Tensor x = arange(6);
  Tensor y = detach(x);
  CHECK(y.id() != x.id());
  CHECK(y.view().data == x.view().data);
  y.write()(0) = 9;
  CHECK(x.at({0}) == 0);
  CHECK(y.at({0}) == 9);
}

TEST_CASE("detach_contiguous copies what is not row-major only") {
  const Tensor x = tensor({2, 2}, {1, 2, 3, 4}), across = detach(x, {2, 2}, {1, 2});
  CHECK(detach_contiguous(x).view().data == x.view().data);
  CHECK(detach_contiguous(x).id() != x.id());
  CHECK(detach_contiguous(across).contiguous());
  CHECK(detach_contiguous(across).values() == numbers({1, 3, 2, 4}));
  CHECK(across.strides()[0] == 1);
}

TEST_CASE("views look at the same numbers through other strides") {
  const Tensor x = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor transposed = detach(x, {3, 2}, {1, 3});
  CHECK(transposed.view().data == x.view().data);
  CHECK(!transposed.contiguous());
  CHECK(transposed.values() == numbers({1, 4, 2, 5, 3, 6}));
  CHECK(transposed.at({2, 0}) == 3);
  const Tensor row = detach(x, {3}, {1}, 3);
  CHECK(row.values() == numbers({4, 5, 6}));
  CHECK(row.contiguous());
  const Tensor last = detach(row, {1}, {1}, 2);  // offsets add up
  CHECK(last.item() == 6);
  const Tensor repeated = detach(row, {2, 3}, {0, 1});
  CHECK(repeated.values() == numbers({4, 5, 6, 4, 5, 6}));
  CHECK(x.view()(1, 2) == 6);
}

TEST_CASE("writing to a view makes it a row-major tensor of its own") {
  const Tensor x = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor transposed = detach(x, {3, 2}, {1, 3});
  transposed.write()(0, 1) = 40;
  CHECK(transposed.contiguous());
  CHECK(transposed.values() == numbers({1, 40, 2, 5, 3, 6}));
  CHECK(x.values() == numbers({1, 2, 3, 4, 5, 6}));

  Tensor repeated = detach(scalar(2), {2, 2}, {0, 0});
  repeated.write()(0, 1) = 3;  // one of four equal numbers, not all
  CHECK(repeated.values() == numbers({2, 3, 2, 2}));

  Tensor source = arange(4);
  Tensor tail = detach(source, {2}, {1}, 2);
  source = Tensor();  // the tail alone holds the memory now
  tail.write()(0) = 20;
  CHECK(tail.values() == numbers({20, 3}));
}

TEST_CASE("memory is aligned to 64 bytes, whatever the size") {
  std::vector<Tensor> all;
  for (std::int64_t n = 1; n < 300; ++n) {
    all.emplace_back(Shape{n});
    REQUIRE(reinterpret_cast<std::uintptr_t>(all.back().view().data) % 64 == 0);
    all.emplace_back(Shape{n * 997});
    REQUIRE(reinterpret_cast<std::uintptr_t>(all.back().view().data) % 64 == 0);
  }
}

TEST_CASE("blocks hold what was asked for: neighbours do not touch") {
  std::vector<Tensor> all;
  for (std::int64_t n = 1; n < 200; ++n) all.push_back(full({n * 13}, static_cast<Real>(n)));
  for (std::int64_t n = 1; n < 200; ++n)
    REQUIRE(all[n - 1].values() == std::vector<Real>(n * 13, static_cast<Real>(n)));
}

TEST_CASE("tensors without elements") {
  Tensor x({3, 0, 2});
  CHECK(x.numel() == 0);
  CHECK(x.values().empty());
  CHECK(x.contiguous());
  const Tensor copy = x;
  const std::uint64_t id = x.id();
  x.write();
  CHECK(x.id() != id);
  CHECK(copy.id() == id);
  CHECK(tensor({0}, std::initializer_list<Real>{}).numel() == 0);
  CHECK_THROWS_AS(x.at({0, 0, 0}), Error);
}

TEST_CASE("six axes") {
  const Shape shape{2, 1, 3, 2, 1, 4};
  Tensor x({shape});
  Real* const data = x.write().data;
  for (int i = 0; i < 48; ++i) data[i] = static_cast<Real>(i);
  CHECK(x.at({1, 0, 2, 1, 0, 3}) == 47);
  CHECK(x.at({1, 0, 0, 0, 0, 0}) == 24);
  CHECK(x.view()(0, 0, 1, 1, 0, 2) == 14);
  const Tensor reversed = detach(x, {4, 1, 2, 3, 1, 2}, {1, 4, 4, 8, 24, 24});
  CHECK(reversed.at({3, 0, 1, 2, 0, 1}) == 47);
  CHECK(reversed.values()[1] == 24);
}

TEST_CASE("a moved-from tensor may be assigned and dropped") {
  Tensor a = arange(3);
  Tensor b = std::move(a);
  CHECK(b.values() == numbers({0, 1, 2}));
  CHECK(a.id() != b.id());
  CHECK(a.shape() == Shape{0});
  a = b;
  CHECK(a.values() == numbers({0, 1, 2}));
  a = *&a;
  CHECK(a.values() == numbers({0, 1, 2}));
}

TEST_CASE("tensors print as nested lists with their shape") {
  CHECK(to_string(scalar(Real(1.5))) == "1.5  ()");
  CHECK(to_string(tensor({2, 2}, {1, 2, 3, Real(-0.5)})) == "[[1, 2],\n [3, -0.5]]  (2, 2)");
  CHECK(to_string(zeros({2, 0})) == "[[],\n []]  (2, 0)");
  CHECK(to_string(zeros({1'000'000'000, 0})).size() < 100);
  CHECK(fmt::format("{}", arange(3)) == "[0, 1, 2]  (3)");
  CHECK(to_string(detach(tensor({2, 2}, {1, 2, 3, 4}), {2, 2}, {1, 2})) == "[[1, 3],\n [2, 4]]  (2, 2)");
  CHECK(to_string(arange(5000)) == "[0, 1, 2, …, 4997, 4998, 4999]  (5000)");
  CHECK(to_string(full({1}, std::numeric_limits<Real>::quiet_NaN())).find("nan") != std::string::npos);
}

TEST_CASE("indices are checked lists of integers") {
  const Indices labels{3, 1, 2};
  CHECK(labels.shape == Shape{3});
  CHECK(labels.values == Indices::Values{3, 1, 2});
  CHECK(Indices().shape == Shape{0});
  CHECK(Indices(Shape{2, 2}, {1, 2, 3, 4}).values.size() == 4);
  CHECK_THROWS_WITH(Indices(Shape{2, 2}, {1, 2, 3}), "[indices] 3 values do not fill indices of shape (2, 2)");
}

TEST_CASE("the pool serves a size again without asking the system, and reports what it holds") {
  release_pool();
  CHECK(pool_statistics().free_bytes == 0);
  const PoolStatistics start = pool_statistics();
  reset_pool_peak();
  CHECK(pool_statistics().peak_live_bytes == start.live_bytes);

  const std::int64_t bytes = 5000 * static_cast<std::int64_t>(sizeof(Real));
  const Real* memory = nullptr;
  {
    const Tensor x({5000});
    memory = x.view().data;
    CHECK(pool_statistics().system_allocations == start.system_allocations + 1);
    CHECK(pool_statistics().live_bytes >= start.live_bytes + bytes);
    CHECK(pool_statistics().live_bytes <= start.live_bytes + bytes * 5 / 4 + 64);
  }
  CHECK(pool_statistics().live_bytes == start.live_bytes);
  CHECK(pool_statistics().free_bytes >= bytes);
  CHECK(pool_statistics().peak_live_bytes >= start.live_bytes + bytes);
  for (int i = 0; i < 100; ++i) {
    const Tensor x({50, 100});
    REQUIRE(x.view().data == memory);
  }
  CHECK(pool_statistics().system_allocations == start.system_allocations + 1);
  release_pool();
  CHECK(pool_statistics().free_bytes == 0);
}

TEST_CASE("what one thread makes and another drops is used again") {
  release_pool();
  const auto round = [] {
    std::vector<Tensor> made;
    std::thread([&] {
      for (int i = 0; i < 20; ++i) made.push_back(zeros({3000 + 100 * i}));
    }).join();
    std::thread([&] { made.clear(); }).join();
  };
  round();
  const std::int64_t after_one = pool_statistics().system_allocations;
  for (int i = 0; i < 20; ++i) round();
  CHECK(pool_statistics().system_allocations == after_one);
}

TEST_CASE("alternating sizes do not make the pool grow") {
  release_pool();
  reset_pool_peak();
  for (int i = 0; i < 200; ++i) {
    std::vector<Tensor> step;
    for (int j = 0; j < 10; ++j) step.push_back(zeros({1000 + 777 * (i % 7) + 50 * j}));
  }
  const PoolStatistics end = pool_statistics();
  CHECK(end.free_bytes <= 2 * end.peak_live_bytes);
}

TEST_CASE("threads may copy and drop the same tensor at once") {
  const Tensor shared = full({1000}, 3);
  std::vector<std::thread> workers;
  std::vector<int> good(4, 0);
  for (int& count : good)
    workers.emplace_back([&count, &shared] {
      for (int i = 0; i < 2000; ++i) {
        Tensor mine = shared;
        if (i % 100 == 0) mine.write()(0) = static_cast<Real>(i);
        count += mine.at({999}) == 3;
      }
    });
  for (std::thread& worker : workers) worker.join();
  for (const int count : good) CHECK(count == 2000);
  CHECK(shared.at({0}) == 3);
}
