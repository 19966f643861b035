#include "models/data/sources.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "models/data/digits.h"
#include "models/data/npy.h"
#include "models/data/pictures.h"
#include "models/data/pixel_table.h"
#include "models/data/shapes.h"
#include "models/data/table.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

namespace {

using Remarks = std::vector<std::string>;

constexpr std::int64_t kWidest = 65535;

// ---- Each kind ------------------------------------------------------------------------------------------------------

bool is_digits(const std::string& where) { return where == "digits"; }
bool is_shapes(const std::string& where) { return where == "shapes"; }
bool is_npy(const std::string& where) { return where.ends_with(".npy"); }
bool is_csv(const std::string& where) { return where.ends_with(".csv"); }
bool is_pictures(const std::string& where) { return has_pictures(where); }
bool is_split_pictures(const std::string& where) {
  return has_pictures(fs::path(where) / "train") && has_pictures(fs::path(where) / "test");
}
bool is_any(const std::string&) { return true; }

Images digits(const std::string&, Split split, const Taking&, Remarks&) {
  return split == Split::train ? training_digits() : test_digits();
}
Images shapes(const std::string&, Split split, const Taking&, Remarks&) {
  Images images = split == Split::train ? training_shapes() : test_shapes();
  images.classes.assign(std::begin(kShapeNames), std::end(kShapeNames));
  return images;
}

/// (N, D), (N, H, W) or (N, H, W, C), C being 1 or 3.
Images npy(const std::string& where, const Taking&, Remarks&) {
  NpyArray array = read_npy(where);
  const Shape& shape = array.shape;
  const bool images = shape.rank() > 2;
  Images all{.name = fs::path(where).filename().string(),
             .count = shape[0],
             .height = images ? shape[1] : 1,
             .width = images ? shape[2] : shape[1],
             .channels = shape.rank() == 4 ? shape[3] : 1};
  check(all.channels == 1 || all.channels == 3, "[data] {} is {}, of {} channels, where grey has 1 and colour 3{}",
        quote(where), shape, all.channels,
        shape.rank() == 4 && (shape[1] == 1 || shape[1] == 3)
            ? "\nhelp: channels come last; save array.transpose(0, 2, 3, 1)"
            : "");
  check(std::max(all.height, all.width) <= kWidest, "[data] {} is {}; {} is the most along an axis but the first",
        quote(where), shape, kWidest);
  std::visit(
      [&]<class T>(std::vector<T>& values) {
        if constexpr (std::is_same_v<T, std::uint8_t>)
          if (images) {
            all.pixels = std::move(values);
            return;
          }
        all.numbers.assign(values.begin(), values.end());
      },
      array.values);
  for (std::int64_t i = 0; i < all.width && !images; ++i) all.columns.push_back(fmt::format("column_{}", i + 1));
  if (all.channels > 1)
    all.pixels.empty() ? part_channels(all.numbers, all.count, all.shape())
                       : part_channels(all.pixels, all.count, all.shape());
  return all;
}

Images csv(const std::string& where, const Taking& taking, Remarks&) {
  if (is_pixel_table(where)) return read_pixel_table(where);
  Table table = read_table(where, {taking.selection.column_names(), taking.selection.label});
  const auto columns = static_cast<std::int64_t>(table.columns.size());
  check(columns <= kWidest, "[data] {} has {} columns; {} are the most", quote(where), columns, kWidest);
  check(table.classes.size() <= 256, "[data] the column {} of {} has {} different values; labels are of 256 at most",
        quote(taking.selection.label), quote(where), table.classes.size());
  return {.name = fs::path(where).filename().string(),
          .count = table.rows,
          .height = 1,
          .width = columns,
          .labels = {table.labels.begin(), table.labels.end()},
          .classes = std::move(table.classes),
          .numbers = std::move(table.values),
          .columns = std::move(table.columns)};
}

constexpr Pair kUsualSize{64, 64};

/// Grey images as coloured ones.
void colour(Images& images) {
  const auto size = static_cast<std::size_t>(images.pixels_per_image());
  std::vector<std::uint8_t> pixels;
  pixels.reserve(3 * images.pixels.size());
  for (std::size_t at = 0; at < images.pixels.size(); at += size)
    for (int channel = 0; channel < 3; ++channel)
      pixels.insert(pixels.end(), images.pixels.begin() + at, images.pixels.begin() + at + size);
  images.pixels = std::move(pixels);
  images.channels = 3;
}

Images pictures(const std::string& where, const Taking& taking, Remarks& remarks) {
  PictureList list = list_pictures(where);
  check(list.classes.size() <= 256, "[data] {} has {} folders of pictures; labels are of 256 at most", quote(where),
        list.classes.size());
  const Pair wanted = taking.size ? taking.size->image() : taking.selection.picture_size().value_or(kUsualSize);
  Pictures read = read_pictures(list, wanted);
  Images all{.name = fs::path(where).filename().string(),
             .count = read.count,
             .height = read.height,
             .width = read.width,
             .channels = read.channels,
             .pixels = std::move(read.pixels),
             .labels = {list.labels.begin(), list.labels.end()},
             .classes = std::move(list.classes)};
  if (all.channels > 1) part_channels(all.pixels, all.count, all.shape());
  if (taking.size && taking.size->channels == 3 && all.channels == 1) colour(all);
  if (!taking.size && taking.selection.size.empty())
    remarks.push_back(fmt::format("pictures are cut and resampled to {} (`size`)", to_string(all.shape())));
  if (list.others > 0)
    remarks.push_back(fmt::format("passed over: {} that {} neither PNG nor JPEG",
                                  list.others == 1 ? "a file" : fmt::format("{} files", list.others),
                                  list.others == 1 ? "is" : "are"));
  return all;
}
Images split_pictures(const std::string& where, Split split, const Taking& taking, Remarks& remarks) {
  return pictures(fs::path(where) / (split == Split::train ? "train" : "test"), taking, remarks);
}

Images idx(const std::string& where, Split split, const Taking& taking, Remarks&) {
  return load_idx_images(where, split, taking.transposed, taking.size);
}

// ---- The table ------------------------------------------------------------------------------------------------------

using One = Images (*)(const std::string& where, Split split, const Taking& taking, Remarks& remarks);
using All = Images (*)(const std::string& where, const Taking& taking, Remarks& remarks);

struct Source {
  bool (*is)(const std::string& where);  // the first that says so is meant
  One one;                               // of its own two sets; or nothing
  All all;                               // what it has, where that is not parted in two
  bool sized = false;                    // of any size that is asked for
};

constexpr Source kSources[] = {
    {is_digits, digits, nullptr},
    {is_shapes, shapes, nullptr},
    {is_npy, nullptr, npy},
    {is_csv, nullptr, csv},
    {has_idx_images, idx, nullptr},
    {is_split_pictures, split_pictures, nullptr, true},
    {is_pictures, nullptr, pictures, true},
    {is_any, idx, nullptr},  // which says what is missing
};

const Source& source_of(const std::string& where) {
  return *std::ranges::find_if(kSources, [&](const Source& source) { return source.is(where); });
}

// ---- What holds for every kind --------------------------------------------------------------------------------------

/// Once the files have been read: what is chosen of the samples.
void choose(const std::string& where, const Source& source, Images& images, const Taking& taking) {
  const Selection& selection = taking.selection;
  const bool table = source.all == csv && !images.columns.empty();
  const auto refuse = [&](bool given, const char* setting, const char* what) {
    if (given) throw SettingError(fmt::format("`{}` is for {}, which {} is not", setting, what, quote(where)));
  };
  refuse(!selection.size.empty() && !source.sized, "size", "a folder of pictures");
  refuse(!selection.columns.empty() && !table, "columns", "a table");
  refuse(!selection.label.empty() && !table, "label_column", "a table");
  refuse(selection.scale != Scale::automatic && images.numbers.empty(), "scale", "an array or table of numbers");
  refuse(taking.transposed && !images.columns.empty(), "transpose", "images");
  if (taking.transposed && source.one != idx) transpose(images);
  select(images, selection);
  if (taking.size) check_size(images.name, images.shape(), *taking.size);
}

/// Error when what a model would see is no Real.
void set_scaling(Images& images, const Scaling& scaling) {
  images.scaling = scaling;
  const std::int64_t size = images.pixels_per_image();
  for (std::size_t i = 0; i < images.numbers.size(); ++i) {
    const auto column = static_cast<std::int64_t>(i) % size;
    if (std::isfinite(static_cast<Real>(scaling.seen(images.numbers[i], column)))) continue;
    throw Error(fmt::format("[data] a number of {} is too large: {} in sample {}{}", quote(images.name),
                            images.numbers[i], static_cast<std::int64_t>(i) / size + 1,
                            images.columns.empty() ? "" : ", column " + quote(images.columns[column])));
  }
}

void scale(Dataset& data, const Taking& taking) {
  if (data.train.numbers.empty()) return;
  const Scaling scaling = taking.scaling ? *taking.scaling : scaling_of(data.train, taking.selection.scale);
  set_scaling(data.train, scaling);
  set_scaling(data.test, scaling);
  if (taking.selection.scale == Scale::automatic && !scaling.shift.empty())
    data.remarks.push_back("numbers are scaled to mean 0 and deviation 1 (`scale`)");
}

/// The two sets of a source that has both.
Dataset both(const std::string& where, const Source& source, const Taking& taking) {
  if (source.one == idx) return load_idx_dataset(where, taking.transposed);
  Dataset data{.name = where, .train = {}, .test = {}};
  data.train = source.one(where, Split::train, taking, data.remarks);
  Remarks again;  // the same of the test set
  data.test = source.one(where, Split::test, taking, again);
  check(data.train.classes == data.test.classes, "[data] the folders in train and test of {} are not called the same",
        quote(where));
  if (data.train.channels != data.test.channels) colour(data.train.channels == 1 ? data.train : data.test);
  return data;
}

}  // namespace

