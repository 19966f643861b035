// What must hold of whatever a reader of pictures decodes, and of how it is cut and turned.
#pragma once

#include "models/data/picture.h"
#include "tensor/check.h"
#include "tests/fuzz/memory_file.h"

namespace gradus::test {

/// Decodes by `decode`, which may refuse.
template <class Decode>
void decode_and_look(const Decode& decode) {
  try {
    const Decoded decoded = decode();
    const Picture& picture = decoded.picture;
    must(std::ssize(picture.pixels) == picture.height * picture.width * picture.channels);
    const Picture small = turn(fit(picture, {5, 3}), decoded.orientation);
    must(std::ssize(small.pixels) == 15 * picture.channels);
  } catch (const Error&) {
  }
}

}  // namespace gradus::test
