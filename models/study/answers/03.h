// Your answer to lesson 3. Replace the line that throws.
#pragma once

/// All nodes, each behind every node that it was made of.
inline std::vector<int> order(const Graph& /*graph*/) { throw Todo{"write `order`"}; }
