// What a module forgets to list: bytes of the struct that no listed member covers and no alignment explains.
//
// A member that is not listed is neither trained nor saved. As far as a struct can be seen from outside: what is small
// enough to lie between two others where alignment leaves room is not found. Where members() lists what the struct only
// points at (what a unique_ptr owns, the values of a map one by one), the owner is such a gap and no fault: one that
// holds a pointer to what is listed, or all where that is nowhere to be seen.
#pragma once

#include <functional>

#include "nn/module.h"

namespace GRADUS {

namespace detail {

struct Place {
  const char* name;
  std::size_t begin, size, alignment;  // in bytes from the start of the struct
};
/// A struct, and what it lists.
struct Listing {
  const std::byte* start;
  std::size_t size, alignment;
  bool has_virtual;
  std::vector<Place> inside{};
  std::vector<const std::byte*> outside{};  // parts that it lists and only points at
};
/// Adds a sentence to `found` for each gap.
void find_gaps(const MemberPath& path, Listing listing, std::vector<std::string>& found);

}  // namespace detail

/// Adds a sentence to `found` for each gap in the modules at and below `member`, which is reached by `path`.
template <class M>
void find_unlisted(M& member, const MemberPath& path, std::vector<std::string>& found) {
  const auto go_on = [&](auto& part, const MemberPath& to) { gradus::find_unlisted(part, to, found); };
  if constexpr (std::same_as<M, Tensor> || std::same_as<M, Buffer> || detail::is_setting<M>) {
  } else if constexpr (requires { member.find_unlisted(path, found); }) {
    member.find_unlisted(path, found);
  } else if constexpr (Module<M>) {
    const auto start = reinterpret_cast<const std::byte*>(&member);
    detail::Listing listing{start, sizeof(M), alignof(M), std::is_polymorphic_v<M>};
    member.members([&](const char* name, auto& part) {
      const auto at = reinterpret_cast<const std::byte*>(&part);
      if (std::less_equal()(start, at) && std::less()(at, start + sizeof(M)))
        listing.inside.push_back({name, static_cast<std::size_t>(at - start), sizeof(part), alignof(decltype(part))});
      else if (!detail::is_setting<std::remove_reference_t<decltype(part)>>)
        listing.outside.push_back(at);
      go_on(part, MemberPath{&path, name, 0});
    });
    detail::find_gaps(path, std::move(listing), found);
  } else if constexpr (detail::Container<M>) {
    detail::for_each_part(member, path, go_on);
  }
}

}  // namespace GRADUS
