// expect: on tape 1 the log-likelihood does reach the decoder
#pragma once

// Follows the first argument alone.
inline bool reaches(const std::vector<Line>& tape, int from, const std::string& prefix) {
  while (!tape[from].uses.empty()) from = tape[from].uses[0];
  return tape[from].name.starts_with(prefix);
}
