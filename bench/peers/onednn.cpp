// oneDNN, to be measured by compare.py: its BLAS-like function and its matmul primitive, whichever is faster.
#include <omp.h>

#include <dnnl.hpp>

#include "bench/gemm_cases.h"
#include "bench/peers/serve.h"

namespace {

struct Arrays {
  std::vector<float> a, b, c;
  explicit Arrays(const GemmCase& shape)
      : a(shape.n * shape.k, 0.5f), b(shape.k * shape.m, 0.5f), c(shape.n * shape.m) {}
};

std::function<void()> sgemm(const GemmCase& shape) {
  return [shape, x = Arrays(shape)]() mutable {
    dnnl_sgemm(shape.transpose_a ? 'T' : 'N', shape.transpose_b ? 'T' : 'N', shape.n, shape.m, shape.k, 1, x.a.data(),
               shape.transpose_a ? shape.n : shape.k, x.b.data(), shape.transpose_b ? shape.k : shape.m, 0, x.c.data(),
               shape.m);
  };
}

class Matmul {
 public:
  explicit Matmul(const GemmCase& shape)
      : x_(shape),
        a_(memory(shape.n, shape.k, shape.transpose_a, x_.a)),
        b_(memory(shape.k, shape.m, shape.transpose_b, x_.b)),
        c_(memory(shape.n, shape.m, false, x_.c)),
        primitive_(dnnl::matmul::primitive_desc({a_.get_desc(), b_.get_desc(), c_.get_desc()}, engine_)) {}
  void operator()() {
    primitive_.execute(stream_, {{DNNL_ARG_SRC, a_}, {DNNL_ARG_WEIGHTS, b_}, {DNNL_ARG_DST, c_}});
    stream_.wait();
  }

 private:
  dnnl::memory memory(int rows, int columns, bool transposed, std::vector<float>& data) {
    using Format = dnnl::memory::format_tag;
    const dnnl::memory::desc desc({rows, columns}, dnnl::memory::data_type::f32, transposed ? Format::ba : Format::ab);
    return dnnl::memory(desc, engine_, data.data());
  }

  Arrays x_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::memory a_, b_, c_;
  dnnl::matmul primitive_;
};

}  // namespace

int main() {
  Service service{omp_set_num_threads, {}};
  for (const GemmCase& shape : gemm_cases()) {
    service.works["gemm/" + shape.name] = [shape] { return sgemm(shape); };
    service.works["matmul/gemm/" + shape.name] = [shape]() -> std::function<void()> {
      return [work = std::make_shared<Matmul>(shape)] { (*work)(); };
    };
  }
  return serve(service);
}
