// expect: on tape 2 there is no path from the log-likelihood to the encoder
#pragma once

// Looks whether the parameter is on the tape, not whether it can be reached.
inline bool reaches(const std::vector<Line>& tape, int, const std::string& prefix) {
  for (const Line& line : tape)
    if (line.name.starts_with(prefix)) return true;
  return false;
}
