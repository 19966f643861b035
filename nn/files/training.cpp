#include "nn/files/training.h"

#include <charconv>

#include "nn/files/quote.h"

namespace GRADUS::detail {

Tensor Taking::tensor(const std::string& name, const Shape& shape, bool buffer) {
  taken_.insert(name);
  return detach(find_tensor(checkpoint_, name, name, shape, buffer));
}

std::uint64_t Taking::count(const std::string& name, const char* part) {
  taken_.insert(name);
  const std::string file = name_of_file(checkpoint_);
  const auto found = checkpoint_.metadata.find(name);
  check(found != checkpoint_.metadata.end(), "[load] {} holds no {}: it was saved without one", file, part);
  const std::string& text = found->second;
  // What counts steps is signed: below 2^63. A generator's numbers are any.
  const bool any = name.starts_with("generator.");
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  check(error == std::errc() && end == text.data() + text.size() && (any || number < std::uint64_t{1} << 53),
        "[load] {} says that {} is {}, which is not a count", file, name, quote(text));
  return number;
}

void Taking::rule(const char* name) {
  taken_.insert("optimizer.rule");
  const auto found = checkpoint_.metadata.find("optimizer.rule");
  if (!name || found == checkpoint_.metadata.end()) return;
  check(found->second == name, "[load] {} was saved by an optimizer of the rule {}, not {}", name_of_file(checkpoint_),
        quote(found->second), quote(name));
}

void Taking::finish() const {
  for (const char* part : {"optimizer", "average", "generator"})
    for (const auto& [name, text] : checkpoint_.metadata)
      check(!name.starts_with(fmt::format("{}.", part)) || taken_.contains(name),
            "[load] {} also holds the {}, which nobody asks for\nhelp: load_state reads the module alone",
            name_of_file(checkpoint_), part);
  for (const auto& [name, tensor] : checkpoint_.tensors)
    check(taken_.contains(name), "[load] {} also holds the tensor {}, which nobody asks for", name_of_file(checkpoint_),
          quote(name));
}

}  // namespace GRADUS::detail
