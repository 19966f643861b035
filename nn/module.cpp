#include "nn/module.h"

#include <algorithm>

namespace GRADUS {

std::string MemberPath::text() const {
  if (!parent) return {};
  const std::string front = parent->text();
  const std::string own = name ? name : std::to_string(index);
  return front.empty() || own.empty() ? front + own : front + '.' + own;
}

void detail::check_key(const std::string& key) {
  check(!key.empty(), "[module] a key of a map of members is empty\nhelp: it is the member's name");
  check(key.find('.') == key.npos && key.find('\0') == key.npos,
        "[module] a map of members has the key \"{}\"\nhelp: a dot parts the names of a path, \"blocks.left.weight\"",
        key.c_str());
}

void detail::check_distinct(std::span<const Tensor> parameters) {
  std::vector<std::uint64_t> ids;
  ids.reserve(parameters.size());
  for (const Tensor& x : parameters) ids.push_back(x.id());
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice == ids.end()) return;
  const auto shared = std::ranges::find(parameters, *twice, &Tensor::id);
  throw Error(fmt::format("[parameters] a tensor of shape {} is listed twice\nhelp: a copied module shares its tensors "
                          "until they are written; give each member numbers of its own",
                          shared->shape()));
}

}  // namespace GRADUS
