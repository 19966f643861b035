// What a module forgets to list: bytes of the struct that no listed member covers and no alignment explains.
//
// A member that is not listed is neither trained nor saved. As far as a struct can be seen from outside: what is small
// enough to lie between two others where alignment leaves room is not found.
#pragma once

#include "nn/module.h"

namespace GRADUS {

namespace detail {

struct Place {
  const char* name;
  std::size_t begin, size, alignment;  // in bytes from the start of the struct
};
/// Adds a sentence to `found` for each gap between the `listed` members of a struct.
void find_gaps(const MemberPath& path, const Place& module, bool has_virtual, std::vector<Place> listed,
               std::vector<std::string>& found);

}  // namespace detail

/// Adds a sentence to `found` for each gap in the modules at and below `member`, which is reached by `path`.
template <class M>
void find_unlisted(M& member, const MemberPath& path, std::vector<std::string>& found) {
  if constexpr (std::same_as<M, Tensor> || std::same_as<M, Buffer> || detail::is_setting<M>) {
  } else if constexpr (requires { member.find_unlisted(path, found); }) {
    member.find_unlisted(path, found);
  } else if constexpr (Module<M>) {
    const auto start = reinterpret_cast<std::uintptr_t>(&member);
    std::vector<detail::Place> listed;
    member.members([&](const char* name, auto& part) {
      const auto at = reinterpret_cast<std::uintptr_t>(&part);
      if (at >= start && at < start + sizeof(M))
        listed.push_back({name, at - start, sizeof(part), alignof(decltype(part))});
      gradus::find_unlisted(part, MemberPath{&path, name, 0}, found);
    });
    detail::find_gaps(path, {nullptr, 0, sizeof(M), alignof(M)}, std::is_polymorphic_v<M>, std::move(listed), found);
  } else if constexpr (detail::Members<M>) {
    int index = 0;
    for (auto& part : member) gradus::find_unlisted(part, MemberPath{&path, nullptr, index++}, found);
  } else if constexpr (requires { member.has_value(); }) {
    if (member) gradus::find_unlisted(*member, path, found);
  } else if constexpr (requires { member.valueless_by_exception(); }) {
    std::visit([&](auto& chosen) { gradus::find_unlisted(chosen, path, found); }, member);
  }
}

}  // namespace GRADUS
