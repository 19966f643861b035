// Walks against nested counting along every axis.
#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "tensor/walk.h"

using namespace gradus;
using kernel::Cursor, kernel::Walk;

namespace {

struct Layout {
  Shape shape;
  Strides strides;
};

const Layout kLayouts[] = {
    {{}, {}},
    {{7}, {1}},
    {{1, 1}, {5, 9}},
    {{2, 3, 4}, {12, 4, 1}},       // contiguous
    {{2, 3, 4}, {1, 2, 6}},        // the other way round
    {{2, 3, 4}, {12, 0, 1}},       // repeated in the middle
    {{3, 1, 4, 2}, {0, 7, 0, 0}},  // one element
    {{2, 3, 4}, {40, 10, 2}},      // gaps
    {{2, 3}, {-3, -1}},            // backwards
    {{2, 2, 3, 1, 2, 3}, {100, 50, 12, 3, 6, 2}},
};

/// Where every element lies, by carrying from axis to axis.
std::vector<std::int64_t> offsets(const Layout& layout) {
  std::vector<std::int64_t> all;
  std::int64_t index[kMaxRank] = {};
  for (std::int64_t i = 0; i < layout.shape.numel(); ++i) {
    std::int64_t offset = 0;
    for (int axis = 0; axis < layout.shape.rank(); ++axis) offset += index[axis] * layout.strides[axis];
    all.push_back(offset);
    for (int axis = layout.shape.rank() - 1; axis >= 0 && ++index[axis] == layout.shape[axis]; --axis) index[axis] = 0;
  }
  return all;
}

}  // namespace

TEST_CASE("a walk knows where every element lies") {
  for (const Layout& layout : kLayouts) {
    CAPTURE(to_string(layout.shape));
    const Walk walk(ConstView{nullptr, layout.shape, layout.strides});
    const std::vector<std::int64_t> want = offsets(layout);
    REQUIRE(walk.count() == static_cast<std::int64_t>(want.size()));
    for (std::size_t i = 0; i < want.size(); ++i) CHECK(walk.offset(i) == want[i]);
  }
}

TEST_CASE("axes are merged where memory walks on") {
  const auto rank = [](const Layout& layout) { return Walk(ConstView{nullptr, layout.shape, layout.strides}).rank; };
  CHECK(rank({{}, {}}) == 1);
  CHECK(rank({{2, 3, 4}, {12, 4, 1}}) == 1);
  CHECK(rank({{2, 3, 4}, {0, 0, 0}}) == 1);
  CHECK(rank({{2, 1, 4}, {4, 99, 1}}) == 1);  // an axis of one element leads nowhere
  CHECK(rank({{2, 3, 4}, {24, 4, 1}}) == 2);
  CHECK(rank({{2, 3, 4}, {1, 2, 6}}) == 3);
}

TEST_CASE("the innermost axis can be taken out, down to a single element") {
  Walk walk;
  walk.append({3, 10});
  walk.append({4, 1});
  const Walk::Axis inner = walk.pop();
  CHECK(inner.extent == 4);
  CHECK(inner.stride == 1);
  CHECK(walk.count() == 3);
  CHECK(walk.offset(2) == 20);
  CHECK(walk.pop().extent == 3);
  CHECK(walk.count() == 1);
  CHECK(walk.offset(0) == 0);
}

TEST_CASE("a cursor packs any run of elements from any place") {
  std::vector<Real> memory(400);
  std::iota(memory.begin(), memory.end(), Real(0));
  for (const Layout& layout : kLayouts) {
    CAPTURE(to_string(layout.shape));
    const Real* const data = memory.data() + 100;  // room for strides that lead back
    const Walk walk(ConstView{data, layout.shape, layout.strides});
    const std::vector<std::int64_t> want = offsets(layout);
    const std::int64_t size = layout.shape.numel();
    int wrong = 0;
    for (std::int64_t begin = 0; begin < size; ++begin)
      for (std::int64_t end = begin; end <= size; ++end) {
        std::vector<Real> out(end - begin);
        Cursor(walk, data, begin).pack(end - begin, out.data());
        for (std::int64_t i = begin; i < end; ++i) wrong += !(out[i - begin] == data[want[i]]);
      }
    CHECK(wrong == 0);
  }
}
