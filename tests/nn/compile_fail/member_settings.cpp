// expect: a struct that is a member lists its own, settings too, in public: void members\(auto&& visit\)
#include "nn/linear.h"
#include "nn/sequential.h"

using namespace gradus;

struct Settings {
  int width = 3;
  double rate = 0.5;
};
struct Wide {
  Settings settings;
  Tensor operator()(const Tensor& x) const { return x; }
  void members(auto&& visit) { visit("settings", settings); }
};

Layer layer() { return Wide{}; }
