#include "models/config.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "models/data/dataset.h"
#include "nn/files/quote.h"

namespace GRADUS {

template <>
std::span<const Named<Network>> choices() {
  static constexpr Named<Network> all[] = {{"dense", Network::dense}, {"conv", Network::convolutional}};
  return all;
}
template <>
std::span<const Named<Activation::Kind>> choices() {
  static constexpr Named<Activation::Kind> all[] = {
      {"relu", Activation::relu},       {"elu", Activation::elu},          {"leaky-relu", Activation::leaky_relu},
      {"silu", Activation::silu},       {"gelu", Activation::gelu},        {"tanh", Activation::tanh},
      {"sigmoid", Activation::sigmoid}, {"softplus", Activation::softplus}};
  return all;
}
template <>
std::span<const Named<Init>> choices() {
  static constexpr Named<Init> all[] = {{"variance-scaling", Init::variance_scaling},
                                        {"he", Init::he},
                                        {"glorot", Init::glorot},
                                        {"fan-in", Init::fan_in}};
  return all;
}
template <>
std::span<const Named<Head>> choices() {
  static constexpr Named<Head> all[] = {{"log-variance", Head::log_variance}, {"sigma", Head::sigma}};
  return all;
}
template <>
std::span<const Named<Likelihood>> choices() {
  static constexpr Named<Likelihood> all[] = {{"bernoulli", Likelihood::bernoulli}, {"gaussian", Likelihood::gaussian}};
  return all;
}
template <>
std::span<const Named<Binarize>> choices() {
  static constexpr Named<Binarize> all[] = {
      {"none", Binarize::none}, {"static", Binarize::statically}, {"dynamic", Binarize::dynamically}};
  return all;
}
template <>
std::span<const Named<OptimizerKind>> choices() {
  static constexpr Named<OptimizerKind> all[] = {{"adam", OptimizerKind::adam},
                                                 {"adamw", OptimizerKind::adamw},
                                                 {"sgd", OptimizerKind::sgd},
                                                 {"adagrad", OptimizerKind::adagrad},
                                                 {"rmsprop", OptimizerKind::rmsprop}};
  return all;
}
template <>
std::span<const Named<Schedule::Kind>> choices() {
  static constexpr Named<Schedule::Kind> all[] = {
      {"constant", Schedule::constant}, {"step", Schedule::step}, {"cosine", Schedule::cosine}};
  return all;
}

double default_momentum(OptimizerKind optimizer) { return optimizer == OptimizerKind::sgd ? 0.9 : 0; }

namespace {

using Json = nlohmann::ordered_json;
constexpr int kFormat = 1;

// Each member of Config, once, with the range that it may have: the list serves writing and reading.
template <class C, class Visit>
void for_each_member(C& c, const Visit& visit) {
  visit("data", c.data);
  visit("fingerprint", c.fingerprint);
  visit("height", c.vae.image.h, IntegerRange{1, 65535});
  visit("width", c.vae.image.w, IntegerRange{1, 65535});
  visit("model", c.vae.network);
  visit("hidden", c.vae.hidden);
  visit("latent", c.vae.latent, range::kLatent);
  visit("activation", c.vae.activation);
  visit("init", c.vae.init);
  visit("head", c.vae.head);
  visit("likelihood", c.vae.likelihood);
  visit("binarize", c.binarize);
  visit("beta", c.beta, range::kBeta);
  visit("epochs", c.epochs, range::kEpochs);
  visit("batch_size", c.batch_size, range::kBatchSize);
  visit("optimizer", c.optimizer);
  visit("lr", c.lr, range::kLr);
  visit("clip", c.clip, range::kClip);
  visit("validation", c.validation, range::kValidation);
  visit("seed", c.seed);
}

// Those that configurations from before they were offered lack.
template <class C, class Visit>
void for_each_later_member(C& c, const Visit& visit) {
  visit("test_fingerprint", c.test_fingerprint);
  visit("momentum", c.momentum, range::kDecay);
  visit("nesterov", c.nesterov);
  visit("weight_decay", c.weight_decay, range::kWeightDecay);
  visit("schedule", c.schedule);
  visit("decay_steps", c.decay_steps, IntegerRange{0, range::kDecaySteps.max});
  visit("decay_factor", c.decay_factor, range::kDecayFactor);
  visit("warmup", c.warmup, range::kWarmup);
  visit("ema", c.ema, range::kDecay);
  visit("accumulate", c.accumulate, range::kAccumulate);
  visit("transpose", c.transpose);
}

struct Reader {
  const Json& json;

