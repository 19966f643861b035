// Smooth: an elementwise op with derivatives of every order.
//
//   Tensor sin(const Tensor& x) {
//     return elementwise<"sin">(Smooth{[](auto x) { return sin(x); }, [](const Tensor& x) { return cos(x); }}, x);
//   }
//
// Beside the lambda stands the derivative by each input, in public ops. The first derivative comes from the lambda's
// duals, in one pass; where another tape is beneath, which may ask for the next, it is computed by the ops, and has
// whatever orders they have.
#pragma once

#include <span>
#include <utility>

#include "tensor/tensor.h"

namespace GRADUS {

/// The lambda, and ∂f/∂xᵢ as a function of all inputs, for each.
template <class F, class... Slope>
struct Smooth : F, Slope... {
  using F::operator();
  Tensor slope(int i, std::span<const Tensor> x) const {
    return [&]<std::size_t... at>(std::index_sequence<at...> all) {
      Tensor result;
      ((at == static_cast<std::size_t>(i) ? void(result = of(static_cast<const Slope&>(*this), x, all)) : void()), ...);
      return result;
    }(std::index_sequence_for<Slope...>());
  }

 private:
  template <class S, std::size_t... at>
  static Tensor of(const S& slope, std::span<const Tensor> x, std::index_sequence<at...>) {
    return slope(x[at]...);
  }
};
template <class F, class... Slope>
Smooth(F, Slope...) -> Smooth<F, Slope...>;

}  // namespace GRADUS
