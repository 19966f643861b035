// PyTorch's word on variance, standard deviation, norm, product, flip and einsum (tests/golden/reductions.safetensors,
// made in float64 by tests/golden/make_reductions.py), and what no reference has.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "tests/files.h"
#include "tests/golden/twice.h"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("pytorch: reductions made of others, flip and einsum, to the gradients of their gradients") {
  using In = std::span<const Tensor>;
  std::map<std::string, TensorFunction> all{
      {"var:all", [](In in) { return var(in[0]); }},
      {"var:last", [](In in) { return var(in[0], -1); }},
      {"var:biased", [](In in) { return var(in[0], {0, 2}, keepdim, 0); }},
      {"stddev:all", [](In in) { return stddev(in[0]); }},
      {"stddev:first", [](In in) { return stddev(in[0], 0); }},
      {"stddev:biased", [](In in) { return stddev(in[0], {0, 2}, keepdim, 0); }},
      {"stddev:shifted", [](In in) { return stddev(in[0], -1); }},
      {"norm:all", [](In in) { return norm(in[0]); }},
      {"norm:last", [](In in) { return norm(in[0], -1); }},
      {"norm:two", [](In in) { return norm(in[0], {0, 2}, keepdim); }},
      {"prod:all", [](In in) { return prod(in[0]); }},
      {"prod:middle", [](In in) { return prod(in[0], 1); }},
      {"flip:one", [](In in) { return flip(in[0], 1); }},
      {"flip:two", [](In in) { return flip(in[0], {0, -1}) * in[0]; }},
  };
  const Golden golden("reductions.safetensors");
  for (const std::string& name : golden.names_with("/value"))
    if (name.starts_with("einsum:")) all[name] = [formula = name.substr(7)](In in) { return einsum(formula, in); };
  check_twice(golden, all);
}

namespace {

template <class F>
std::vector<Real> slopes(const Tensor& x, const F& f) {
  Tape tape(x);
  return tape.gradient(f(x), x).values();
}

// Of the sum of the gradient's elements, each by its own weight.
template <class F>
std::vector<Real> bends(const Tensor& x, const Tensor& along, const F& f) {
  Tape outer(x), inner(x);
  const Tensor slope = sum(inner.gradient(f(x), x) * along);
  return outer.knows(slope) ? outer.gradient(slope, x).values() : zeros(x.shape()).values();
}

}  // namespace

TEST_CASE("norm and stddev: squares that would overflow or vanish, and 0") {
  for (const Real scale : {Real(1e-30), Real(1), Real(1e30)}) {
    const Tensor x = tensor({2}, {3 * scale, 4 * scale});
    const auto near = [](Real got, double expected) {
      CHECK(std::abs(got - expected) <= 4 * std::numeric_limits<Real>::epsilon() * std::abs(expected));
    };
    near(norm(x).item(), 5.0 * scale);
    near(slopes(x, [](const Tensor& x) { return norm(x); })[0], 0.6);
    near(slopes(x, [](const Tensor& x) { return norm(x); })[1], 0.8);
    near(stddev(x, {0}, false, 0).item(), 0.5 * scale);
    near(slopes(x, [](const Tensor& x) { return stddev(x); })[1], std::sqrt(0.5));
  }
  const Tensor zero = zeros({3}), same = full({4}, 7), one = ones({3});
  const auto length = [](const Tensor& x) { return norm(x); };
  CHECK(norm(zero).item() == 0);
  CHECK(slopes(zero, length) == std::vector<Real>(3, 0));
  CHECK(bends(zero, one, length) == std::vector<Real>(3, 0));
  CHECK(slopes(same, [](const Tensor& x) { return stddev(x); }) == std::vector<Real>(4, 0));
  CHECK(norm(zeros({0, 2}), {0}).values() == std::vector<Real>{0, 0});
  const Real infinity = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  CHECK(norm(tensor({2}, {1, -infinity})).item() == infinity);
  CHECK(std::isnan(norm(tensor({2}, {1, nan})).item()));
  CHECK(std::isnan(norm(tensor({3}, {infinity, nan, 1})).item()));
}

