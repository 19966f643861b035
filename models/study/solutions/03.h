#pragma once

#include <algorithm>

inline std::vector<int> order(const Graph& graph) {
  std::vector<int> users(graph.size());
  for (const std::vector<int>& made_of : graph)
    for (const int from : made_of) ++users[from];
  std::vector<int> sorted;
  for (std::size_t n = 0; n < graph.size(); ++n)
    if (users[n] == 0) sorted.push_back(static_cast<int>(n));
  for (std::size_t i = 0; i < sorted.size(); ++i)
    for (const int from : graph[sorted[i]])
      if (--users[from] == 0) sorted.push_back(from);
  std::ranges::reverse(sorted);
  return sorted;
}
