// The units of the numbers that a model was trained on: what columns are called and how they were scaled. They are kept
// with the run, so that whatever comes out of its model is in them again.
#pragma once

#include "models/data/selection.h"

namespace GRADUS {

struct Units {
  std::string names{};            // of a table's columns, as a record of it; empty: no table
  std::string shift{}, factor{};  // as in Scaling, separated by spaces

  void settings(auto&& is) {
    is.found("column_names", names);
    is.found("scale_shift", shift);
    is.found("scale_factor", factor);
  }
  /// SettingError unless these are the units of such samples.
  void check(const SampleShape& sample) const;
  bool is_table() const { return !names.empty(); }
  std::vector<std::string> column_names() const;
  Scaling scaling() const;
};

Units units_of(const Images& images);

/// A table in its own units out of rows (count, columns) as the model sees them: the column names, then the rows, each
/// number to the digits that tell it from its neighbours. `before`: a first column, its name and what it says in each
/// row; empty: none.
std::string table_text(const Units& units, std::span<const Real> rows, const std::vector<std::string>& before = {});

}  // namespace GRADUS
