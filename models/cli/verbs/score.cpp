#include "models/cli/verbs/score.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "models/cli/print.h"
#include "models/cli/progress.h"
#include "models/evaluation/detection.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/importance.h"
#include "models/evaluation/scores.h"
#include "models/pictures/chart.h"
#include "nn/files/atomic_file.h"
#include "nn/files/checkpoint.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

namespace {

/// A column of the table. `sign` makes it a score that is higher the less normal an image is; 0: it is none.
struct Column {
  std::string name, spoken;
  std::vector<double> values;
  int sign;

  std::vector<double> score() const {
    std::vector<double> all = values;
    for (double& value : all) value *= sign;
    return all;
  }
};

std::string class_name(const Images& images, std::size_t label) {
  return label < images.classes.size() ? images.classes[label] : fmt::to_string(label);
}

/// Whether each image is not normal; empty when nothing says what is.
std::vector<bool> abnormal_by(const Images& images, const std::string& normal, const Selection& trained) {
  if (images.labels.empty() && normal.empty()) return {};
  std::array<bool, 256> is_normal{};
  if (!normal.empty()) {
    is_normal = read_labels("normal", normal, images);
  } else if (!trained.classes.empty() || !trained.without.empty()) {
    is_normal = labels_of(trained, images);
  } else {
    const std::uint8_t least = *std::ranges::min_element(images.labels),
                       most = *std::ranges::max_element(images.labels);
    if (std::ranges::any_of(images.labels, [&](std::uint8_t label) { return label != least && label != most; }) ||
        least == most)
      return {};
    is_normal[least] = true;
  }
  std::vector<bool> abnormal;
  for (const std::uint8_t label : images.labels) abnormal.push_back(!is_normal[label]);
  const auto count = std::ranges::count(abnormal, true);
  if (count == 0 || count == std::ssize(abnormal))
    throw UsageError(fmt::format("all images of {} are {}, so there is nothing to tell apart", quote(images.name),
                                 count == 0 ? "normal" : "not normal"));
  return abnormal;
}

/// How often scores fall into each of 40 even bins, as the outline of a histogram of shares.
Series outline(const std::string& name, const std::vector<double>& scores, double low, double high) {
  constexpr std::size_t kBins = 40;
  std::vector<double> share(kBins);
  for (const double score : scores)
    share[std::min(static_cast<std::size_t>((score - low) / (high - low) * kBins), kBins - 1)] +=
        1 / static_cast<double>(scores.size());
  Series line{.name = name, .x = {low}, .y = {0}};
  for (std::size_t bin = 0; bin < kBins; ++bin)
    for (const std::size_t edge : {bin, bin + 1}) {
      line.x.push_back(low + (high - low) * static_cast<double>(edge) / kBins);
      line.y.push_back(share[bin]);
    }
  line.x.push_back(high);
  line.y.push_back(0);
  return line;
}

std::string histograms(const std::vector<Column>& columns, const std::vector<bool>& abnormal) {
  std::vector<Panel> panels;
  for (const Column& column : columns) {
    if (column.sign == 0) continue;
    const std::vector<double> scores = column.score();
    std::vector<double> parts[2];
    for (std::size_t i = 0; i < scores.size(); ++i) parts[!abnormal.empty() && abnormal[i]].push_back(scores[i]);
    double low = std::ranges::min(scores), high = std::ranges::max(scores);
    if (!(high > low)) high = low + 1;
    Panel panel{.title = column.spoken, .across = "the higher, the less normal", .up = "share", .series = {}};
    for (const int kind : {0, 1})
      if (!parts[kind].empty())
        panel.series.push_back(outline(abnormal.empty() ? ""
                                       : kind == 0      ? "normal"
                                                        : "not normal",
                                       parts[kind], low, high));
    panels.push_back(std::move(panel));
  }
  return chart("Histograms of the scores", panels, 2);
}

std::string table_of(const std::vector<Column>& columns, const Images& images, const std::vector<bool>& abnormal) {
  std::string text = "image";
  if (!images.labels.empty()) text += ",label";
  if (!abnormal.empty()) text += ",abnormal";
  for (const Column& column : columns) text += ',' + column.name;
  text += '\n';
  for (std::int64_t i = 0; i < images.count; ++i) {
    text += fmt::to_string(i);
    if (!images.labels.empty()) text += ',' + to_record({class_name(images, images.labels[i])});
    if (!abnormal.empty()) text += abnormal[i] ? ",1" : ",0";
    for (const Column& column : columns) text += fmt::format(",{}", static_cast<Real>(column.values[i]));
    text += '\n';
  }
  return text;
}

/// The 20 images of the lowest score, then the 20 of the highest.
Gallery extremes(const Images& images, const Config& config, const std::vector<double>& score) {
  std::vector<std::int64_t> order(score.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::int64_t i) { return std::pair(score[i], i); });
  constexpr std::int64_t kColumns = 10, kRows = 2;
  const auto shown = std::min<std::int64_t>(kColumns * kRows, std::ssize(order) / kColumns * kColumns);
  Gallery gallery{.columns = kColumns};
  Shown as_they_are = config.shown();
  as_they_are.condition = {};
  for (const bool least : {false, true})
    for (std::int64_t i = 0; i < shown; ++i) {
      const std::int64_t row = least ? order[order.size() - 1 - i] : order[i];
      const std::vector<Real> pixels = test_batch(images, std::array{row}, as_they_are).x.values();
      gallery.images.insert(gallery.images.end(), pixels.begin(), pixels.end());
      if (i % kColumns == 0) gallery.rows.push_back({i > 0 ? "" : least ? "least normal" : "most normal"});
    }
  return gallery;
}

}  // namespace

