// Which samples of a source are taken and which are kept back to measure on, and how their numbers are scaled.
#pragma once

#include <array>

#include "models/data/dataset.h"
#include "models/settings.h"

namespace GRADUS {

/// automatic: none where all numbers lie in [0, 1], otherwise standard. unit: from 0 to 1. standard: mean 0 and standard
/// deviation 1. Both by the training samples; each column of a table for itself, images as a whole.
enum class Scale { automatic, none, unit, standard };

struct Selection {
  std::string size{};              // of pictures: "64x64"
  std::string columns{}, label{};  // of a table
  Scale scale = Scale::automatic;
  std::string classes{}, without{};
  std::int64_t limit = 0;
  double test = 0.1;

  void settings(auto&& is) {
    static constexpr Word<Scale> kScales[] = {
        {"auto", Scale::automatic}, {"none", Scale::none}, {"unit", Scale::unit}, {"standard", Scale::standard}};
    is("size", size, "height and width that pictures are cut and resampled to (default: 64x64)");
    is("columns", columns, "of a table, the columns to be learnt, as length,width (default: all)");
    is("label_column", label, "of a table, the column of labels");
    is("scale", scale, kScales,
       "numbers that are no bytes: as they are, to 0 … 1, or to mean 0 and deviation 1;\n"
       "auto: as they are where all lie in 0 … 1, otherwise standard");
    is("classes", classes, "labels to be taken, as 0-8 or cat,dog (default: all)");
    is("without", without, "labels to be left out");
    is("limit", limit, IntegerRange{0, 1'000'000'000}, "samples to be taken, the first of each set; 0: all");
    is("test", test, RealRange{.min = 0, .max = 1, .above_min = true, .below_max = true},
       "share held out to be measured on, of data that have no test set of their own");
  }
  /// SettingError unless `size` and `columns` can be read.
  void check() const;
  std::optional<Pair> picture_size() const;
  std::vector<std::string> column_names() const;
};

/// "length,\"a, b\"" as a table's record: its fields, and back. Error when a quote is misplaced.
std::vector<std::string> read_record(const std::string& text);
std::string to_record(const std::vector<std::string>& fields);

/// Which labels a list names: "0-2,7" or "cat,dog". SettingError, which names the setting, when it names others than the
/// images have, or these have none.
std::array<bool, 256> read_labels(const char* setting, const std::string& text, const Images& images);

/// Keeps the first samples of the chosen labels. SettingError when there are none such, or no labels.
void select(Images& images, const Selection& selection);

/// Holds out a share of the samples, at least one, as the test set: by a permutation that depends on their number alone,
/// and both in the order that they had. SettingError when there are fewer than two.
Dataset hold_out(Images all, double share);

/// What `scale` makes of these samples. Error when they are too large for it.
Scaling scaling_of(const Images& images, Scale scale);

}  // namespace GRADUS
