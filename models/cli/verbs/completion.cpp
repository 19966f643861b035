#include "models/cli/verbs/completion.h"

#include <fmt/ranges.h>

namespace GRADUS {

std::string CompletionVerb::bash_completion(const CommandLine& line) {
  std::string verbs, options, words;
  for (const auto& verb : line.verbs()) {
    verbs += (verbs.empty() ? "" : " ") + verb->name();
    std::string flags = "--help";
    for (const Verb::Option& option : verb->options()) {
      flags += ' ' + option.flag;
      if (!option.words.empty())
        words += fmt::format("    '{} {}') words='{}' ;;\n", verb->name(), option.flag, fmt::join(option.words, " "));
    }
    options += fmt::format("    {}) options='{}' ;;\n", verb->name(), flags);
  }
  // A value is one of the option's words where it has any, else a file; the first word is a verb.
  return fmt::format(
      "_vae() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} options= words=\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W '{} --help --version' -- \"$current\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${{COMP_WORDS[1]}} in\n{}  esac\n"
      "  case \"${{COMP_WORDS[1]}} $before\" in\n{}  esac\n"
      "  if [[ -n $words ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  elif [[ $current == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
      "  else\n"
      "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
      "  fi\n"
      "}}\n"
      "complete -o filenames -F _vae vae\n",
      verbs, options, words);
}

}  // namespace GRADUS
