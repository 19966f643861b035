// expect: a member is a Tensor, a Buffer, a setting \(a number, enum or string\), a module with members\(auto&& visit\), or a container of those
#include <filesystem>

#include "nn/module.h"

using namespace gradus;

struct Stored {
  std::filesystem::path file;
  void members(auto&& visit) { visit("file", file); }
};

std::vector<Tensor> all(const Stored& stored) { return parameters(stored); }
