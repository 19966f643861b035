#include "nn/unlisted.h"

#include <algorithm>

namespace GRADUS {

void detail::find_gaps(const MemberPath& path, const Place& module, bool has_virtual, std::vector<Place> listed,
                       std::vector<std::string>& found) {
  const std::string name = path.text(), owner = name.empty() ? "the layer" : fmt::format("\"{}\"", name);
  const auto aligned = [](std::size_t at, std::size_t to) { return (at + to - 1) / to * to; };
  std::ranges::sort(listed, {}, &Place::begin);
  listed.push_back({nullptr, module.size, 0, module.alignment});  // the end, which is aligned as well
  std::size_t end = has_virtual ? sizeof(void*) : 0;
  std::string before;
  for (const Place& next : listed) {
    if (aligned(end, next.alignment) < next.begin)
      found.push_back(fmt::format("{} has {} bytes{}{} that its members() does not list", owner, next.begin - end,
                                  before.empty() ? " at its start" : " after ", before));
    end = std::max(end, next.begin + next.size);
    if (next.name) before = fmt::format("\"{}\"", next.name);
  }
}

}  // namespace GRADUS
