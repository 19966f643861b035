#include "models/evaluation/protocol.h"

#include <nlohmann/json.hpp>

#include "nn/files/quote.h"

namespace GRADUS {

/// "gaussian" or "continuous-bernoulli {"clip": 0.0001, …}": with what settings it has.
static std::string name_of(const Likelihoods& likelihood) {
  return std::visit(
      []<class L>(const L& kind) -> std::string {
        if constexpr (requires(L& l, SettingsVisitor& to) { l.settings(Listing(to)); }) {
          const auto json = nlohmann::json::parse(to_json(kind));
          return json.empty() ? L::kName : fmt::format("{} {}", L::kName, json.dump());
        }
        return L::kName;
      },
      likelihood.chosen);
}

Protocol protocol_of(const Config& config, const std::string& test, const std::string& estimator, std::int64_t draws,
                     const std::string& checkpoint) {
  const char* kBinarization[] = {"none", "static", "dynamic"};
  std::string data = config.fingerprint;
  if (!config.units.shift.empty()) data += fmt::format(", less {} over {}", config.units.shift, config.units.factor);
  const Measure measured = measure(config.model.likelihood, config.binarize != Binarize::none);
  return {.data = data,
          .binarization = kBinarization[static_cast<int>(config.binarize)],
          .split = fmt::format("{}, {} held out of training", test, config.validation),
          .likelihood = fmt::format("{}: {}", name_of(config.model.likelihood), measured.what),
          .estimator = estimator,
          .draws = draws,
          .checkpoint = checkpoint + (config.ema > 0 ? " of averaged weights" : "")};
}

std::vector<std::string> differences(const Protocol& one, const Protocol& other) {
  std::vector<std::pair<std::string, std::string>> parts;
  const auto shown = []<class T>(const T& part) {
    if constexpr (std::is_same_v<T, std::string>)
      return quote(part);
    else
      return fmt::to_string(part);
  };
  one.parts([&](const char* name, const auto& part) { parts.emplace_back(name, shown(part)); });
  std::vector<std::string> found;
  std::size_t i = 0;
  other.parts([&](const char*, const auto& part) {
    const auto& [name, first] = parts[i++];
    if (first != shown(part)) found.push_back(fmt::format("{}: {} and {}", name, first, shown(part)));
  });
  return found;
}

std::string to_json(const Protocol& protocol) {
  nlohmann::ordered_json json;
  protocol.parts([&](const char* name, const auto& part) { json[name] = part; });
  return json.dump();
}

Protocol protocol_from_json(const std::string& text) try {
  const auto json = nlohmann::json::parse(text);
  Protocol protocol;
  protocol.parts([&]<class T>(const char* name, const T& part) { const_cast<T&>(part) = json.at(name).get<T>(); });
  return protocol;
} catch (const nlohmann::json::exception&) {
  throw Error("it has no protocol that says how its numbers were made");
}

}  // namespace GRADUS
