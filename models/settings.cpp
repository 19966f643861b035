#include "models/settings.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "nn/files/quote.h"

namespace GRADUS {

bool fits_real(double value) {
  const Real real = static_cast<Real>(value);
  return std::isfinite(real) && (real != 0 || value == 0);
}

namespace {

using Json = nlohmann::ordered_json;
constexpr int kFormat = 2;

struct Writer final : SettingsVisitor {
  Json json;

  void text(const char* name, std::string& value, const char*) override { json[name] = value; }
  void seed(const char* name, std::uint64_t& value, const char*) override { json[name] = value; }
  void flag(const char* name, bool& value, const char*) override { json[name] = value; }
  void whole(const char* name, std::int64_t& value, const IntegerRange&, const char*) override { json[name] = value; }
  void whole(const char* name, std::optional<std::int64_t>& value, const IntegerRange&, const char*) override {
    if (value) json[name] = *value;
  }
  void number(const char* name, double& value, const RealRange&, const char*) override { json[name] = value; }
  void wholes(const char* name, std::vector<std::int64_t>& value, const IntegerList&, const char*) override {
    json[name] = value;
  }
  void choice(const char* name, AnyChoice& value, const char*) override {
    json[name] = value.name(value.chosen());
    value.settings(value.chosen(), *this);
  }
};

template <class... A>
[[noreturn]] void refuse(fmt::format_string<const A&...> sentence, const A&... a) {
  throw SettingError(fmt::format(sentence, a...));
}

// Reads what the text has, and remembers which names the list knows.
struct Reader final : SettingsVisitor {
  const Json& json;
  std::set<std::string> known{};
  explicit Reader(const Json& json) : json(json) {}

  const Json* find(const char* name) {
    known.insert(name);
    const auto found = json.find(name);
    return found == json.end() ? nullptr : &*found;
  }
  void text(const char* name, std::string& value, const char*) override {
    const Json* found = find(name);
    if (!found) return;
    if (!found->is_string()) refuse("`{}` is not a text", name);
    value = found->get<std::string>();
  }
  void seed(const char* name, std::uint64_t& value, const char*) override {
    const Json* found = find(name);
    if (!found) return;
    if (!found->is_number_unsigned()) refuse("`{}` is not a whole number from 0 to 2^64-1", name);
    value = found->get<std::uint64_t>();
  }
  void flag(const char* name, bool& value, const char*) override {
    const Json* found = find(name);
    if (!found) return;
    if (!found->is_boolean()) refuse("`{}` is neither true nor false", name);
    value = found->get<bool>();
  }
  static std::int64_t whole_of(const Json& value, const char* name, const IntegerRange& range) {
    // What needs the 64th bit comes as a negative number, which no range contains.
    if (!value.is_number_unsigned() || !range.contains(value.get<std::int64_t>()))
      refuse("`{}` is not {}", name, to_string(range));
    return value.get<std::int64_t>();
  }
  void whole(const char* name, std::int64_t& value, const IntegerRange& range, const char*) override {
    if (const Json* found = find(name)) value = whole_of(*found, name, range);
  }
  void whole(const char* name, std::optional<std::int64_t>& value, const IntegerRange& range, const char*) override {
    if (const Json* found = find(name)) value = whole_of(*found, name, range);
  }
  void number(const char* name, double& value, const RealRange& range, const char*) override {
    const Json* found = find(name);
    if (!found) return;
    if (!found->is_number()) refuse("`{}` is not a number", name);
    const double number = found->get<double>();
    if (!range.contains(number)) refuse("`{}` is {}, but must be {}", name, number, to_string(range));
    if (!fits_real(number))
      refuse("`{}` is {}, which is too large or too small for this program's numbers", name, number);
    value = number;
  }
  void wholes(const char* name, std::vector<std::int64_t>& value, const IntegerList& range, const char*) override {
    const Json* found = find(name);
    if (!found) return;
    if (!found->is_array()) refuse("`{}` is not a list", name);
    std::vector<std::int64_t> numbers;
    for (const Json& each : *found) numbers.push_back(whole_of(each, name, range.each));
    if (numbers.size() > range.most || numbers.size() < range.least)
      refuse("`{}` has {} numbers, but may have {} to {}", name, numbers.size(), range.least, range.most);
    value = std::move(numbers);
  }
  void choice(const char* name, AnyChoice& value, const char*) override {
    if (const Json* found = find(name)) {
      if (!found->is_string()) refuse("`{}` is not a text", name);
      const std::string& wanted = found->get_ref<const std::string&>();
      std::size_t kind = 0;
      while (kind < value.size() && wanted != value.name(kind)) ++kind;
      if (kind == value.size()) refuse("`{}` is {}, which is not one of its kinds", name, quote(wanted));
      value.choose(kind);
    }
    value.settings(value.chosen(), *this);
    note_unchosen(name, value, unchosen);
  }
  Unchosen unchosen{};
};

/// The text as JSON of no more levels than settings have (the library descends without limit), where no name stands
/// twice.
Json parse(const std::string& text) {
  if (text.find('\0') != std::string::npos) refuse("it holds a zero byte");  // the library would stop there
  constexpr int kDeepest = 2;
  std::set<std::string> names;
  const auto look = [&](int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth >= kDeepest && event != Json::parse_event_t::value) refuse("it is nested too deeply");
    if (event == Json::parse_event_t::key && !names.insert(parsed.get<std::string>()).second)
      refuse("{} stands in it twice", quote(parsed.get<std::string>()));
    return true;
  };
  return Json::parse(text, look);
}

/// In which line byte `at` of the text stands.
std::int64_t line_at(const std::string& text, std::size_t at) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(at, text.size())), '\n');
}

