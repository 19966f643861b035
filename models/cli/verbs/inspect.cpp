#include "models/cli/verbs/inspect.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "models/cli/options.h"
#include "models/cli/print.h"
#include "models/cli/verbs/shared.h"
#include "models/pictures/figures.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace {

std::string line(const char* name, const std::string& text) { return fmt::format("{:<13}{}\n", name, text); }

/// Calls see(numbers) with the bytes or the numbers, whichever they are.
auto with_numbers(const Images& images, auto&& see) {
  return images.numbers.empty() ? see(images.pixels) : see(images.numbers);
}

struct Spread {
  double low = INFINITY, high = -INFINITY, mean = 0, deviation = 0;
};

/// Of the numbers at `first`, first + step, ….
template <class T>
Spread spread_of(const std::vector<T>& numbers, std::int64_t first, std::int64_t step) {
  Spread spread;
  double sum = 0, n = 0;
  const auto count = std::ssize(numbers);
  for (std::int64_t i = first; i < count; i += step) {
    const auto x = static_cast<double>(numbers[i]);
    spread.low = std::min(spread.low, x);
    spread.high = std::max(spread.high, x);
    sum += x;
    ++n;
  }
  spread.mean = sum / n;
  for (std::int64_t i = first; i < count; i += step) {
    const double away = static_cast<double>(numbers[i]) - spread.mean;
    spread.deviation += away * away / n;
  }
  spread.deviation = std::sqrt(spread.deviation);
  return spread;
}

std::string to_string(const Spread& spread) {
  return fmt::format("{:.6g} to {:.6g}, mean {:.6g}, deviation {:.6g}", spread.low, spread.high, spread.mean,
                     spread.deviation);
}

std::string labels_text(const Images& images) {
  if (images.labels.empty()) return "none";
  std::array<std::int64_t, 256> counts{};
  for (const std::uint8_t label : images.labels) ++counts[label];
  std::string text;
  for (std::size_t label = 0; label < counts.size(); ++label)
    if (counts[label] > 0)
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ",
                          images.classes.empty() ? fmt::to_string(label) : quote(images.classes[label]), counts[label]);
  return text;
}

/// Ten bins and how full they are, each a bar.
std::string histogram(const Images& images, const Spread& all) {
  constexpr int kBins = 10, kWidth = 40;
  std::array<std::int64_t, kBins> counts{};
  with_numbers(images, [&](const auto& numbers) {
    for (const auto number : numbers) {
      const double place = (static_cast<double>(number) - all.low) / (all.high - all.low) * kBins;
      ++counts[place < kBins ? static_cast<std::size_t>(place) : kBins - 1];  // the highest belongs to the last
    }
  });
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  const auto most = static_cast<double>(*std::ranges::max_element(counts));
  std::string text;
  for (int bin = 0; bin < kBins; ++bin) {
    const auto count = static_cast<double>(counts[bin]);
    std::string bar;
    for (int i = 0; i < static_cast<int>(std::ceil(kWidth * count / most)); ++i) bar += "█";
    text += fmt::format("{}{:>10.4g} {:5.1f} % {}\n", bin == 0 ? "histogram    " : "             ",
                        all.low + (all.high - all.low) * bin / kBins, 100 * count / total, bar);
  }
  return text;
}

/// Compares samples by their bytes.
struct Order {
  const Images& images;

  int compare(std::int64_t a, const Images& other, std::int64_t b) const {
    const auto size = static_cast<std::size_t>(images.pixels_per_image());
    return images.numbers.empty()
               ? std::memcmp(&images.pixels[a * size], &other.pixels[b * size], size)
               : std::memcmp(&images.numbers[a * size], &other.numbers[b * size], size * sizeof(double));
  }
  std::vector<std::int64_t> sorted() const {
    std::vector<std::int64_t> rows = rows_between(0, images.count);
    std::ranges::sort(rows, [&](std::int64_t a, std::int64_t b) { return compare(a, images, b) < 0; });
    return rows;
  }
};

