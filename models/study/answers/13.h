// Your answer to lesson 13. Replace the line that throws.
#pragma once

/// True when from line `from` a path leads back to a parameter whose name begins with `prefix`.
inline bool reaches(const std::vector<Line>& /*tape*/, int /*from*/, const std::string& /*prefix*/) {
  throw Todo{"write `reaches`"};
}
