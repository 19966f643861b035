// The tape as text, for people who want to see it.
#include "autograd/tape_memory.h"

namespace GRADUS {

std::string Tape::listing() const {
  std::string out;
  for (std::size_t n = 0; n < memory().nodes.size(); ++n) {
    const Node& node = memory_->nodes[n];
    out += fmt::format("v{} = ", n);
    if (node.op) {
      out += fmt::format("{}(", node.op);
      for (int e = 0; e < node.edges; ++e) {
        const int from = memory_->edges[node.first_edge + e].node;
        out += fmt::format("{}{}", e ? ", " : "",
                           from < 0 ? to_string(memory_->constants[-1 - from]) : fmt::format("v{}", from));
      }
      out += ")";
    } else {
      out += "watched";
    }
    out += fmt::format("  {}\n", node.shape);
  }
  return out;
}

}  // namespace GRADUS
