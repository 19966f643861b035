// The directions in which codes vary most: eigenvectors of their covariance.
#pragma once

#include <array>
#include <vector>

#include "tensor/tensor.h"

namespace GRADUS {

/// A plane through codes.
struct Plane {
  std::vector<double> origin{};   // (Z): what both coordinates are measured from
  std::vector<double> axes[2]{};  // (Z) each, of length 1, at right angles
  double share = 1;               // of the variance of the codes that lies in it

  /// (N, Z) -> N pairs of coordinates.
  std::vector<std::array<double, 2>> coordinates(const Tensor& codes) const;
  /// n pairs -> (n, Z)
  Tensor codes(const std::vector<std::array<double, 2>>& coordinates) const;
};

/// Of codes of two dimensions the plane itself; of more, the one that their two principal axes span through their mean,
/// each axis turned so that its largest component is positive. Error for codes (N, Z) with Z < 2 or N < 1.
Plane plane_of(const Tensor& codes);

/// The largest eigenvalues and their eigenvectors of a symmetric matrix (n, n), row-major, falling: so many, n at most.
/// By subspace iteration, a small matrix at once by Jacobi's rotations (Golub, Van Loan, Matrix Computations, 8.2, 8.5).
struct Eigen {
  std::vector<double> values;
  std::vector<std::vector<double>> vectors;
};
Eigen largest_eigen(const std::vector<double>& matrix, std::int64_t n, std::int64_t count);

}  // namespace GRADUS