void ScoreVerb::operator()(const Call&) const {
  if (!out.empty()) check_ending("--out", out, {".csv"});
  threads.apply();
  const auto [folder, config, at, vae] = open(run);
  const Pricing pricing = config.model.pricing();
  const bool priced = pricing == Pricing::drawn || pricing == Pricing::stopped;
  if (draws.value_or(0) > 0 && !priced)
    throw UsageError(fmt::format("--importance has no meaning with --code {}: its draws have no price of their own",
                                 config.model.code.name()));
  const fs::path file = out.empty() ? folder.folder / "scores.csv" : fs::path(out);
  const auto beside = [&](const char* what) { return fs::path(file).replace_filename(file.stem().string() + what); };
  const fs::path histogram = beside("-histogram.svg"), picture = beside("-extremes.png");
  for (const fs::path& each : {file, histogram, picture}) check_writable(each);

  const Images images = data.images(config, label_column);
  const std::vector<bool> abnormal = abnormal_by(images, normal, config.selection);
  const bool subtract = config.model.likelihood.is<BernoulliLikelihood>() && config.binarize == Binarize::none &&
                        images.numbers.empty() && is_grey(images);
  const std::int64_t at_once = images_at_once(vae, config.batch_size);
  const ImageScores scores = image_scores(vae, images, config.shown(), subtract, at_once);
  const bool bound = !scores.elbo.empty();
  std::vector<Column> columns;
  if (bound) columns.push_back({"elbo", "-ELBO", scores.elbo, -1});
  if (const std::int64_t K = draws.value_or(priced ? 20 : 0); K > 0) {
    CountDisplay display("importance sampling", images.count);
    std::vector<double> log_p =
        importance(vae, images, config.shown(), K, [&](std::int64_t done) { display.show(done); }).each;
    display.finish();
    for (std::size_t i = 0; i < scores.most.size(); ++i) log_p[i] -= scores.most[i];
    columns.push_back({"importance", "-importance-sampled log p(x)", std::move(log_p), -1});
  }
  columns.push_back({"log_likelihood", "reconstruction, -log p(x|z)", scores.log_likelihood, -1});
  if (bound) columns.push_back({"kl", "KL divergence", scores.kl, 1});
  std::string remarks;
  if (bound) {
    const Images trained = OtherData{}.images(config, Split::train, false);
    const std::vector<double> usual = image_scores(vae, trained, config.shown(), subtract, at_once).elbo;
    const double mean = std::accumulate(usual.begin(), usual.end(), 0.0) / static_cast<double>(usual.size());
    columns.push_back({"typicality", "typicality, |ELBO - its mean in training|", typicality(scores.elbo, mean), 1});
    remarks += fmt::format("typicality is the distance of the ELBO to {:.4f}, its mean over {} training images\n", mean,
                           trained.count);
  }
  columns.push_back(
      {"ink", images.numbers.empty() ? "the amount of ink alone" : "the mean square alone", scores.ink, 1});
  if (subtract) {
    columns.push_back({"subtracted", "", scores.most, 0});
    remarks +=
        "pixels are grey under a Bernoulli likelihood, so of each log-likelihood and bound the most is subtracted\n"
        "that such an image can have (the column \"subtracted\")\n";
  }
  for (const Column& column : columns)
    if (!std::ranges::all_of(column.values, [](double x) { return std::isfinite(x); }))
      throw NumericError(
          fmt::format("scores of the images of {} are not finite: the model has overflowed", quote(images.name)));

  std::string text;
  if (!abnormal.empty()) {
    text += fmt::format("{} of {} images are not normal; 95 % bootstrap intervals\n\n{:<42} {:<24} {}\n",
                        std::ranges::count(abnormal, true), images.count, "score", "AUROC", "average precision");
    std::string below;
    for (const Column& column : columns) {
      if (column.sign == 0) continue;
      const auto [auroc, precision] = detection(column.score(), abnormal);
      text += fmt::format("{:<42} {:.4f} ({:.4f} to {:.4f}) {:.4f} ({:.4f} to {:.4f})\n", column.spoken, auroc.value,
                          auroc.low, auroc.high, precision.value, precision.low, precision.high);
      if (auroc.value < 0.5) below += fmt::format("{}{}", below.empty() ? "" : "; ", column.spoken);
    }
    text += '\n';
    if (!below.empty())
      text += fmt::format("AUROC is below 0.5, so that what is not normal scores as more normal, by: {}\n", below);
  }
  text += remarks;
  if (!config.units.is_table()) write_gallery(picture, config, extremes(images, config, columns[0].score()));
  write_file_atomically(histogram, histograms(columns, abnormal));
  write_file_atomically(file, table_of(columns, images, abnormal));
  print(text);
  tell(fmt::format("scores of {} images", images.count), file);
  tell("their histograms", histogram);
  if (!config.units.is_table()) tell(fmt::format("the most and the least normal by {}", columns[0].spoken), picture);
}

}  // namespace GRADUS