std::string duplicates_text(const Dataset& data) {
  const Order train{data.train};
  const std::vector<std::int64_t> rows = train.sorted();
  std::int64_t again = 0, common = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) again += train.compare(rows[i - 1], data.train, rows[i]) == 0;
  for (std::int64_t row = 0; row < data.test.count; ++row) {
    const auto found = std::ranges::partition_point(
        rows, [&](std::int64_t other) { return train.compare(other, data.test, row) < 0; });
    common += found != rows.end() && train.compare(*found, data.test, row) == 0;
  }
  return fmt::format("{} training samples are like an earlier one, {} test samples like a training sample", again,
                     common);
}

std::string constant_text(const Images& images) {
  const std::int64_t size = images.pixels_per_image();
  std::vector<std::int64_t> constant;
  with_numbers(images, [&](const auto& numbers) {
    for (std::int64_t column = 0; column < size; ++column) {
      bool same = true;
      for (std::int64_t i = column; same && i < std::ssize(numbers); i += size) same = numbers[i] == numbers[column];
      if (same) constant.push_back(column);
    }
  });
  if (constant.empty()) return "none";
  if (images.columns.empty()) return fmt::format("{} of {} pixels are the same in all images", constant.size(), size);
  std::vector<std::string> names;
  for (const std::int64_t column : constant) names.push_back(quote(images.columns[column]));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string likelihoods_text(const Images& images) {
  if (images.numbers.empty()) {
    return is_grey(images)
               ? "discretized-logistic, mixture, categorical; continuous-bernoulli; bernoulli with `binarize`"
               : "bernoulli";
  }
  const bool within = std::ranges::all_of(images.numbers, [](double x) { return 0 <= x && x <= 1; });
  const char* any = "shared-gaussian, free-gaussian, gaussian, laplace, logistic";
  return within ? fmt::format("{}; continuous-bernoulli", any) : any;
}

}  // namespace

std::string inspection_of(const Dataset& data) {
  const Images& train = data.train;
  const bool table = !train.columns.empty();
  std::string text = line(
      "data", fmt::format("{}: {}", quote(data.name),
                          table                   ? fmt::format("{} columns of numbers", train.width)
                          : train.numbers.empty() ? fmt::format("images of {}, bytes", to_string(train.shape()))
                                                  : fmt::format("images of {}, numbers", to_string(train.shape()))));
  text += line("samples", fmt::format("{} to train on, {} to be measured on", train.count, data.test.count));
  for (const std::string& remark : data.remarks) text += line("", remark);
  const Spread all = with_numbers(train, [](const auto& numbers) { return spread_of(numbers, 0, 1); });
  if (table) {
    constexpr std::int64_t kShown = 50;
    for (std::int64_t column = 0; column < std::min(train.width, kShown); ++column)
      text += line(column == 0 ? "columns" : "", fmt::format("{}: {}", quote(train.columns[column]),
                                                             to_string(spread_of(train.numbers, column, train.width))));
    if (train.width > kShown) text += line("", fmt::format("and {} more", train.width - kShown));
  } else {
    text += line("range", to_string(all));
    if (all.high > all.low) text += histogram(train, all);
  }
  text += line("labels", labels_text(train));
  text += line("duplicates", duplicates_text(data));
  text += line("constant", constant_text(train));
  return text + line("likelihoods", likelihoods_text(train) + " fit (`likelihood`)");
}

void InspectVerb::operator()(const Call&) const {
  selection.check();
  if (!out.empty() && !out.ends_with(".png"))
    throw UsageError(fmt::format("--out must end in .png, not {}", quote(out)));
  const Dataset found = load_spoken(data, {.transposed = transpose, .selection = selection});
  print(spoken(inspection_of(found), as_flag));
  if (out.empty()) return;
  if (!found.train.columns.empty()) throw UsageError(fmt::format("--out is for images, which {} is not", quote(data)));
  constexpr std::int64_t kShown = 60, kColumns = 10;
  const std::int64_t count = std::min(found.train.count, kShown);
  std::vector<Real> images(count * found.train.pixels_per_image());
  const std::int64_t size = found.train.pixels_per_image();
  fill_batch(found.train, rows_between(0, count), {images.data(), Shape{count, size}, Strides{size, 1}});
  if (!found.train.scaling.shift.empty() && selection.scale != Scale::unit) as_grey(images);
  write_png(out, grid(images, count, found.train.shape(), std::min(count, kColumns)));
  print(fmt::format("the first {} images: {}\n", count, quote(out)));
}

}  // namespace GRADUS
