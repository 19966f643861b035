// A table of measurements: a .csv file whose chosen columns are numbers, and one of which may be a label.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tensor/real.h"

namespace GRADUS {

/// What is to be taken of a table.
struct TableChoice {
  std::vector<std::string> columns{};  // by name, in this order; none: all but the label
  std::string label{};                 // the column of labels; none: there are no labels
};

struct Table {
  std::vector<std::string> columns;  // names
  std::int64_t rows = 0;
  std::vector<double> values{};        // (rows, columns), all finite
  std::vector<std::string> classes{};  // what the labels are called: sorted, as numbers where all of them are whole
  std::vector<std::int32_t> labels{};  // of each row its class, or empty
};

/// The first record is a header when none of its fields is a number; without one the columns are called column_1,
/// column_2, …. Numbers have a decimal point, and space around them does not count. Error naming file, line and column
/// when a chosen value is missing (empty, NA, N/A, NaN, null, None, ?), not a number, or not finite; for names that are
/// chosen but not there, chosen or listed twice, or empty; and for what models/data/csv.h refuses.
Table read_table(const std::filesystem::path& path, const TableChoice& choice = {});

/// A number as a field of a table: all of it, with space around it; infinities and NaN are numbers too. False when it is
/// none.
bool read_number(std::string_view field, double& value);

}  // namespace GRADUS
