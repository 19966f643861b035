// The tape as text, for people who want to see it.
#include "autograd/tape_memory.h"

namespace GRADUS {

std::string Tape::listing(std::span<const std::string> names) const {
  const Memory& list = memory();
  std::vector<const std::string*> name(list.nodes.size());
  for (std::size_t i = watched_.size(); i-- > 0;)
    if (i < names.size()) name[list.ids.find(watched_[i])] = &names[i];
  std::string out;
  for (std::size_t n = 0; n < list.nodes.size(); ++n) {
    const Node& node = list.nodes[n];
    out += fmt::format("v{} = ", n);
    if (node.op) {
      out += fmt::format("{}(", node.op);
      for (int e = 0; e < node.edges; ++e) {
        const int from = list.edges[node.first_edge + e].node;
        out += fmt::format("{}{}", e ? ", " : "",
                           from < 0 ? to_string(list.constants[-1 - from]) : fmt::format("v{}", from));
      }
      out += ")";
    } else {
      out += name[n] ? *name[n] : "watched";
    }
    out += fmt::format("  {}\n", node.shape);
  }
  return out;
}

}  // namespace GRADUS
