// The command line: verbs, their arguments and options, as text. What an option means stands with the settings that it
// is made from (models/cli/options.h).
//
// CLI11 lays out the help. It lets pass too much to read the line (empty values, flags as values, `--size -1`), so that
// is done here.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/cli/parse.h"

namespace CLI {
class App;
}

namespace GRADUS {

class Verb {
 public:
  explicit Verb(CLI::App& app) : app_(&app) {}

  const std::string& name() const;
  /// The heading in the help of the options that follow.
  void section(std::string heading) { section_ = std::move(heading); }
  /// An argument without a flag, which must be given, unless it is called "[NAME]". More may follow the last if it is
  /// called "RUN…".
  void argument(std::string name, const std::string& description);
  /// An option with a value, which that of words "no" and "yes" need not have. `shown` is its default, if any; `words`, what it may be, if they are few. A '\n' in the
  /// description breaks the line.
  void option(std::string flag, const std::string& metavar, const std::string& shown, std::string description,
              std::vector<std::string> words = {});

  struct Option {
    std::string flag;
    std::vector<std::string> words;
  };
  std::span<const Option> options() const { return options_; }

 private:
  friend class CommandLine;

  CLI::App* app_;
  std::string section_ = "Options";
  std::vector<Option> options_;
  std::vector<std::string> arguments_;
};

/// What stands on a line: the texts of the arguments in their order, and of the options by their flags.
struct Given {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> options;
};

class CommandLine {
 public:
  CommandLine(std::string program, std::string description, std::string footer);
  ~CommandLine();

  /// The reference stays good. `footer` ends the verb's help: examples.
  Verb& verb(std::string name, std::string description, std::string footer = "");
  std::span<const std::unique_ptr<Verb>> verbs() const { return verbs_; }

  struct Parsed {
    const Verb* verb = nullptr;  // none when help was asked for
    std::string help;            // to be printed then
    Given given;
  };
  /// The arguments without the program's name. UsageError for anything unknown, missing, given twice or empty;
  /// `--help` goes before all of them.
  Parsed parse(const std::vector<std::string>& arguments);

 private:
  std::unique_ptr<CLI::App> app_;
  std::vector<std::unique_ptr<Verb>> verbs_;
};

}  // namespace GRADUS
