// expect: the slope of x² at 0.7: your answer gives 1.401
#pragma once

inline double five_point(const Function& f, double x, double h) { return (f(x + h) - f(x)) / h; }
