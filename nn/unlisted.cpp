#include "nn/unlisted.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <set>

namespace GRADUS {

using detail::Listing;

/// The parts outside that are pointed at from the bytes begin … end of the struct: by an address up to a map's node
/// before the part, or by two around it, as a vector has them.
static std::vector<const std::byte*> pointed_at(const Listing& listing, std::size_t begin, std::size_t end) {
  constexpr std::uintptr_t node = 128, array = std::uintptr_t{1} << 32;
  std::vector<std::uintptr_t> words;
  for (std::size_t at = (begin + 7) / 8 * 8; at + sizeof(words[0]) <= end; at += sizeof(words[0]))
    std::memcpy(&words.emplace_back(), listing.start + at, sizeof(words[0]));
  std::vector<const std::byte*> parts;
  std::ranges::copy_if(listing.outside, std::back_inserter(parts), [&](const std::byte* part) {
    const auto target = reinterpret_cast<std::uintptr_t>(part);
    for (std::size_t i = 0; i < words.size(); ++i)
      if (words[i] <= target && (target - words[i] <= node ||
                                 (i + 1 < words.size() && target < words[i + 1] && words[i + 1] - words[i] <= array)))
        return true;
    return false;
  });
  return parts;
}

void detail::find_gaps(const MemberPath& path, Listing listing, std::vector<std::string>& found) {
  const std::string name = path.text(), owner = name.empty() ? "the layer" : fmt::format("\"{}\"", name);
  const auto aligned = [](std::size_t at, std::size_t to) { return (at + to - 1) / to * to; };
  std::ranges::sort(listing.inside, {}, &Place::begin);
  listing.inside.push_back({nullptr, listing.size, 0, listing.alignment});  // the end, which is aligned as well
  std::size_t end = listing.has_virtual ? sizeof(void*) : 0;
  std::string before;
  std::vector<std::string> gaps;
  std::set<const std::byte*> owned;
  for (const Place& next : listing.inside) {
    if (aligned(end, next.alignment) < next.begin) {
      const auto parts = pointed_at(listing, end, next.begin);
      owned.insert(parts.begin(), parts.end());
      constexpr std::size_t largest_owner = 64;  // an unordered_map takes 56 bytes
      if (next.begin - end > largest_owner * parts.size())
        gaps.push_back(fmt::format("{} has {} bytes{}{} that its members() does not list", owner, next.begin - end,
                                   before.empty() ? " at its start" : " after ", before));
    }
    end = std::max(end, next.begin + next.size);
    if (next.name) before = fmt::format("\"{}\"", next.name);
  }
  if (owned.size() < std::set(listing.outside.begin(), listing.outside.end()).size()) return;  // owned in two steps
  found.insert(found.end(), gaps.begin(), gaps.end());
}

}  // namespace GRADUS