  const Json& at(const char* name) const {
    check(json.contains(name), "\"{}\" is missing", name);
    return json.at(name);
  }
  void operator()(const char* name, std::string& text) const {
    check(at(name).is_string(), "\"{}\" is not a text", name);
    text = at(name).get<std::string>();
  }
  void operator()(const char* name, std::uint64_t& number) const {
    check(at(name).is_number_unsigned(), "\"{}\" is not a whole number from 0 to 2^64-1", name);
    number = at(name).get<std::uint64_t>();
  }
  void operator()(const char* name, bool& value) const {
    check(at(name).is_boolean(), "\"{}\" is neither true nor false", name);
    value = at(name).get<bool>();
  }
  void operator()(const char* name, std::int64_t& number, const IntegerRange& range) const {
    number = whole(at(name), name, range);
  }
  void operator()(const char* name, double& number, const RealRange& range) const {
    check(at(name).is_number(), "\"{}\" is not a number", name);
    number = at(name).get<double>();
    check(range.contains(number), "\"{}\" is {}, but must be {}", name, number, to_string(range));
    check(std::abs(number) <= std::numeric_limits<Real>::max() && (number == 0 || static_cast<Real>(number) != 0),
          "\"{}\" is {}, which is too large or too small for this program's numbers", name, number);
  }
  void operator()(const char* name, std::vector<std::int64_t>& numbers) const {
    check(at(name).is_array(), "\"{}\" is not a list", name);
    numbers.clear();
    for (const Json& each : at(name)) numbers.push_back(whole(each, name, range::kHidden));
    check(numbers.size() <= range::kMostHidden, "\"{}\" has {} numbers, but may have {} at most", name, numbers.size(),
          range::kMostHidden);
  }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(const char* name, E& value) const {
    check(at(name).is_string(), "\"{}\" is not a text", name);
    for (const Named<E>& choice : choices<E>())
      if (at(name).get<std::string>() == choice.name) {
        value = choice.value;
        return;
      }
    throw Error(fmt::format("\"{}\" is {}, which is not one of the choices", name, quote(at(name).get<std::string>())));
  }

  static std::int64_t whole(const Json& value, const char* name, const IntegerRange& range) {
    // What needs the 64th bit comes as a negative number, which no range contains.
    check(value.is_number_unsigned() && range.contains(value.get<std::int64_t>()),
          "\"{}\" is not a whole number from {} to {}", name, range.min, range.max);
    return value.get<std::int64_t>();
  }
};

}  // namespace

std::string to_json(const Config& config) {
  Json json;
  json["format"] = kFormat;
  const auto write = [&](const char* name, const auto& value, auto...) {
    if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(value)>>)
      json[name] = name_of(value);
    else
      json[name] = value;
  };
  for_each_member(config, write);
  for_each_later_member(config, write);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

/// The text as JSON of no more levels than a configuration has (the library descends without limit), where no member
/// stands twice.
static Json parse(const std::string& text) {
  check(text.find('\0') == std::string::npos, "it holds a zero byte");  // the library would stop there
  constexpr int kDeepest = 2;
  std::set<std::string> names;
  const auto look = [&](int depth, Json::parse_event_t event, const Json& parsed) {
    check(depth < kDeepest || event == Json::parse_event_t::value, "it is nested too deeply");
    if (event == Json::parse_event_t::key)
      check(names.insert(parsed.get<std::string>()).second, "{} stands in it twice", quote(parsed.get<std::string>()));
    return true;
  };
  return Json::parse(text, look);
}

/// In which line byte `at` of the text stands.
static std::int64_t line_at(const std::string& text, std::size_t at) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(at, text.size())), '\n');
}

/// In which line a member stands: 1 when it does not.
static std::int64_t line_of(const std::string& text, std::string_view name) {
  const std::string key = fmt::format("\"{}\"", name);
  for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    const std::size_t after = text.find_first_not_of(" \t\r\n", at + key.size());
    if (after != std::string::npos && text[after] == ':') return line_at(text, at);  // and not a text that is equal
  }
  return 1;
}

