#pragma once

inline std::vector<double> walk_back(const Tape& tape, int result) {
  std::vector<double> d(tape.size());
  d[result] = 1;
  for (int n = result; n >= 0; --n)
    for (const Use& use : tape[n].uses) d[use.entry] += d[n] * use.slope;
  return d;
}
