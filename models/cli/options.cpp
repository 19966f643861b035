#include "models/cli/options.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "nn/files/quote.h"

namespace GRADUS {

std::string as_flag(const std::string& name) {
  std::string flag = "--" + name;
  std::ranges::replace(flag, '_', '-');
  return flag;
}

namespace {

constexpr const char* kAuto = "auto";  // where a default depends on other things

// An option as it will be offered; kinds of a choice may share one, each with its own default.
struct Offered {
  std::string name, metavar, help;
  std::vector<std::string> words;
  struct Default {
    std::string kind, shown;
  };
  std::vector<Default> defaults;
};

struct Collector final : SettingsVisitor {
  std::vector<Offered> all;
  std::function<void(const char*)> on_section = [](const char*) {};
  std::function<void(const char*, const char*)> on_argument = [](const char*, const char*) {};
  std::string kind;  // whose settings are shown; empty: outside of any choice

  void add(const char* name, const char* metavar, std::string shown, const char* help,
           std::vector<std::string> words = {}) {
    if (!offered) return;
    const auto same = std::ranges::find(all, name, &Offered::name);
    if (same == all.end())
      all.push_back({name, metavar, help ? help : "", std::move(words), {{kind, std::move(shown)}}});
    else
      same->defaults.push_back({kind, std::move(shown)});
  }
  void section(const char* heading) override { on_section(heading); }
  void argument(const char* name, std::string&, const char* help) override { on_argument(name, help); }
  void text(const char* name, std::string& value, const char* help) override { add(name, "TEXT", value, help); }
  void seed(const char* name, std::uint64_t& value, const char* help) override {
    add(name, "N", fmt::to_string(value), help);
  }
  void flag(const char* name, bool& value, const char* help) override {
    add(name, "[no|yes]", value ? "yes" : "no", help, {"no", "yes"});
  }
  void whole(const char* name, std::int64_t& value, const IntegerRange&, const char* help) override {
    add(name, "N", fmt::to_string(value), help);
  }
  void whole(const char* name, std::optional<std::int64_t>& value, const IntegerRange&, const char* help) override {
    add(name, "N", value ? fmt::to_string(*value) : kAuto, help);
  }
  void number(const char* name, double& value, const RealRange&, const char* help) override {
    add(name, "X", fmt::to_string(value), help);
  }
  void wholes(const char* name, std::vector<std::int64_t>& value, const IntegerList&, const char* help) override {
    add(name, "N,N", fmt::format("{}", fmt::join(value, ",")), help);
  }
  void choice(const char* name, AnyChoice& value, const char* help) override {
    std::vector<std::string> words;
    std::string explained = help ? help : "";
    std::vector<std::string_view> plain;
    for (std::size_t i = 0; i < value.size(); ++i) {
      words.push_back(value.name(i));
      if (!value.help(i)) plain.push_back(value.name(i));
    }
    if (plain.size() == value.size()) {
      explained += ": " + one_of(plain);
    } else {
      explained += ':';
      for (std::size_t i = 0; i < value.size(); ++i)
        explained +=
            fmt::format("\n  {}{}{}", value.name(i), value.help(i) ? "  " : "", value.help(i) ? value.help(i) : "");
      explained += '\n';
    }
    add(name, "NAME", value.name(value.chosen()), explained.c_str(), words);
    const std::string outer = kind;
    for (std::size_t i = 0; i < value.size(); ++i) {
      kind = value.name(i);
      value.settings(i, *this);
    }
    kind = outer;
  }
};

void register_option(Verb& verb, const Offered& option) {
  std::string help = option.help;
  std::vector<std::string_view> kinds;
  bool same = true;
  for (const auto& each : option.defaults) {
    if (!each.kind.empty()) kinds.push_back(each.kind);
    same = same && each.shown == option.defaults[0].shown;
  }
  if (!kinds.empty()) {
    std::string list;
    for (const std::string_view kind : kinds) list += (list.empty() ? "" : ", ") + std::string(kind);
    help += fmt::format(" [{}]", list);
  }
  std::string shown = option.defaults[0].shown;
  if (!same) {
    shown.clear();
    for (const auto& each : option.defaults)
      shown += fmt::format("{}{}: {}", shown.empty() ? "" : "; ", each.kind, each.shown);
  }
  verb.option(as_flag(option.name), option.metavar, shown, spoken(help, as_flag), option.words);
}

// Gives settings their values from the line.
struct Assigner final : SettingsVisitor {
  const Given& given;
  std::size_t arguments = 0;
  std::set<std::string> known{};
  Unchosen unchosen{};
  explicit Assigner(const Given& given) : given(given) {}