std::string first_difference(const std::string& one, const std::string& other) {
  const Json a = parse(one), b = parse(other);
  for (const auto& [name, value] : a.items())
    if (!b.contains(name) || b.at(name) != value)
      return fmt::format("\"{}\": {}, not {} (line {})", name, value.dump(),
                         b.contains(name) ? b.at(name).dump() : "nothing", line_of(other, name));
  return "";
}

/// What a choice makes of others: a member that means nothing beside them is at its default.
static void check_choices(const Config& c, const auto& refuse) {
  const bool sgd = c.optimizer == OptimizerKind::sgd;
  if (c.momentum > 0 && !sgd && c.optimizer != OptimizerKind::rmsprop)
    refuse("momentum", fmt::format("is {}, but {} has none", c.momentum, name_of(c.optimizer)));
  if (c.nesterov && (!sgd || c.momentum == 0)) refuse("nesterov", "is true, but needs sgd and a momentum above 0");
  if (c.schedule != Schedule::constant && c.decay_steps == 0) refuse("decay_steps", "is 0, but the schedule decays");
  if (c.schedule == Schedule::step && c.decay_factor == 0)
    refuse("decay_factor", "is 0, which leaves nothing of the rate at the first step of the schedule");
}

/// Fingerprints are of images of the model's size.
static void check_fingerprints(const Config& c, const auto& refuse) {
  for (const auto& [name, text] : {std::pair("fingerprint", c.fingerprint), {"test_fingerprint", c.test_fingerprint}}) {
    if (text.empty()) continue;
    const Identified images = read_fingerprint(text);
    if (images.height != c.vae.image.h || images.width != c.vae.image.w)
      refuse(name, fmt::format("is of images of {} x {} pixels, the model takes {} x {}", images.height, images.width,
                               c.vae.image.h, c.vae.image.w));
  }
}

Config config_from_json(const std::string& text, const std::filesystem::path& file) try {
  const Json json = parse(text);
  check(json.is_object(), "it is not an object");
  const auto refuse = [&](std::string_view name, std::string_view why) {
    throw Error(fmt::format("line {}: \"{}\" {}", line_of(text, name), name, why));
  };
  const Reader reader{json};
  const auto read = [&](const char* name, auto& value, const auto&... range) {
    try {
      reader(name, value, range...);
    } catch (const Error& error) {
      throw Error(json.contains(name) ? fmt::format("line {}: {}", line_of(text, name), error.what()) : error.what());
    }
  };
  std::int64_t format = 0;
  read("format", format, IntegerRange{1, 1'000'000});
  check(format == kFormat, "it is of format {}, this program reads format {}", format, kFormat);
  Config config;
  std::set<std::string> known{"format"};
  for_each_member(config, [&](const char* name, auto& value, auto... range) {
    known.insert(name);
    if (name == std::string_view("model") && !json.contains(name)) return;  // the first runs do not say it: all dense
    read(name, value, range...);
  });
  for_each_later_member(config, [&](const char* name, auto& value, auto... range) {
    known.insert(name);
    if (json.contains(name)) read(name, value, range...);
  });
  for (const auto& [name, value] : json.items())
    check(known.contains(name), "line {}: {} is not known to this program", line_of(text, name), quote(name));
  if (!json.contains("momentum")) config.momentum = default_momentum(config.optimizer);
  check_choices(config, refuse);
  check_fingerprints(config, refuse);
  return config;
} catch (const Json::out_of_range&) {
  throw Error(fmt::format("{} is not a configuration: it holds a number that is too large", quote(file.native())));
} catch (const Json::parse_error& error) {
  throw Error(fmt::format("{} is not a configuration: line {}: it is not JSON", quote(file.native()),
                          line_at(text, error.byte)));
} catch (const Json::exception&) {
  throw Error(fmt::format("{} is not a configuration: it is not JSON", quote(file.native())));
} catch (const Error& error) {
  throw Error(fmt::format("{} is not a configuration: {}", quote(file.native()), error.what()));
}

}  // namespace GRADUS
