#include "models/vae_settings.h"

#include <fmt/ranges.h>

namespace GRADUS {

std::string layer_sizes(const VaeSettings& settings) {
  std::vector<std::string> names{fmt::to_string(settings.data())};
  if (settings.network == Network::convolutional) {
    names.clear();
    const auto [height, width] = settings.image;
    for (const auto& [channels, part] : {std::pair<std::int64_t, int>(1, 1), {kFewChannels, 2}, {kManyChannels, 4}})
      names.push_back(fmt::format("{}x{}x{}", channels, height / part, width / part));
  }
  for (const std::int64_t width : settings.hidden) names.push_back(fmt::to_string(width));
  const std::vector<std::string> back(names.rbegin(), names.rend());
  return fmt::format("{}-{}-{}", fmt::join(names, "-"), settings.latent, fmt::join(back, "-"));
}

double numbers_per_image(const VaeSettings& settings) {
  const double pixels = static_cast<double>(settings.data());
  double numbers = 3 * pixels + 3 * static_cast<double>(settings.latent);  // image, logits, log p; mean, spread, draw
  for (const std::int64_t width : settings.hidden) numbers += 2 * static_cast<double>(width);
  if (settings.network == Network::convolutional) numbers += 2 * pixels * (kFewChannels / 4.0 + kManyChannels / 16.0);
  return numbers;
}

double parameter_count(const VaeSettings& settings) {
  const auto chain = [](double in, const auto& widths, double out, double heads) {
    double count = 0;
    for (const std::int64_t width : widths) {
      count += (in + 1) * static_cast<double>(width);
      in = static_cast<double>(width);
    }
    return count + heads * (in + 1) * out;
  };
  double features = static_cast<double>(settings.data()), convolutions = 0;
  if (settings.network == Network::convolutional) {
    constexpr std::int64_t few = kFewChannels, many = kManyChannels, kernel = 3 * 3;
    features *= many / 16.0;
    convolutions = 2 * kernel * (few + few * many) + (few + many) + (few + 1);  // both ways; their biases
  }
  const std::vector<std::int64_t> back(settings.hidden.rbegin(), settings.hidden.rend());
  return chain(features, settings.hidden, static_cast<double>(settings.latent), 2) +
         chain(static_cast<double>(settings.latent), back, features, 1) + convolutions;
}

}  // namespace GRADUS
