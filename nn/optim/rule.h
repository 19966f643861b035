// What a rule of optimisation is: a struct of numbers, with the names of its moments and one step on lanes.
//
//   struct Lion {  // Chen and others 2023
//     double lr = 1e-4, beta1 = 0.9, beta2 = 0.99;
//     static constexpr std::array kMoments{"m"};
//     void step(Batch& x, Batch& m, Batch g) const {
//       const Batch u = beta1 * m + (1 - beta1) * g;
//       x -= where(u > 0, lr, where(u < 0, -lr, u));  // u is 0 or NaN there
//       m = beta2 * m + (1 - beta2) * g;
//     }
//   };
//
// `Optimizer optimizer(Lion{.lr = 1e-3})` runs it over each parameter, its moments and its gradient in one pass. What a
// rule may have:
//
//   double lr             its rate; within a step the schedule's factor is in it
//   kMoments              the names of what it keeps of each parameter, zeros at first; left out where that is nothing
//   step(x, moments…, g)  on lanes of the parameter and of each moment, by reference, and of the gradient
//   step(t)               instead, where its numbers depend on the count of steps, from 1: returns such a function of
//                         lanes; what stands before it is computed once in a step, in double
//   kept()                how many of its moments it keeps with the numbers it has; the others are zeros in every step
//   settings(is)          lists its numbers with their ranges (nn/range.h) and a line of help, as
//                         void settings(auto&& is) { is("beta1", beta1, RealRange{.min = 0, .max = 1}, "…"); }
//   check_numbers()       throws Error where numbers do not go together
//   kName                 what a checkpoint calls it
//
// A rule that needs more than lanes, as the norm of a whole parameter, is a loop over for_each_parameter (nn/module.h).
#pragma once

#include <array>
#include <memory>
#include <span>
#include <typeinfo>

#include "nn/range.h"
#include "tensor/tensor.h"
#include "tensor/update.h"

namespace GRADUS {

namespace detail {

inline constexpr RealRange kLearningRate{.min = 0, .max = 1e12, .above_min = true}, kEpsilon = kLearningRate;
inline constexpr RealRange kDecay{.min = 0, .max = 1, .below_max = true};  // what a step leaves of a moment
inline constexpr RealRange kWeightDecay{.min = 0, .max = 1e6};

/// A parameter in a step.
struct Slot {
  Tensor* x;
  std::span<Tensor> moments;
  Tensor gradient;  // row-major
};

/// Error unless the number is in its range, both as it is and as Real.
void check_setting(const char* name, double value, const RealRange& range);
void check_setting(const char* name, std::int64_t value, const IntegerRange& range);

/// What a rule's list of settings is given: is(name, number, range, help), or is(name, flag, help).
struct SettingCheck {
  template <class... Setting>
  void operator()(const Setting&... setting) const {
    static_assert(
        requires { one(setting...); },
        "a rule lists a setting as is(name, number, range, help), or as is(name, flag, help)");
    if constexpr (requires { one(setting...); }) one(setting...);
  }

 private:
  static void one(const char* name, double value, const RealRange& range, const char*) {
    check_setting(name, value, range);
  }
  static void one(const char* name, std::int64_t value, const IntegerRange& range, const char*) {
    check_setting(name, value, range);
  }
  static void one(const char*, bool, const char*) {}
};

class AnyRule {
 public:
  virtual ~AnyRule() = default;
  virtual const std::type_info& type() const = 0;
  virtual const char* name() const = 0;                      // or null
  virtual std::span<const char* const> moments() const = 0;  // those that are kept
  virtual void step(double factor, std::int64_t t, std::span<const Slot> slots) const = 0;
};

/// Any rule as an AnyRule. Those of nn/optim/ are compiled in the library (rules.cpp).
template <class R>
class HeldRule final : public AnyRule {
 public:
  explicit HeldRule(const R& rule);
  const std::type_info& type() const override { return typeid(R); }
  const char* name() const override;
  std::span<const char* const> moments() const override;
  void step(double factor, std::int64_t t, std::span<const Slot> slots) const override;

