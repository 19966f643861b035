// Mentions Real and nothing else of Gradus: enough to be refused by the library of another flavour.
#include "tensor/real.h"

int main() {
  const gradus::Real x = 0;
  return x != 0;
}
