// expect: the diamond: your order has 5 nodes, and the graph has 4
#pragma once

// Whoever is met again is written down again.
inline void visit(const Graph& graph, int n, std::vector<int>& sorted) {
  for (const int from : graph[n]) visit(graph, from, sorted);
  sorted.push_back(n);
}
inline std::vector<int> order(const Graph& graph) {
  std::vector<int> sorted;
  visit(graph, 0, sorted);
  return sorted;
}
