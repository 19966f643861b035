// Your answer to lesson 2. Replace the line that throws; no #include here, it stands inside a namespace.
#pragma once

/// The derivative of entry `result` by every entry of the tape, in the order of the tape.
inline std::vector<double> walk_back(const Tape& /*tape*/, int /*result*/) { throw Todo{"write `walk_back`"}; }
