#pragma once

inline bool reaches(const std::vector<Line>& tape, int from, const std::string& prefix) {
  std::vector<bool> marked(tape.size());
  marked[from] = true;
  for (int n = from; n >= 0; --n) {
    if (!marked[n]) continue;
    if (tape[n].uses.empty() && tape[n].name.starts_with(prefix)) return true;
    for (const int used : tape[n].uses) marked[used] = true;
  }
  return false;
}
