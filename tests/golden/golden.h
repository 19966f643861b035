// Reference files from PyTorch, and how close to them we must be.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "nn/files/checkpoint.h"

namespace gradus::test {

/// What max|a - b| / max|b| of a tensor may be.
inline constexpr double kGoldenBound = sizeof(Real) == 8 ? 1e-9 : 1e-5;

/// max|a - b| / max|b|; NaN where a number is NaN, infinite where the shapes differ.
inline double distance(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape())) return std::numeric_limits<double>::infinity();
  const std::vector<Real> x = a.values(), y = b.values();
  double off = 0, largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double d = std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i]));
    if (!(d <= off)) off = d;  // NaN comes in
    if (std::isnan(off)) return off;
    largest = std::max(largest, std::abs(static_cast<double>(y[i])));
  }
  return off == 0 ? 0 : off / largest;
}

/// A file in tests/golden/.
class Golden {
 public:
  explicit Golden(const std::string& file)
      : tensors_(load_checkpoint(std::string(GRADUS_SOURCE_DIR "/tests/golden/") + file).tensors) {}

  const Tensor& operator[](const std::string& name) const { return tensors_.at(name); }
  /// name.0, name.1, …
  std::vector<Tensor> list(const std::string& name) const {
    std::vector<Tensor> all;
    for (auto at = tensors_.find(name + ".0"); at != tensors_.end();
         at = tensors_.find(name + "." + std::to_string(all.size())))
      all.push_back(at->second);
    return all;
  }
  /// What is below `prefix`, by its names there: the state of a module.
  std::map<std::string, Tensor> below(const std::string& prefix) const {
    std::map<std::string, Tensor> all;
    for (const auto& [name, x] : tensors_)
      if (name.starts_with(prefix)) all[name.substr(prefix.size())] = x;
    return all;
  }
  /// The names that end in `suffix`, without it.
  std::vector<std::string> names_with(const std::string& suffix) const {
    std::vector<std::string> names;
    for (const auto& [name, x] : tensors_)
      if (name.ends_with(suffix)) names.push_back(name.substr(0, name.size() - suffix.size()));
    return names;
  }

 private:
  std::map<std::string, Tensor> tensors_;
};

}  // namespace gradus::test
