// OpenBLAS, to be measured by compare.py.
#include <cblas.h>

#include "bench/gemm_cases.h"
#include "bench/peers/serve.h"

int main() {
  Service service{openblas_set_num_threads, {}};
  for (const GemmCase& shape : gemm_cases())
    service.works["gemm/" + shape.name] = [shape]() -> std::function<void()> {
      return [=, a = std::vector<float>(shape.n * shape.k, 0.5f), b = std::vector<float>(shape.k * shape.m, 0.5f),
              c = std::vector<float>(shape.n * shape.m)]() mutable {
        cblas_sgemm(CblasRowMajor, shape.transpose_a ? CblasTrans : CblasNoTrans,
                    shape.transpose_b ? CblasTrans : CblasNoTrans, shape.n, shape.m, shape.k, 1, a.data(),
                    shape.transpose_a ? shape.n : shape.k, b.data(), shape.transpose_b ? shape.k : shape.m, 0, c.data(),
                    shape.m);
      };
    };
  return serve(service);
}