 private:
  R rule_;
};

template <class R>
constexpr std::size_t moment_count() {
  if constexpr (requires { R::kMoments; }) return std::size(R::kMoments);
  return 0;
}

template <class R>
concept Counting = requires(const R& rule, std::int64_t t) { [](auto) {}(rule.step(t)); };  // step(t), not void

template <class R, class... Lanes>
auto step_of(const R& rule, Lanes&&... lanes) -> decltype(rule.step(std::forward<Lanes>(lanes)...)) {
  return rule.step(std::forward<Lanes>(lanes)...);
}

/// What a step does with lanes.
template <class R>
auto lanes_of(const R& rule, [[maybe_unused]] std::int64_t t) {
  if constexpr (Counting<R>)
    return rule.step(t);
  else
    return [rule]<class... Lanes>(
               Lanes&&... lanes) -> decltype(step_of(std::declval<const R&>(), std::declval<Lanes>()...)) {
      return step_of(rule, std::forward<Lanes>(lanes)...);
    };
}

/// Whether F takes these lanes and a gradient, lane `passing` being a value that nobody keeps (so F must not take it).
template <class F, std::size_t passing, std::size_t... i>
constexpr bool takes(std::index_sequence<i...>) {
  return std::invocable<const F&, std::conditional_t<i == passing, Batch, Batch&>..., Batch>;
}
template <class F, std::size_t... i>
constexpr bool writes(std::index_sequence<i...> lanes) {
  return takes<F, sizeof...(i)>(lanes) && !(takes<F, i>(lanes) || ...);
}

template <class R>
constexpr bool has_rate = requires(R rule) { rule.lr *= 0.5; };
template <class R>
constexpr bool has_step =
    writes<decltype(lanes_of(std::declval<const R&>(), 0))>(std::make_index_sequence<1 + moment_count<R>()>());

template <class R>
HeldRule<R>::HeldRule(const R& rule) : rule_(rule) {
  check_setting("lr", static_cast<double>(rule_.lr), kLearningRate);
  if constexpr (requires { rule_.settings(SettingCheck()); }) rule_.settings(SettingCheck());
  if constexpr (requires { rule_.check_numbers(); }) rule_.check_numbers();
}

template <class R>
const char* HeldRule<R>::name() const {
  if constexpr (requires { R::kName; }) return R::kName;
  return nullptr;
}

template <class R>
std::span<const char* const> HeldRule<R>::moments() const {
  if constexpr (moment_count<R>() == 0)
    return {};
  else if constexpr (requires { rule_.kept(); })
    return std::span(R::kMoments).first(rule_.kept());
  else
    return R::kMoments;
}

/// One step of all parameters, with the first `kept` of their moments.
template <std::size_t kept, std::size_t all, class F>
void step_slots(const F& function, std::span<const Slot> slots) {
  for (const Slot& slot : slots) {
    std::array<Real*, 1 + kept> written{slot.x->write().data};
    for (std::size_t k = 0; k < kept; ++k) written[1 + k] = slot.moments[k].write().data;
    kernel::update<1 + kept>(written, slot.gradient.view().data, slot.x->numel(), [function](auto& lanes, Batch g) {
      std::array<Batch, 1 + all> zeroed;  // those that are not kept
      zeroed.fill(0);
      [&]<std::size_t... i>(std::index_sequence<i...>) {
        function((i <= kept ? lanes[std::min(i, kept)] : zeroed[i])..., g);
      }(std::make_index_sequence<1 + all>());
    });
  }
}

template <class R>
void HeldRule<R>::step(double factor, std::int64_t t, std::span<const Slot> slots) const {
  constexpr std::size_t all = moment_count<R>();
  R rule = rule_;
  rule.lr *= factor;
  const auto lanes = lanes_of(rule, t);
  if constexpr (requires { rule.kept(); })
    [&]<std::size_t... kept>(std::index_sequence<kept...>) {
      ((kept == rule.kept() ? step_slots<kept, all>(lanes, slots) : void()), ...);
    }(std::make_index_sequence<all + 1>());
  else
    step_slots<all, all>(lanes, slots);
}

}  // namespace detail

/// Any rule, as a value. Error for a setting out of its range, as it is or as Real (an epsilon of 1e-46 is 0 in float).
class OptimizerRule {
 public:
  template <class R>
    requires(!std::same_as<R, OptimizerRule>)
  OptimizerRule(const R& rule) {
    static_assert(detail::has_rate<R>, "a rule of optimisation has a rate, `double lr`: nn/optim/rule.h shows a rule");
    if constexpr (detail::has_rate<R>) {
      static_assert(detail::has_step<R>,
                    "a rule's step takes lanes of x and of each of its kMoments by reference, then the gradient, as in "
                    "step(Batch& x, Batch& m, Batch g): nn/optim/rule.h shows a rule");
      if constexpr (detail::has_step<R>) held_ = std::make_shared<const detail::HeldRule<R>>(rule);
    }
  }

  const detail::AnyRule* operator->() const { return held_.get(); }

 private:
  std::shared_ptr<const detail::AnyRule> held_;
};

}  // namespace GRADUS
