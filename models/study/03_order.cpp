// After this lesson you can say why some libraries sort their graph before they go back, and why a tape need not.
//
// Many libraries keep no list: each result points at what it was made of, and the way back follows the pointers. Then the
// order matters. A node may hand on its derivative only when all of it has arrived, that is, after everything that uses
// it. Take a = 1, b = a + a, c = b + b; so c = 4a. Three ways of following pointers, each found in real programs:
//
//   | in the right order        4
//   | at once, recursively      6
//   | overwriting               1
//
// "At once" hands on b's derivative when the first half has come (1), and again when the second has (2, in all): 2 + 4.
// One can also walk every path from the result on its own, with its own derivative. That is right, and hopeless: each
// doubling doubles the paths. For 24 ops like these:
//
//   | every path               33554431 visits
//   | in order                 25 visits
//
// A tape is written while the program runs, so an entry stands behind all that it uses. Backwards, it is the order that
// is needed: nothing to sort (README of autograd/: "The tape is a list").
//
// Exercise: you are given a graph without its history. Write the sort: `order`.
#include "models/study/lesson.h"

/// graph[n] are the nodes that n was made of.
using Graph = std::vector<std::vector<int>>;
#include ANSWER

static void at_once(const Graph& graph, int n, std::vector<double>& d) {
  for (const int from : graph[n]) {
    d[from] += d[n];
    at_once(graph, from, d);
  }
}
static void overwriting(const Graph& graph, int n, std::vector<double>& d) {
  for (const int from : graph[n]) {
    d[from] = d[n];
    overwriting(graph, from, d);
  }
}
static long visits(const Graph& graph, int n) {
  long count = 1;
  for (const int from : graph[n]) count += visits(graph, from);
  return count;
}

static void show() {
  const Graph doubled{{}, {0, 0}, {1, 1}};
  std::vector<double> right{0, 0, 1}, early = right, over = right;
  for (int n = 2; n >= 0; --n)
    for (const int from : doubled[n]) right[from] += right[n];
  at_once(doubled, 2, early);
  overwriting(doubled, 2, over);
  fmt::print("in the right order        {}\nat once, recursively      {}\noverwriting               {}\n", right[0],
             early[0], over[0]);
  Graph deep(25);
  for (int n = 1; n < 25; ++n) deep[n] = {n - 1, n - 1};
  fmt::print("every path               {} visits\n", visits(deep, 24));
  fmt::print("in order                 {} visits\n", deep.size());
}

static void check_order(const std::string& what, const Graph& graph) {
  const std::vector<int> found = order(graph);
  expect(found.size() == graph.size(), "{}: your order has {} nodes, and the graph has {}", what, found.size(),
         graph.size());
  std::vector<bool> seen(graph.size());
  for (const int n : found) {
    expect(n >= 0 && n < static_cast<int>(graph.size()) && !seen[n], "{}: node {} is named twice, or is none", what, n);
    seen[n] = true;
    for (const int from : graph[n])
      expect(seen[from], "{}: node {} stands before node {}, which it uses", what, n, from);
  }
}

static void check() {
  check_order("the diamond", {{3, 1}, {2}, {}, {2}});  // 0 = f(3, 1), 1 = g(2), 3 = h(2)
  Graph shuffled(1000);                                // node n uses two that are smaller, under other names
  for (int n = 1; n < 1000; ++n) shuffled[n * 7 % 1000] = {(n / 2) * 7 % 1000, (n - 1) * 7 % 1000};
  check_order("a shuffled graph of 1,000 nodes", shuffled);
  Graph chain(100'000);
  for (int n = 0; n + 1 < 100'000; ++n) chain[n] = {n + 1};
  check_order("a chain of 100,000 nodes", chain);
}

int main(int argc, char** argv) {
  return run({3, "Why no sort", show,
              "Count for each node how many use it. Begin with those that nobody uses; taking one away "
              "lowers the counts of\nwhat it uses, and what comes to 0 is next. Turn the whole around at the end. A "
              "recursion is shorter, "
              "but a chain of\n100,000 nodes may overflow the stack.",
              check},
             argc, argv);
}
