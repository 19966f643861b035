// How a matrix product is cut, and what of its factors is copied: decided by sizes and strides alone, before any number
// is read. The drawing at the head of gemm.cpp shows the parts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tensor/parallel.h"

namespace GRADUS::kernel {

/// Everything that a plan depends on. C (rows, columns) = A (rows, depth) @ B (depth, columns), none of them empty;
/// element (i, k) of A lies at i·a_row + k·a_k, element (k, j) of B at k·b_k + j·b_column.
struct GemmSize {
  std::int64_t rows, columns, depth;
  std::int64_t a_row, a_k;
  std::int64_t b_k, b_column;
};

/// `total` things in `parts` parts of nearly equal size. (One part is so common that it should not cost a division.)
struct Split {
  std::int64_t total = 0, parts = 1;
  std::int64_t begin(std::int64_t part) const { return parts == 1 ? total * part : total * part / parts; }
  std::int64_t size(std::int64_t part) const { return begin(part + 1) - begin(part); }
  std::int64_t most() const { return parts == 1 ? total : ceil_div(total, parts); }
};

/// `total` rows or columns in panels of `width`, the last one narrower if need be.
struct Panels {
  std::int64_t total = 0;
  int width = 1;
  std::int64_t count = ceil_div(total, width);
  std::int64_t begin(std::int64_t panel) const { return std::min(panel * width, total); }
};

/// The size of panels of at most `most` that hold `total` together, about equally full.
inline std::int64_t balanced(std::int64_t total, std::int64_t most) { return ceil_div(total, ceil_div(total, most)); }

struct GemmPlan {
  bool dots = false;                // by dot products (gemm_dot.h); nothing of what follows then counts
  Split depths;                     // K in blocks
  Panels rows, columns;             // of C
  Split row_chunks, column_chunks;  // panels in chunks, which threads take
  bool copy_a = false;              // or it is read in place
  bool copy_b = false;
  int extra = 0;         // columns of C's only panel that are computed down the rows
  int tile_columns = 0;  // the others of that panel, or all of a panel
};

/// The fastest way that is known, by the measurements of gemm_tuning.h. Threads do not enter into it, so results do not
/// depend on them.
GemmPlan gemm_plan(const GemmSize& size);

}  // namespace GRADUS::kernel