  /// Calls set(text, flag) when the line has the option.
  template <class Set>
  void take(const char* name, const Set& set) {
    if (!offered) return;
    const std::string flag = as_flag(name);
    known.insert(flag);
    const auto found = given.options.find(flag);
    if (found != given.options.end()) set(found->second, flag);
  }
  void argument(const char*, std::string& value, const char*) override {
    if (arguments < given.arguments.size()) value = given.arguments[arguments++];  // or it may be left out
  }
  void text(const char* name, std::string& value, const char*) override {
    take(name, [&](const std::string& text, const std::string&) { value = text; });
  }
  void seed(const char* name, std::uint64_t& value, const char*) override {
    take(name, [&](const std::string& text, const std::string& flag) { value = parse_seed(text, flag); });
  }
  void flag(const char* name, bool& value, const char*) override {
    take(name, [&](const std::string& text, const std::string& flag) {
      constexpr std::string_view kWords[] = {"no", "yes"};
      value = parse_choice(text, flag, kWords) == 1;
    });
  }
  void whole(const char* name, std::int64_t& value, const IntegerRange& range, const char*) override {
    take(name, [&](const std::string& text, const std::string& flag) { value = parse_count(text, flag, range); });
  }
  void whole(const char* name, std::optional<std::int64_t>& value, const IntegerRange& range, const char*) override {
    take(name, [&](const std::string& text, const std::string& flag) {
      if (text == kAuto)
        value.reset();
      else
        value = parse_count(text, flag, range);
    });
  }
  void number(const char* name, double& value, const RealRange& range, const char*) override {
    take(name, [&](const std::string& text, const std::string& flag) { value = parse_real(text, flag, range); });
  }
  void wholes(const char* name, std::vector<std::int64_t>& value, const IntegerList& range, const char*) override {
    take(name, [&](const std::string& text, const std::string& flag) { value = parse_sizes(text, flag, range); });
  }
  void choice(const char* name, AnyChoice& value, const char*) override {
    take(name, [&](const std::string& text, const std::string& flag) {
      std::vector<std::string_view> names;
      for (std::size_t i = 0; i < value.size(); ++i) names.push_back(value.name(i));
      value.choose(parse_choice(text, flag, names));
    });
    value.settings(value.chosen(), *this);
    note_unchosen(name, value, unchosen);
  }
};

}  // namespace

void offer(Verb& verb, const ShowSettings& list) {
  Collector collector;
  const auto flush = [&] {
    for (const Offered& option : collector.all) register_option(verb, option);
    collector.all.clear();
  };
  collector.on_section = [&](const char* heading) {
    flush();
    verb.section(heading);
  };
  collector.on_argument = [&](const char* name, const char* help) { verb.argument(name, help); };
  list(collector);
  flush();
}

void assign(const Given& given, const ShowSettings& list) {
  Assigner assigner(given);
  list(assigner);
  for (const auto& [name, needs] : assigner.unchosen) {
    const std::string flag = as_flag(name);
    if (given.options.contains(flag) && !assigner.known.contains(flag))
      throw UsageError(fmt::format("{} needs {}", flag, spoken(needs, as_flag)));
  }
}

}  // namespace GRADUS