bool has_test_set(const std::string& where) { return source_of(where).one != nullptr; }

bool is_generated(const std::string& where) { return is_digits(where) || is_shapes(where); }

Dataset load_dataset(const std::string& where, const Taking& taking) {
  const Source& source = source_of(where);
  Dataset data;
  if (source.one) {
    data = both(where, source, taking);
    choose(where, source, data.train, taking);
    choose(where, source, data.test, taking);
  } else {
    Remarks remarks;
    Images all = source.all(where, taking, remarks);
    choose(where, source, all, taking);
    data = hold_out(std::move(all), taking.selection.test);
    data.name = where;
    data.remarks.insert(data.remarks.begin(), remarks.begin(), remarks.end());
  }
  scale(data, taking);
  return data;
}

Images load_images(const std::string& where, Split split, const Taking& taking) {
  const Source& source = source_of(where);
  Remarks unsaid;
  if (!source.one && !taking.whole) {
    Dataset data = load_dataset(where, taking);
    return std::move(split == Split::train ? data.train : data.test);
  }
  Images images = source.one ? source.one(where, split, taking, unsaid) : source.all(where, taking, unsaid);
  choose(where, source, images, taking);
  if (!images.numbers.empty())
    set_scaling(images, taking.scaling ? *taking.scaling : scaling_of(images, taking.selection.scale));
  return images;
}

}  // namespace GRADUS
