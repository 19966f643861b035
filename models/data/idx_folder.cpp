#include "models/data/idx_folder.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "models/data/idx.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

/// What an archive calls the images of a split: "train-images" and so on.
Names stems(Split split) { return split == Split::train ? Names{"train"} : Names{"t10k", "test"}; }

Names spellings(const std::string& stem, const char* kind) {
  Names names;
  for (const char* separator : {"-", "."})
    for (const char* ending : {"", ".gz"}) names.push_back(stem + separator + kind + ending);
  return names;
}

bool is_there(const fs::path& path) {
  std::error_code error;  // what cannot be looked at is there, and reading it will say why it cannot
  return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

/// A file that can be read and holds something. Others give way to it, whatever their names.
bool is_readable(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && fs::file_size(path, error) > 0 && ::access(path.c_str(), R_OK) == 0;
}

/// Everything in `folder` that may be meant by that name: files first, then what folders of that name hold.
std::vector<fs::path> candidates(const fs::path& folder, const std::string& stem, const char* kind) {
  std::vector<fs::path> all;
  const Names names = spellings(stem, kind);
  for (const std::string& name : names) all.push_back(folder / name);
  for (const std::string& outer : names)
    for (const std::string& inner : names) all.push_back(folder / outer / inner);
  std::erase_if(all, [](const fs::path& path) { return !is_there(path); });
  return all;
}

/// The best of the candidates, if there is any: one that is readable, or else the first, which will say what it is.
std::optional<fs::path> find(const fs::path& folder, const std::string& stem, const char* kind) {
  const std::vector<fs::path> all = candidates(folder, stem, kind);
  if (all.empty()) return std::nullopt;
  const auto readable = std::ranges::find_if(all, is_readable);
  return readable == all.end() ? all.front() : *readable;
}

/// A folder, and what the names of a data set's files in it begin with: nothing, or "emnist-letters-".
struct Place {
  fs::path folder;
  std::string prefix;

  std::string shown() const {
    return quote((prefix.empty() ? folder : folder / prefix.substr(0, prefix.size() - 1)).native());
  }
};

std::optional<fs::path> find(const Place& place, Split split, const std::string& what, const char* kind) {
  for (const std::string& stem : stems(split))
    if (auto file = find(place.folder, fmt::format("{}{}{}", place.prefix, stem, what), kind)) return file;
  return std::nullopt;
}

std::optional<fs::path> find_images(const Place& place, Split split) {
  const auto grey = find(place, split, "-images", "idx3-ubyte");
  return grey ? grey : find(place, split, "-images", "idx4-ubyte");
}

bool has_images(const Place& place) {
  return find_images(place, Split::train).has_value() || find_images(place, Split::test).has_value();
}

/// The names in a folder, sorted; none when it cannot be read.
Names names_in(const fs::path& folder) {
  Names names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator(); entry.increment(error))
    names.push_back(entry->path().filename().native());
  std::ranges::sort(names);
  return names;
}

/// The data sets whose files lie in that folder: MNIST's names come before EMNIST's.
std::vector<Place> sets_in(const fs::path& folder) {
  if (const Place plain{folder, ""}; has_images(plain)) return {plain};
  std::set<std::string> prefixes;
  for (const std::string& name : names_in(folder))
    for (const char* stem : {"-train-images", "-test-images"})
      if (const std::size_t end = name.find(stem); name.starts_with("emnist-") && end != std::string::npos)
        prefixes.insert(name.substr(0, end + 1));
  std::vector<Place> places;
  for (const std::string& prefix : prefixes)
    if (const Place place{folder, prefix}; has_images(place)) places.push_back(place);
  return places;
}

/// The data sets in the folders below, as the usual programs unpack them.
std::vector<Place> sets_below(const fs::path& folder) {
  std::vector<Place> places;
  const auto add = [&](const fs::path& below) {
    for (Place& place : sets_in(below)) places.push_back(std::move(place));
  };
  add(folder / "raw");
  add(folder / "gzip");
  std::error_code error;
  for (const std::string& name : names_in(folder))
    if (const fs::path raw = folder / name / "raw"; fs::is_directory(raw, error)) add(raw);
  return places;
}

