// What a table of misuse consists of, and how it is checked: every wrong call against the exact sentence it must give.
#pragma once

#include "tests/files.h"

namespace gradus::test {

struct Misuse {
  std::string what;
  std::function<void()> call;
  std::string sentence;
};

inline const std::string kUnwatched =
    "[gradient] the loss depends on nothing that this tape watches\nhelp: compute it while the tape is alive and not "
    "paused, in its thread, from the very tensors given to the tape; writing to a tensor, as an optimiser's step does, "
    "makes it a new one, so take parameters(module) afresh for each tape";

inline void check_sentences(const std::vector<Misuse>& table) {
  for (const Misuse& misuse : table) {
    const std::string said = error_of(misuse.call);
    CHECK_MESSAGE(said == misuse.sentence, misuse.what, ": ", said, "|");
  }
}

}  // namespace gradus::test
