// How an op is written: its value and one VJP per argument in one expression.
//
//   Tensor matmul(const Tensor& a, const Tensor& b) {
//     … compute c …
//     return record("matmul", c, arg(a, [b](const Tensor& g) { return matmul(g, transpose(b)); }),
//                                arg(b, [a](const Tensor& g) { return matmul(transpose(a), g); }));
//   }
//
// A VJP is written in public ops, so it can be differentiated again. It captures the op's arguments, its output and
// things that are not tensors, and nothing else: a hidden intermediate would be a constant to an outer tape.
#pragma once

#include <concepts>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "autograd/captures.h"
#include "autograd/tape.h"

namespace GRADUS {

/// A VJP in a tape's arena: the gradient of the output in, the gradient of one argument out.
class Vjp {
 public:
  virtual ~Vjp() = default;
  virtual Tensor operator()(const Tensor& g) = 0;
};

/// One argument of an op, seen by `record`: the tensor and how to put its VJP on a tape. No VJP: no derivative.
struct Argument {
  const Tensor& x;
  void* vjp = nullptr;
  std::size_t bytes = 0;
  Vjp* (*construct)(void* memory, void* vjp, bool last) = nullptr;  // the last tape gets the VJP itself, others a copy
};

template <class F>
struct Arg {
  const Tensor& x;
  F vjp;
  bool differentiable = true;

  /// The same; without its VJP when it does not exist, a derivative being structurally zero.
  Arg only_if(bool exists) && {
    differentiable = exists;
    return std::move(*this);
  }
  operator Argument() && {
    struct Stored final : Vjp {
      F vjp;
      explicit Stored(const F& vjp) : vjp(vjp) {}
      explicit Stored(F&& vjp) : vjp(std::move(vjp)) {}
      Tensor operator()(const Tensor& g) override { return vjp(g); }
    };
    static_assert(alignof(Stored) <= alignof(std::max_align_t));
    if (!differentiable) return {x};
    return {x, &vjp, sizeof(Stored), [](void* memory, void* vjp, bool last) -> Vjp* {
              F& f = *static_cast<F*>(vjp);
              return last ? new (memory) Stored(std::move(f)) : new (memory) Stored(f);
            }};
  }
};

/// An argument with its VJP: a function from the gradient of the output to the gradient of this argument. It outlives
/// the op, so it captures by value.
template <class F>
Arg<F> arg(const Tensor& x, F vjp) {
  static_assert(std::is_invocable_r_v<Tensor, F&, const Tensor&>, "a VJP maps the output's gradient to the argument's");
  static_assert(detail::HoldsValues<F>, "a VJP outlives the op, so it captures by value, [x], not by reference, [&]");
  return {x, std::move(vjp)};
}
/// An argument that the op has no derivative for.
inline Argument arg(const Tensor& x) { return {x}; }

/// A shared copy for a VJP to capture, where one for every tape would be expensive.
template <class T>
std::shared_ptr<const T> share(const T& value) {
  return std::allocate_shared<T>(PoolAllocator<T>{}, value);
}

/// True when an active tape of this thread watches `x` or knows it as computed from what it watches.
bool tracked(const Tensor& x);

/// Writes the op on every active tape that watches one of its arguments, and returns `out`. `op` must outlive the
/// tape (a string literal). `out` must be new: Error when a tape knows it already.
Tensor record(const char* op, Tensor out, std::span<const Argument> arguments);

template <class Out, std::convertible_to<Argument>... Args>
Tensor record(const char* op, Out&& out, Args&&... args) {  // a reference: the VJPs capture `out` before it is moved
  const Argument arguments[] = {std::forward<Args>(args)...};
  return record(op, std::forward<Out>(out), std::span<const Argument>(arguments));
}

}  // namespace GRADUS
