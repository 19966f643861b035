#include <cmath>
#include <cstdio>

#include "box.h"
#include "nn/linear.h"

int main() {
  const double slope = learned_slope();
  std::printf("learned %.6f of %.6f\n", slope, own::kSlope);
  return std::abs(slope - own::kSlope) < 1e-4 ? 0 : 1;  // each step leaves 1 - 2·0.5·mean(x²) = 3/8 of the error
}
