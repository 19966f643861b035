// Verbs and their options: each is declared once, with its flag, its default, its help and where its value goes.
//
// CLI11 does the work; what it lets pass (empty values, flags as values, `--size -1`) is caught before it here, and
// values are parsed by models/cli/parse.h.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "models/cli/parse.h"

namespace CLI {
class App;
}

namespace GRADUS {

/// One verb's arguments. The references must outlive CommandLine::parse; what they hold at the declaration is the
/// default, and is shown as such in the help.
class Verb {
 public:
  explicit Verb(CLI::App& app) : app_(&app) {}

  const std::string& name() const;
  /// The heading in the help of the options that follow.
  Verb& section(std::string heading);
  /// An argument without a flag, which must be given.
  Verb& argument(std::string name, std::string& target, std::string description);

  /// The general option: `set` gets the text and throws UsageError if it makes no sense. Without `shown` the help
  /// names no default. A '\n' in the description breaks the line.
  Verb& option(std::string flag, std::string metavar, std::string shown, std::string description,
               std::function<void(std::string_view text)> set);

  Verb& text(std::string flag, std::string metavar, std::string& target, std::string description);
  Verb& seed(std::string flag, std::uint64_t& target, std::string description);

  Verb& count(std::string flag, std::int64_t& target, const IntegerRange& range, std::string description);
  Verb& real(std::string flag, double& target, const RealRange& range, std::string description);

  /// One of `values`; their names follow the description.
  template <class T>
  Verb& choice(std::string flag, T& target, std::vector<std::pair<std::string_view, T>> values,
               std::string description) {
    std::vector<std::string_view> names;
    std::string_view shown;
    for (const auto& [name, value] : values) {
      names.push_back(name);
      if (value == target) shown = name;
    }
    description += ": " + one_of(names);
    return option(flag, "NAME", std::string(shown), std::move(description), [flag, &target, names, values](auto text) {
      target = values[parse_choice(text, flag, names)].second;
    });
  }

 private:
  friend class CommandLine;
  std::set<std::string> check_arguments(std::span<const std::string> arguments) const;

  CLI::App* app_;
  std::string section_ = "Options";
  std::vector<std::string> flags_;
  std::vector<std::string> names_;  // of the arguments without a flag
};

class CommandLine {
 public:
  CommandLine(std::string program, std::string description, std::string footer);
  ~CommandLine();

  /// The reference stays good. `footer` ends the verb's help: examples.
  Verb& verb(std::string name, std::string description, std::string footer = "");

  struct Parsed {
    const Verb* verb = nullptr;   // none when help was asked for
    std::string help;             // to be printed then
    std::set<std::string> given;  // the flags on the line
  };
  /// The arguments without the program's name. Calls the setters of what is given. UsageError for anything unknown,
  /// missing, given twice, empty or malformed; `--help` goes before all of them.
  Parsed parse(const std::vector<std::string>& arguments);

 private:
  std::unique_ptr<CLI::App> app_;
  std::vector<std::unique_ptr<Verb>> verbs_;
};

}  // namespace GRADUS
