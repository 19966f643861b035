// What verbs that use a trained model have in common: which images they take, and where what they make goes.
#pragma once

#include "models/cli/verbs/shared.h"
#include "models/pictures/gallery.h"

namespace GRADUS {

/// Which labels a selection takes: all of them unless it names some.
std::array<bool, 256> labels_of(const Selection& selection, const Images& images);

/// Which images: the run's own or others, by default those that are there to be measured on.
struct ChosenData {
  OtherData other;
  enum Which { test, train, all } split = test;

  void settings(auto&& is) {
    other.settings(is);
    offer_split(is);
  }
  /// As an argument, DATA, in place of an option.
  void argument(auto&& is) {
    is.argument("DATA", other.data, "images or a table, of any kind that train takes");
    other.offer_transpose(is);
    offer_split(is);
  }
  /// `label_column`: of a table, its labels. Where DATA are the run's own and have no test set of their own, test images
  /// are what the run held out, and all whose labels it left out.
  Images images(const Config& config, const std::string& label_column = "") const;

 private:
  void offer_split(auto&& is) {
    static constexpr Word<Which> kWhich[] = {{"test", test}, {"train", train}, {"all", all}};
    is("split", split, kWhich, "which images of the data, where they are parted");
  }
};

/// What a conditional model is told.
struct LabelOption {
  std::optional<std::int64_t> label{};

  void settings(auto&& is, const char* help) { is("label", label, IntegerRange{0, 255}, help); }
  /// UsageError when there is a label and no condition, when the model does not know it, and, if `needed`, when a
  /// condition is without one.
  void check(const Config& config, bool needed) const;
  /// For n samples, (n, C), if a label is named.
  std::optional<Tensor> condition(const Config& config, std::int64_t n) const;
};

/// Images by their names on the line: "17", a place from 0 among the images, which are loaded when one is asked for, or
/// "face.png", a picture file, made the size of the model's images.
class NamedImages {
 public:
  NamedImages(const Config& config, const ChosenData& data, const LabelOption& label)
      : config_(config), data_(data), label_(label) {}

  /// One sample and its condition: the label named, or else the image's own. UsageError when it is no such name, there
  /// are not as many images, or a picture is without the label that it needs.
  Minibatch operator()(const std::string& name, const char* flag);
  /// All of them, loaded once.
  const Images& all();

 private:
  const Config& config_;
  const ChosenData& data_;
  const LabelOption& label_;
  std::optional<Images> images_;
};

/// --out of images that a verb makes: a picture or numbers, by its ending.
struct GalleryOption {
  std::string out;

  void settings(auto&& is) {
    is("out", out,
       "a .png or .svg picture, a .npy array or a .csv table (default: a picture, or of a\ntable's rows a table, in "
       "RUN)");
  }
  /// UsageError for an ending that none of them has; before anything is read.
  void check() const;
  /// The file, by default `usual` with an ending in the run's folder. UsageError for an ending of what the model does not
  /// make; Error when it cannot be written.
  std::filesystem::path file(const Opened& opened, const std::string& usual) const;
};

/// UsageError for a file whose name has none of these endings.
void check_ending(const char* flag, const std::string& file, const std::vector<std::string>& endings);
/// UsageError naming the verb where codes are chosen from a set: `why` follows.
void refuse_discrete(const char* verb, const Config& config);
/// Prints "12 images: FILE".
void tell(const std::string& what, const std::filesystem::path& file);

}  // namespace GRADUS
