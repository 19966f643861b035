// Series moved, stretched and telescoped, against what one finds by hand.
#include <doctest/doctest.h>

#include "tensor/series.h"

using namespace gradus;
using detail::Series;

TEST_CASE("a series of x + 1 and of 2x, in powers of x") {
  CHECK(detail::shifted(Series<3>{1, 2, 3}, 1) == Series<3>{6, 8, 3});
  CHECK(detail::stretched(Series<3>{1, 2, 3}, 2) == Series<3>{1, 4, 12});
}

TEST_CASE("telescoped, x³ is 3x/4 on -1 … 1 and x² is x - 1/8 on 0 … 1") {
  CHECK(detail::telescoped<3>(Series<4>{0, 0, 0, 1}) == Series<3>{0, 0.75, 0});
  CHECK(detail::telescoped<2>(Series<3>{0, 0, 1}, 0, 1) == Series<2>{-0.125, 1});
}
