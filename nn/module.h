// A module is a plain struct that lists its members:
//
//   struct Linear {
//     Tensor weight, bias;
//     void members(auto&& visit) { visit("weight", weight); visit("bias", bias); }
//   };
//
// From the list follow parameters, names ("encoder.hidden.0.weight"), counts, saving and loading. A member listed as ""
// adds nothing to the names below it. Nothing is registered
// and no pointer is kept: a module is copied like any struct, and writing one leaves the other as it was. (To a tape
// they are one until then; `detached` in nn/state.h makes a copy that it does not know.)
//
// What may be listed: a Tensor (a parameter), a Buffer (saved, not optimised), another module, a vector, array,
// optional or variant of these, a std::map of them by name ("blocks.left.weight"), and settings (numbers, enums,
// strings, structs that list such). No pointers, of which a copy would share what they point at: Layer, in
// nn/sequential.h, holds any layer and is copied with it.
#pragma once

#include "nn/members.h"
#include "tensor/random.h"

namespace GRADUS {

/// A tensor that is part of the state but not optimised, like running statistics.
struct Buffer {
  Tensor value;
};

/// What a layer needs that draws or behaves differently in training: `Tensor operator()(const Tensor&, Context&)`.
struct Context {
  bool training;
  Rng& rng;
};

/// Receives every tensor of a module in the order of listing; settings are passed over.
class TensorVisitor {
 public:
  virtual ~TensorVisitor() = default;
  virtual void parameter(const MemberPath& path, Tensor& x) = 0;
  virtual void buffer(const MemberPath& path, Tensor& x) = 0;
};

template <class M>
concept Module = requires(M& module) { module.members([](const char*, auto&) {}); };
/// A module behind a type-erased handle hands the walk on itself.
template <class M>
concept Erased = requires(M& module, const MemberPath& path, TensorVisitor& visitor) { module.walk(path, visitor); };

/// Visits the tensors under `member`, which is reached by `path`.
template <class M>
void walk(M& member, const MemberPath& path, TensorVisitor& visitor) {
  const auto go_on = [&](auto& part, const MemberPath& to) { gradus::walk(part, to, visitor); };
  if constexpr (std::same_as<M, Tensor>)
    visitor.parameter(path, member);
  else if constexpr (std::same_as<M, Buffer>)
    visitor.buffer(path, member.value);
  else if constexpr (Erased<M>)
    member.walk(path, visitor);
  else if constexpr (Module<M>)
    member.members([&](const char* name, auto& part) { go_on(part, MemberPath{&path, name, 0}); });
  else if constexpr (!detail::is_setting<M>)
    if constexpr (detail::check_container<M>()) detail::for_each_part(member, path, go_on);
}

/// Calls visit(path, tensor) for the parameters of a module, in order; for its buffers too where `buffers` says so.
template <bool buffers = false, class M, class Visit>
void for_each_parameter(M& module, const Visit& visit) {
  struct Visitor final : TensorVisitor {
    const Visit& visit;
    explicit Visitor(const Visit& visit) : visit(visit) {}
    void parameter(const MemberPath& path, Tensor& x) override { visit(path, x); }
    void buffer(const MemberPath& path, Tensor& x) override {
      if constexpr (buffers) visit(path, x);
    }
  } visitor(visit);
  walk(module, MemberPath{}, visitor);
}

namespace detail {
/// Error when two of the tensors are one and the same.
void check_distinct(std::span<const Tensor> parameters);
}  // namespace detail

/// The parameters as they are now, in order: a look, not handles to keep, for an update makes new tensors. Error
/// when a tensor is listed twice.
template <class M>
std::vector<Tensor> parameters(const M& module) {
  std::vector<Tensor> all;
  for_each_parameter(const_cast<M&>(module), [&](const MemberPath&, Tensor& x) { all.push_back(x); });
  detail::check_distinct(all);
  return all;
}

}  // namespace GRADUS