TEST_CASE("var and stddev: the default is without bias, and what is left to divide by is checked") {
  const Tensor x = tensor({4}, {1, 2, 3, 6});
  CHECK(var(x).item() == Real(14) / 3);
  CHECK(var(x, {0}, false, 0).item() == Real(3.5));
  CHECK(stddev(x, {0}, keepdim, 0).shape() == Shape{1});
  const std::string left = " behind each result, less a correction of ";
  CHECK(error_of([] { var(scalar(1)); }) == "[var] 1 numbers" + left + "1, leave nothing to divide by");
  CHECK(error_of([] { stddev(zeros({3, 2}), {1}, false, 2); }) ==
        "[stddev] 2 numbers" + left + "2, leave nothing to divide by");
  CHECK(error_of([] { var(zeros({0}), {0}, false, 0); }) == "[var] 0 numbers" + left + "0, leave nothing to divide by");
}

TEST_CASE("prod: right where factors are 0, to the second order") {
  const auto product = [](const Tensor& x) { return prod(x); };
  const Tensor along = tensor({4}, {1, 10, 100, 1000});
  // d/dxᵢ is the product of the others, d²/dxᵢdxⱼ that of the others but two.
  const Tensor one_zero = tensor({4}, {2, 0, 3, 5}), two_zeros = tensor({4}, {2, 0, 0, 5});
  CHECK(prod(one_zero).item() == 0);
  CHECK(slopes(one_zero, product) == std::vector<Real>{0, 30, 0, 0});
  CHECK(bends(one_zero, along, product) == std::vector<Real>{150, 15 + 1000 + 6000, 100, 60});
  CHECK(slopes(two_zeros, product) == std::vector<Real>{0, 0, 0, 0});
  CHECK(bends(two_zeros, along, product) == std::vector<Real>{0, 1000, 100, 0});
  CHECK(prod(zeros({2, 0}), {1}).values() == std::vector<Real>{1, 1});
  CHECK(prod(tensor({2, 3}, {1, 2, 3, 4, 5, 6}), {0}, keepdim).values() == std::vector<Real>{4, 10, 18});
}

TEST_CASE("flip: any axes, in any layout") {
  const Tensor x = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(flip(x, 0).values() == std::vector<Real>{4, 5, 6, 1, 2, 3});
  CHECK(flip(x, {0, 1}).values() == std::vector<Real>{6, 5, 4, 3, 2, 1});
  CHECK(flip(transpose(x), -1).values() == std::vector<Real>{4, 1, 5, 2, 6, 3});
  CHECK(flip(broadcast_to(arange(2), {2, 2}), 1).values() == std::vector<Real>{1, 0, 1, 0});
  CHECK(flip(zeros({0, 3}), {0, 1}).shape() == Shape{0, 3});
  CHECK(error_of([&] { flip(x, 2); }) == "[flip] axis 2 is out of range for shape (2, 3)");
}

TEST_CASE("einsum: what it refuses") {
  const Tensor a = zeros({2, 3}), b = zeros({3, 4});
  const std::string like = "\nhelp: a formula is like \"bij,jk->bik\"";
  const auto says = [](const std::function<void()>& action, const std::string& sentence) {
    CHECK(error_of(action) == sentence);
  };
  says([&] { einsum("ij,jk", a, b); }, "[einsum] \"ij,jk\" does not say what the result's axes are" + like);
  says([&] { einsum("i1->i", a); }, "[einsum] '1' is not a letter, comma or arrow" + like);
  says([&] { einsum("ij->i->j", a); }, "[einsum] '-' is not a letter, comma or arrow" + like);
  says([&] { einsum("ii->i", zeros({2, 2})); },
       "[einsum] axis i is named twice in \"i\"\nhelp: for a diagonal, gather it first");
  says([&] { einsum("ij->jj", a); }, "[einsum] axis j is named twice in \"j\"\nhelp: for a diagonal, gather it first");
  says([&] { einsum("ij,jk->ik", a); }, "[einsum] \"ij,jk->ik\" is of 2 tensors, not 1");
  says([&] { einsum("ijk->k", a); }, "[einsum] axes ijk do not name those of shape (2, 3)");
  says([&] { einsum("ij,ik->jk", a, b); },
       "[einsum] axis i has extent 2 in shape (2, 3), but 3 in (3, 4)\nhelp: nothing is broadcast");
  says([&] { einsum("ij,jk->il", a, b); }, "[einsum] axis l of the result is in no operand");
  const Tensor wide = zeros({1, 1, 1, 1});
  says([&] { einsum("abcd,efgh->abcdefgh", wide, wide); },
       "[einsum] the product of axes abcd and efgh has 8 axes, more than 6");
  CHECK(einsum(" i j , j k -> i k ", ones({2, 3}), ones({3, 2})).values() == std::vector<Real>(4, 3));
  CHECK(einsum("->", scalar(4)).item() == 4);
}
