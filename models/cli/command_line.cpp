#include "models/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "nn/files/quote.h"

namespace GRADUS {

constexpr std::size_t kColumn = 26;  // where descriptions begin

const std::string& Verb::name() const { return app_->get_name(); }

/// "[NAME]" may be left out; "RUN…" may be followed by more of its kind.
static bool is_optional(std::string_view name) { return name.starts_with('['); }
static bool is_repeated(std::string_view name) { return name.ends_with("…"); }

void Verb::argument(std::string name, const std::string& description) {
  app_->add_option(name, description)->required()->type_name("");
  arguments_.push_back(std::move(name));
}

void Verb::option(std::string flag, const std::string& metavar, const std::string& shown, std::string description,
                  std::vector<std::string> words) {
  if (!shown.empty()) description += fmt::format(" (default {})", shown);
  app_->add_option(flag, std::as_const(description))->type_name(metavar)->expected(1)->group(section_);
  options_.push_back({std::move(flag), std::move(words)});
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
/// arguments as the verb takes.
static Given read(const Verb& verb, std::span<const std::string> arguments, std::span<const std::string> names) {
  std::vector<std::string_view> flags;
  for (const Verb::Option& option : verb.options()) flags.push_back(option.flag);
  Given given;
  bool flags_end = false;  // after "--"
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view text = arguments[i];
    if (flags_end || !text.starts_with('-')) {
      if (text.empty()) throw UsageError("an argument is empty");
      if (given.arguments.size() >= names.size() && (names.empty() || !is_repeated(names.back())))
        throw UsageError(fmt::format("vae {} does not take {}", verb.name(), quote(text)));
      given.arguments.emplace_back(text);
      continue;
    }
    if (text == "--") {
      flags_end = true;
      continue;
    }
    const std::string_view flag = text.substr(0, text.find('='));
    if (flag == "--help" || flag == "-h") throw UsageError(fmt::format("{} takes no value", flag));
    if (std::ranges::find(flags, flag) == flags.end())
      throw UsageError(fmt::format("vae {} has no option {}{}", verb.name(), quote(flag), did_you_mean(flag, flags)));
    if (given.options.contains(std::string(flag))) throw UsageError(fmt::format("{} is given twice", flag));
    const bool joined = flag.size() < text.size();
    const auto& option = verb.options()[static_cast<std::size_t>(std::ranges::find(flags, flag) - flags.begin())];
    // What follows a flag of yes and no is its value, unless it is another flag or an argument that the verb still takes.
    const std::string next = i + 1 < arguments.size() ? arguments[i + 1] : "--";
    const bool takes_more = given.arguments.size() < names.size() || (!names.empty() && is_repeated(names.back()));
    const bool follows = next == "no" || next == "yes" || !(next.starts_with("--") || takes_more);
    if (!joined && !follows && option.words == std::vector<std::string>{"no", "yes"}) {
      given.options.emplace(flag, "yes");
      continue;
    }
    if (!joined && (i + 1 == arguments.size() || arguments[i + 1].starts_with("--")))
      throw UsageError(fmt::format("{} needs a value", flag));
    const std::string_view value = joined ? text.substr(flag.size() + 1) : std::string_view(arguments[++i]);
    if (value.empty()) throw UsageError(fmt::format("{} needs a value, not \"\"", flag));
    given.options.emplace(flag, value);
  }
  if (given.arguments.size() < names.size() && !is_optional(names[given.arguments.size()]))
    throw UsageError(fmt::format("vae {} needs {}", verb.name(), names[given.arguments.size()]));
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
  return {&verb, "", read(verb, std::span(arguments).subspan(1), verb.arguments_)};
}

}  // namespace GRADUS
