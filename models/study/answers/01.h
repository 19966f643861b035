// Your answer to lesson 1. Replace the line that throws.
#pragma once

/// The slope of f at x, from f(x - 2h), f(x - h), f(x + h) and f(x + 2h).
inline double five_point(const Function& /*f*/, double /*x*/, double /*h*/) { throw Todo{"write `five_point`"}; }
