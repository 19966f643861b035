// The matrix products that are measured: those of the two models' layers, and two large squares. Plain C++, for the
// programs that measure other libraries include it as well.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

/// C = op(A)·op(B), (n, k) @ (k, m), all row-major; a transposed factor is stored as its transpose.
struct GemmCase {
  std::string name;  // "book/500x784/forward": model, layer in x out, pass
  int n, k, m;
  bool transpose_a, transpose_b;

  double flops() const { return 2.0 * n * k * m; }
};

inline std::vector<GemmCase> gemm_cases() {
  std::vector<GemmCase> cases;
  const auto layers = [&](const std::string& model, int batch, std::initializer_list<std::pair<int, int>> in_out) {
    for (const auto& [in, out] : in_out) {
      const std::string layer = model + "/" + std::to_string(in) + "x" + std::to_string(out);
      cases.push_back({layer + "/forward", batch, in, out, false, true});  // y = x·Wᵀ
      cases.push_back({layer + "/dx", batch, out, in, false, false});      // dx = dy·W
      cases.push_back({layer + "/dw", out, batch, in, true, false});       // dW = dyᵀ·x
    }
  };
  layers("book", 150, {{784, 500}, {500, 500}, {500, 20}, {20, 500}, {500, 784}});
  layers("small", 20, {{784, 200}, {200, 200}, {200, 50}, {50, 200}, {200, 784}});
  for (const int size : {1024, 2048})
    cases.push_back({"square/" + std::to_string(size), size, size, size, false, false});
  return cases;
}
