// After this lesson you can write the way back of any linear op, and check it without computing a Jacobian.
//
// Near a point every op is a matrix, its Jacobian J: how each number of the result changes by each of the input. An op
// on a tape needs only the product Jᵀ·u: given u = d loss / d result, it is d loss / d input. This product is called a
// vector-Jacobian product (VJP), and it hardly ever needs J. Here are three J's, of a sum of three numbers, of the
// transpose of a 2×2 matrix, and of a @ b by a, for a 1×2 and b = (5 6; 7 8):
//
//   | sum        1 1 1
//   | transpose  1 0 0 0 / 0 0 1 0 / 0 1 0 0 / 0 0 0 1
//   | a @ b      5 7 / 6 8
//
// So the VJP of a sum is Jᵀu: the one number u, repeated. That of a transpose moves the numbers back. And that of a @ b
// by a is u @ bᵀ: the rows of J are the columns of b. To check a VJP: for any u and v, ⟨u, Jv⟩ = ⟨Jᵀu, v⟩. Jv is what
// the op makes of v, if it is linear. One number on each side, and nearly every mistake shows, if nothing is square and
// nothing is made of ones: a transposed VJP of a @ b passes with b full of ones.
//
// Exercise: the two VJPs of a @ b for a (n, k) and b (k, m).
#include "models/study/lesson.h"
#include "tensor/random.h"

#include ANSWER

// J row by row: the result's change for each unit of the input.
static std::string jacobian(const std::function<Tensor(const Tensor&)>& op, const Tensor& x) {
  std::string text;
  std::vector<std::vector<Real>> columns;
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    Tensor unit = zeros(x.shape());
    unit.write().data[i] = 1;
    columns.push_back(op(unit).values());  // a linear op is its own derivative
  }
  for (std::size_t row = 0; row < columns[0].size(); ++row) {
    text += row ? " /" : "";
    for (const auto& column : columns) text += fmt::format(" {}", column[row]);
  }
  return text;
}

static void show() {
  fmt::print("sum       {}\n", jacobian([](const Tensor& x) { return sum(x); }, zeros({3})));
  fmt::print("transpose {}\n", jacobian([](const Tensor& x) { return transpose(x); }, zeros({2, 2})));
  const Tensor b = tensor({2, 2}, {5, 6, 7, 8});
  fmt::print("a @ b     {}\n", jacobian([&](const Tensor& a) { return matmul(a, b); }, zeros({1, 2})));
}

static double dot(const Tensor& a, const Tensor& b) { return static_cast<double>(sum(a * b).item()); }

static void check() {
  Rng rng{.seed = 6};
  const Tensor a = normal({3, 4}, rng), b = normal({4, 2}, rng), u = normal({3, 2}, rng);
  const Tensor da = normal({3, 4}, rng), db = normal({4, 2}, rng);
  const Tensor by_first = vjp_by_a(u, a, b), by_second = vjp_by_b(u, a, b);
  expect(by_first.shape() == a.shape(), "the VJP by a has shape {}, and a is {}", by_first.shape(), a.shape());
  expect(by_second.shape() == b.shape(), "the VJP by b has shape {}, and b is {}", by_second.shape(), b.shape());
  expect_close("⟨Jᵀu, v⟩ for v in the place of a", dot(by_first, da), dot(u, matmul(da, b)), kClose);
  expect_close("⟨Jᵀu, v⟩ for v in the place of b", dot(by_second, db), dot(u, matmul(a, db)), kClose);
}

int main(int argc, char** argv) {
  return run({6, "A VJP is Jᵀ", show,
              "Let the shapes lead: u is (n, m), and the first VJP must be (n, k), the second (k, m). "
              "There is one product each of u\nwith the other matrix, one of the two transposed, that has that shape.",
              check},
             argc, argv);
}
