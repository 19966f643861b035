// A module is a plain struct that lists its members:
//
//   struct Linear {
//     Tensor weight, bias;
//     void members(auto&& visit) { visit("weight", weight); visit("bias", bias); }
//   };
//
// From the list follow parameters, names ("encoder.hidden.0.weight"), counts, saving and loading. Nothing is registered
// and no pointer is kept: a module is copied like any struct, and writing one leaves the other as it was. (To a tape
// they are one until then; `detached` in nn/state.h makes a copy that it does not know.)
//
// What may be listed: a Tensor (a parameter), a Buffer (saved, not optimised), another module, a vector, array,
// optional or variant of these, and settings (numbers, enums, strings).
#pragma once

#include <concepts>
#include <optional>
#include <ranges>
#include <variant>

#include "tensor/random.h"
#include "tensor/tensor.h"

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

/// The way from the root of a module to a member; turned into text only when asked.
struct MemberPath {
  const MemberPath* parent = nullptr;
  const char* name = nullptr;  // null: an index
  int index = 0;

  /// "encoder.hidden.0.weight"
  std::string text() const;
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
void walk(M& member, const MemberPath& path, TensorVisitor& visitor);

namespace detail {
template <class T>
inline constexpr bool is_setting = std::is_arithmetic_v<T> || std::is_enum_v<T> || std::same_as<T, std::string> ||
                                   std::is_empty_v<T>;

/// A container of members, which have addresses and are not containers of the same kind again (as a path is).
template <class M>
concept Members = std::ranges::range<M> && std::is_lvalue_reference_v<std::ranges::range_reference_t<M>> &&
                  !std::same_as<std::remove_cvref_t<std::ranges::range_reference_t<M>>, std::remove_const_t<M>>;
template <Members M>
void walk_container(M& members, const MemberPath& path, TensorVisitor& visitor) {
  int index = 0;
  for (auto& member : members) gradus::walk(member, MemberPath{&path, nullptr, index++}, visitor);
}
template <class T>
void walk_container(std::optional<T>& member, const MemberPath& path, TensorVisitor& visitor) {
  if (member) gradus::walk(*member, path, visitor);
}
template <class... T>
void walk_container(std::variant<T...>& member, const MemberPath& path, TensorVisitor& visitor) {
  std::visit([&](auto& chosen) { gradus::walk(chosen, path, visitor); }, member);
}
}  // namespace detail

template <class M>
void walk(M& member, const MemberPath& path, TensorVisitor& visitor) {
  if constexpr (std::same_as<M, Tensor>)
    visitor.parameter(path, member);
  else if constexpr (std::same_as<M, Buffer>)
    visitor.buffer(path, member.value);
  else if constexpr (Erased<M>)
    member.walk(path, visitor);
  else if constexpr (Module<M>)
    member.members([&](const char* name, auto& part) { gradus::walk(part, MemberPath{&path, name, 0}, visitor); });
  else if constexpr (!detail::is_setting<M>) {
    static_assert(requires { detail::walk_container(member, path, visitor); },
                  "a member is a Tensor, a Buffer, a setting, a module with members(auto&& visit), or a container of "
                  "those; it is not const, and neither is members()");
    detail::walk_container(member, path, visitor);
  }
}

/// Calls visit(path, tensor) for the parameters of a module, in order; for its buffers too where `buffers` says so.
template <bool buffers = false, class M, class Visit>
void for_each_parameter(M& module, const Visit& visit) {
  struct Visitor final : TensorVisitor {
    const Visit& visit;
    explicit Visitor(const Visit& visit) : visit(visit) {}
    void parameter(const MemberPath& path, Tensor& x) override { visit(path, x); }
    void buffer(const MemberPath& path, Tensor& x) override { if constexpr (buffers) visit(path, x); }
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
