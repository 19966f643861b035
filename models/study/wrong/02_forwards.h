// expect: d/da of (a + b)·b at 2, 3: your answer gives 0, and 3 is right
#pragma once

inline std::vector<double> walk_back(const Tape& tape, int result) {
  std::vector<double> d(tape.size());
  d[result] = 1;
  for (int n = 0; n <= result; ++n)
    for (const Use& use : tape[n].uses) d[use.entry] += d[n] * use.slope;
  return d;
}
