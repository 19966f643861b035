// What a module's list of members may hold beside tensors and modules: settings, and containers, whose parts are found
// here; and what is said of anything else.
#pragma once

#include <map>
#include <optional>
#include <ranges>
#include <variant>

#include "tensor/tensor.h"

namespace GRADUS {

/// The way from the root of a module to a member; turned into text only when asked.
struct MemberPath {
  const MemberPath* parent = nullptr;
  const char* name = nullptr;  // null: an index
  int index = 0;

  /// "encoder.hidden.0.weight"
  std::string text() const;
};

namespace detail {

template <class T>
inline constexpr bool is_setting =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || std::same_as<T, std::string> || std::is_empty_v<T>;

/// A range of members, which have addresses and are not ranges of the same kind again (as a path is).
template <class M>
concept Members = std::ranges::range<M> && std::is_lvalue_reference_v<std::ranges::range_reference_t<M>> &&
                  !std::same_as<std::remove_cvref_t<std::ranges::range_reference_t<M>>, std::remove_const_t<M>>;
/// Error unless the key of a map can be a name in a path.
void check_key(const std::string& key);

/// Calls visit(part, its path) for what a container holds: a range by position, a map by key and in its order.
template <Members M>
void for_each_part(M& members, const MemberPath& path, const auto& visit) {
  int index = 0;
  for (auto& member : members) visit(member, MemberPath{&path, nullptr, index++});
}
template <class T, class Less>
void for_each_part(std::map<std::string, T, Less>& members, const MemberPath& path, const auto& visit) {
  for (auto& [key, member] : members) check_key(key), visit(member, MemberPath{&path, key.c_str()});
}
template <class T>
void for_each_part(std::optional<T>& member, const MemberPath& path, const auto& visit) {
  if (member) visit(*member, path);
}
template <class... T>
void for_each_part(std::variant<T...>& member, const MemberPath& path, const auto& visit) {
  std::visit([&](auto& chosen) { visit(chosen, path); }, member);
}

struct Anything {
  void operator()(auto&, const MemberPath&) const {}
};
template <class M>
concept Container = requires(M& member, const MemberPath& path) { for_each_part(member, path, Anything{}); };

template <class M>
concept Pointer = std::is_pointer_v<M> || requires(M& member) {
  typename M::element_type;
  member.get();
};
template <class M>
concept Keyed = requires { typename M::key_type; };
template <class M>
inline constexpr bool is_map_by_name = false;
template <class T, class Less>
inline constexpr bool is_map_by_name<std::map<std::string, T, Less>> = true;

/// True for a container of members; what is neither that nor a tensor, setting or module does not compile, and the
/// compiler says why.
template <class M>
constexpr bool check_container() {
  if constexpr (std::is_const_v<M>)
    static_assert(!std::is_const_v<M>, "a member is not const, and neither is members()");
  else if constexpr (Pointer<M>)
    static_assert(!Pointer<M>, "a member is not a pointer, of which a copied module would share what it points at: a "
                               "Layer (nn/sequential.h) holds any layer, and copies it when it is copied");
  else if constexpr (Keyed<M>)
    static_assert(is_map_by_name<M>,
                  "a map of members is a std::map with std::string keys, which give names and order");
  else if constexpr (std::is_class_v<M> && !std::ranges::range<M>)
    static_assert(Container<M>, "a struct that is a member lists its own, settings too, in public: "
                                "void members(auto&& visit) { visit(\"width\", width); }");
  else
    static_assert(Container<M>, "a member is a Tensor, a Buffer, a setting (a number, enum or string), a module with "
                                "members(auto&& visit), or a container of those");
  return !std::is_const_v<M> && Container<M>;
}

}  // namespace detail
}  // namespace GRADUS
