#include "models/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "nn/files/quote.h"

namespace GRADUS {

constexpr std::size_t kColumn = 26;  // where descriptions begin

const std::string& Verb::name() const { return app_->get_name(); }

Verb& Verb::section(std::string heading) {
  section_ = std::move(heading);
  return *this;
}

Verb& Verb::argument(std::string name, std::string& target, std::string description) {
  app_->add_option(name, target, description)->required()->type_name("");
  names_.push_back(std::move(name));
  return *this;
}

Verb& Verb::option(std::string flag, std::string metavar, std::string shown, std::string description,
                   std::function<void(std::string_view text)> set) {
  if (!shown.empty()) description += fmt::format(" (default {})", shown);
  const auto give = [set = std::move(set)](const CLI::results_t& texts) {
    set(texts.at(0));
    return true;
  };
  app_->add_option(flag, give, description)->type_name(metavar)->expected(1)->group(section_);
  flags_.push_back(std::move(flag));
  return *this;
}

Verb& Verb::text(std::string flag, std::string metavar, std::string& target, std::string description) {
  return option(flag, std::move(metavar), target, std::move(description), [&target](auto text) { target = text; });
}

Verb& Verb::seed(std::string flag, std::uint64_t& target, std::string description) {
  return option(flag, "N", fmt::to_string(target), std::move(description),
                [flag, &target](auto text) { target = parse_seed(text, flag); });
}

Verb& Verb::count(std::string flag, std::int64_t& target, const IntegerRange& range, std::string description) {
  return option(flag, "N", fmt::to_string(target), std::move(description),
                [flag, &target, range](auto text) { target = parse_count(text, flag, range); });
}

Verb& Verb::real(std::string flag, double& target, const RealRange& range, std::string description) {
  return option(flag, "X", fmt::to_string(target), std::move(description),
                [flag, &target, range](auto text) { target = parse_real(text, flag, range); });
}

// ---- the whole line ----

CommandLine::CommandLine(std::string program, std::string description, std::string footer)
    : app_(std::make_unique<CLI::App>(std::move(description), std::move(program))) {
  app_->footer(std::move(footer));
  app_->require_subcommand(1);
  app_->set_help_flag("-h,--help", "This text");
  app_->get_formatter()->column_width(kColumn);
  app_->get_formatter()->label("SUBCOMMAND", "VERB …");
  app_->get_formatter()->label("Positionals", "Arguments");
  app_->get_formatter()->label("REQUIRED", "");
}

CommandLine::~CommandLine() = default;

Verb& CommandLine::verb(std::string name, std::string description, std::string footer) {
  CLI::App* app = app_->add_subcommand(std::move(name), std::move(description));
  app->group("Verbs")->footer(std::move(footer));
  return *verbs_.emplace_back(std::make_unique<Verb>(*app));
}

/// Every flag is known, comes once and has a value that is neither empty nor a flag, and there are as many other
/// arguments as the verb takes. The flags that are given.
std::set<std::string> Verb::check_arguments(std::span<const std::string> arguments) const {
  const std::vector<std::string_view> flags(flags_.begin(), flags_.end());
  std::set<std::string> given;
  std::size_t others = 0;
  bool flags_end = false;  // after "--"
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view text = arguments[i];
    if (flags_end || !text.starts_with('-')) {
      if (text.empty()) throw UsageError("an argument is empty");
      if (text == "++")  // which ends a verb for CLI11
        throw UsageError(fmt::format("vae {} does not take \"++\"\nhelp: a folder of that name is ./++", name()));
      if (++others > names_.size()) throw UsageError(fmt::format("vae {} does not take {}", name(), quote(text)));
      continue;
    }
    if (text == "--") {
      flags_end = true;
      continue;
    }
    const std::string_view flag = text.substr(0, text.find('='));
    if (flag == "--help" || flag == "-h") throw UsageError(fmt::format("{} takes no value", flag));
    if (std::ranges::find(flags, flag) == flags.end())
      throw UsageError(fmt::format("vae {} has no option {}{}", name(), quote(flag), did_you_mean(flag, flags)));
    if (!given.emplace(flag).second) throw UsageError(fmt::format("{} is given twice", flag));
    const bool joined = flag.size() < text.size();
    if (!joined && (i + 1 == arguments.size() || arguments[i + 1].starts_with("--")))
      throw UsageError(fmt::format("{} needs a value", flag));
    const std::string_view value = joined ? text.substr(flag.size() + 1) : std::string_view(arguments[++i]);
    if (value.empty()) throw UsageError(fmt::format("{} needs a value, not \"\"", flag));
  }
  if (others < names_.size()) throw UsageError(fmt::format("vae {} needs {}", name(), names_[others]));
  return given;
}

/// CLI11 leaves two empty lines between sections and one at the end.
static std::string tidy(const std::string& help) {
  std::string text = CLI::detail::find_and_replace(help, "\n\n\n", "\n\n");
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

CommandLine::Parsed CommandLine::parse(const std::vector<std::string>& arguments) {
  const std::string program = app_->get_name();
  const auto asks_for_help = [](const std::string& text) { return text == "--help" || text == "-h"; };
  if (arguments.empty()) throw UsageError(fmt::format("a verb is missing\nhelp: {} --help names them", program));
  if (asks_for_help(arguments[0])) return {nullptr, tidy(app_->help()), {}};

  std::vector<std::string_view> names;
  for (const auto& verb : verbs_) names.push_back(verb->name());
  const auto found = std::ranges::find(names, arguments[0]);
  if (found == names.end())
    throw UsageError(fmt::format("the verb must be {}, not {}{}", one_of(names), quote(arguments[0]),
                                 did_you_mean(arguments[0], names)));
  const Verb& verb = *verbs_[static_cast<std::size_t>(found - names.begin())];

  const auto flags_end = std::ranges::find(arguments, "--");
  if (std::any_of(arguments.begin(), flags_end, asks_for_help)) return {nullptr, tidy(verb.app_->help(program)), {}};
  const std::set<std::string> given = verb.check_arguments(std::span(arguments).subspan(1));
  try {
    app_->parse(std::vector(arguments.rbegin(), arguments.rend()));  // it takes them from the back
  } catch (const CLI::Error& error) {
    throw UsageError(error.what());
  }
  return {&verb, "", given};
}

}  // namespace GRADUS
