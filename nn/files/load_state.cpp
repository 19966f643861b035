#include "nn/files/load_state.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "nn/files/quote.h"

namespace GRADUS {

Renaming::Renaming(std::map<std::string, std::string> names)
    : function_([names = std::move(names)](const std::string& name) {
        const auto found = names.find(name);
        return found == names.end() ? name : found->second;
      }) {}

/// "its tensors are called "0.weight", "0.bias" …", so that a renaming can be written.
static std::string names_in(const Checkpoint& checkpoint) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> names;
  for (const auto& [name, dtype] : checkpoint.unread)
    if (names.size() < kShown) names.push_back(quote(name));
  const char* more = checkpoint.unread.size() > kShown ? " …" : "";
  return fmt::format("beside those that are found it has {}{}; give .rename what it calls each of the module's",
                     names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", ")), more);
}

std::vector<std::optional<Tensor>> detail::read_asked(const std::filesystem::path& path, std::span<const Asked> asked,
                                                      const LoadOptions& options) {
  std::vector<std::string> names;  // in the file
  for (const Asked& a : asked) names.push_back(options.rename(a.name));
  const std::set<std::string> wanted(names.begin(), names.end());
  const Checkpoint checkpoint = load_checkpoint(path, [&](const std::string& name) { return wanted.contains(name); });
  std::vector<std::optional<Tensor>> found;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (names[i].empty()) {
      found.emplace_back();
      continue;
    }
    if (!checkpoint.tensors.contains(names[i]) && !checkpoint.unread.contains(names[i]))
      throw Error(fmt::format("[load] {} has no tensor {}{}\nhelp: {}", name_of_file(checkpoint), quote(names[i]),
                              names[i] == asked[i].name ? "" : fmt::format(" ({} here)", quote(asked[i].name)),
                              names_in(checkpoint)));
    found.push_back(detach(find_tensor(checkpoint, names[i], asked[i].name, asked[i].shape, asked[i].buffer)));
  }
  if (options.whole)
    for (const auto& [name, dtype] : checkpoint.unread)
      check(!dtype.starts_with("F") && dtype != "BF16", "[load] {} holds {}, which the module has no place for",
            name_of_file(checkpoint), quote(name));
  return found;
}

}  // namespace GRADUS