/// In which line a member stands: 0 when it does not.
std::int64_t line_of(const std::string& text, std::string_view name) {
  const std::string key = fmt::format("\"{}\"", name);
  for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    const std::size_t after = text.find_first_not_of(" \t\r\n", at + key.size());
    if (after != std::string::npos && text[after] == ':') return line_at(text, at);  // and not a text that is equal
  }
  return 0;
}

// Notes that a kind has settings of these names.
struct Names final : SettingsVisitor {
  std::string owner, kind;
  Unchosen& all;
  Names(const char* owner, const char* kind, Unchosen& all) : owner(owner), kind(kind), all(all) {}

  void note(const char* name) {
    std::string& needs = all[name];
    if (needs.ends_with(' ' + kind)) return;  // kinds of a choice within this one may share a name
    if (const std::size_t last = needs.rfind(" or "); last != std::string::npos) needs.replace(last, 4, ", ");
    needs += needs.empty() ? fmt::format("`{}` {}", owner, kind) : " or " + kind;
  }
  void text(const char* name, std::string&, const char*) override { note(name); }
  void seed(const char* name, std::uint64_t&, const char*) override { note(name); }
  void flag(const char* name, bool&, const char*) override { note(name); }
  void whole(const char* name, std::int64_t&, const IntegerRange&, const char*) override { note(name); }
  void whole(const char* name, std::optional<std::int64_t>&, const IntegerRange&, const char*) override { note(name); }
  void number(const char* name, double&, const RealRange&, const char*) override { note(name); }
  void wholes(const char* name, std::vector<std::int64_t>&, const IntegerList&, const char*) override { note(name); }
  void choice(const char* name, AnyChoice& value, const char*) override {
    note(name);
    for (std::size_t i = 0; i < value.size(); ++i) value.settings(i, *this);
  }
};

}  // namespace

void note_unchosen(const char* name, AnyChoice& choice, Unchosen& unchosen) {
  for (std::size_t kind = 0; kind < choice.size(); ++kind) {
    Names names(name, choice.name(kind), unchosen);
    if (kind != choice.chosen()) choice.settings(kind, names);
  }
}

std::string detail::to_json(const ShowSettings& list) {
  Writer writer;
  writer.json["format"] = kFormat;
  list(writer);
  return writer.json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

void detail::read_json(const ShowSettings& list, const std::string& text) try {
  const Json json = parse(text);
  if (!json.is_object()) refuse("it is not an object");
  Reader reader(json);
  std::int64_t format = 0;
  reader.whole("format", format, {1, 1'000'000}, nullptr);
  if (format == 0) refuse("`format` is missing");
  if (format < kFormat)
    refuse("it is of format {}, which an earlier version wrote\nhelp: train the model anew, or use that version",
           format);
  if (format > kFormat) refuse("it is of format {}, this program reads format {}", format, kFormat);
  list(reader);
  for (const auto& [name, value] : json.items()) {
    if (reader.known.contains(name)) continue;
    const auto needs = reader.unchosen.find(name);
    if (needs != reader.unchosen.end()) refuse("`{}` needs {}", name, needs->second);
    refuse("line {}: {} is not known to this program", line_of(text, name), quote(name));
  }
} catch (const SettingError& error) {
  throw SettingError(located(error.what(), text));
} catch (const Json::out_of_range&) {
  refuse("it holds a number that is too large");
} catch (const Json::parse_error& error) {
  refuse("line {}: it is not JSON", line_at(text, error.byte));
} catch (const Json::exception&) {
  refuse("it is not JSON");
}

std::string located(const std::string& sentence, const std::string& text) {
  const std::size_t open = sentence.find('`');
  const std::size_t close = open == std::string::npos ? open : sentence.find('`', open + 1);
  if (sentence.starts_with("line ") || close == std::string::npos) return sentence;
  const std::int64_t line = line_of(text, sentence.substr(open + 1, close - open - 1));
  return line > 0 ? fmt::format("line {}: {}", line, sentence) : sentence;
}

std::string first_difference(const std::string& one, const std::string& other) {
  const Json a = parse(one), b = parse(other);
  const auto shown = [](const Json& json, const std::string& name) {
    return json.contains(name) ? json.at(name).dump() : "nothing";
  };
  for (const auto& [name, value] : a.items())
    if (!b.contains(name) || b.at(name) != value)
      return fmt::format("\"{}\": {}, not {} (line {})", name, value.dump(), shown(b, name),
                         std::max<std::int64_t>(line_of(other, name), 1));
  for (const auto& [name, value] : b.items())
    if (!a.contains(name))
      return fmt::format("\"{}\": nothing, not {} (line {})", name, value.dump(), line_of(other, name));
  return "";
}

std::string spoken(const std::string& sentence, std::string (*speak)(const std::string& name)) {
  std::string text;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = sentence.find('`', at);
    const std::size_t close = open == std::string::npos ? open : sentence.find('`', open + 1);
    if (close == std::string::npos) return text + sentence.substr(at);
    text += sentence.substr(at, open - at) + speak(sentence.substr(open + 1, close - open - 1));
    at = close + 1;
  }
}

std::string as_in_file(const std::string& name) { return '"' + name + '"'; }

}  // namespace GRADUS
