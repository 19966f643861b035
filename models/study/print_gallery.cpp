// ./run course gallery: the matrix of bugs and checks.
#include <fmt/format.h>

#include "models/study/gallery.h"

int main() { fmt::print("{}", study::gallery()); }