constexpr const char* kHelp = "help: data is \"digits\" or \"shapes\", which are generated, a folder of IDX files or "
                              "of pictures, a .npy array or a "
                              ".csv table";

bool is_zip(const std::string& name) { return name.ends_with(".zip"); }

Place place_of(const std::string& where) {
  const fs::path path = where;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  Place named{path.parent_path(), path.filename().native() + "-"};
  if (status.type() == fs::file_type::not_found && has_images(named)) return named;
  check(status.type() != fs::file_type::not_found, "[data] there is no folder {}\n{}", quote(where), kHelp);
  check(status.type() != fs::file_type::none, "[data] cannot look into {}: {}", quote(where), error.message());
  check(status.type() == fs::file_type::directory, "[data] {} is not a folder\n{}", quote(where),
        is_zip(where) ? "help: unpack the zip, and name the folder of what was in it" : kHelp);
  std::vector<Place> places = sets_in(path);
  if (places.empty()) places = sets_below(path);
  if (places.empty()) {
    const Names names = names_in(path);
    const auto zip = std::ranges::find_if(names, is_zip);
    throw Error(fmt::format(
        "[data] there is no train-images-idx3-ubyte or t10k-images-idx3-ubyte, plain or with .gz, "
        "in the folder {}{}",
        quote(where),
        zip == names.end() ? ", nor are there pictures" : fmt::format("\nhelp: unpack {} first", quote(*zip))));
  }
  if (places.size() > 1) {
    Names shown;
    for (const Place& place : places) shown.push_back(place.shown());
    throw Error(fmt::format("[data] in {} there are several data sets\nhelp: name one of them: {}", quote(where),
                            fmt::join(shown, ", ")));
  }
  return places.front();
}

/// The files of a split, their headers read.
struct Files {
  std::unique_ptr<IdxFile> images, labels;  // labels may be missing

  Files(const Place& place, Split split) {
    const auto pixels = find_images(place, split);
    check(pixels.has_value(), "[data] there is no {}{}-images-idx3-ubyte, plain or with .gz, in the folder {}",
          place.prefix, stems(split)[place.prefix.empty() ? 0 : stems(split).size() - 1], quote(place.folder.native()));
    images = std::make_unique<IdxFile>(*pixels, IdxFile::kImages);
    const auto found = find(place, split, "-labels", "idx1-ubyte");
    if (!found) return;
    labels = std::make_unique<IdxFile>(*found, IdxFile::kLabels);
    check(labels->count() == images->count(), "[data] {} has {} labels for the {} images of {}", quote(found->native()),
          labels->count(), images->count(), quote(pixels->native()));
  }

  SampleShape shape(bool transposed) const {
    SampleShape shape = images->shape();
    if (transposed) std::swap(shape.height, shape.width);
    return shape;
  }
  Images read(bool transposed) {
    const auto [channels, height, width] = images->shape();
    Images read{.name = images->path().filename().string(),
                .count = images->count(),
                .height = height,
                .width = width,
                .channels = channels};
    if (labels) read.labels = labels->read();
    read.pixels = images->read();
    if (transposed) transpose(read);
    return read;
  }
};

}  // namespace

bool has_idx_images(const std::string& where) {
  const fs::path path = where;
  return has_images({path.parent_path(), path.filename().native() + "-"}) || !sets_in(path).empty() ||
         !sets_below(path).empty();
}

Images load_idx_images(const std::string& where, Split split, bool transposed, const std::optional<SampleShape>& size) {
  Files files(place_of(where), split);
  if (size) check_size(files.images->path().filename().string(), files.shape(transposed), *size);
  return files.read(transposed);
}

Dataset load_idx_dataset(const std::string& where, bool transposed) {
  const Place place = place_of(where);
  Files train(place, Split::train), test(place, Split::test);
  const SampleShape a = train.shape(transposed), b = test.shape(transposed);
  check(a == b, "[data] in {}, training images are {} pixels and test images {}", quote(where), to_string(a),
        to_string(b));
  return {.name = where, .train = train.read(transposed), .test = test.read(transposed)};
}

}  // namespace GRADUS
