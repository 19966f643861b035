#include "models/cli/run_command.h"

#include "models/cli/options.h"
#include "models/cli/print.h"
#include "models/cli/verbs/compare.h"
#include "models/cli/verbs/complete.h"
#include "models/cli/verbs/completion.h"
#include "models/cli/verbs/compress.h"
#include "models/cli/verbs/decode.h"
#include "models/cli/verbs/encode.h"
#include "models/cli/verbs/evaluate.h"
#include "models/cli/verbs/explain.h"
#include "models/cli/verbs/explore.h"
#include "models/cli/verbs/export.h"
#include "models/cli/verbs/info.h"
#include "models/cli/verbs/inspect.h"
#include "models/cli/verbs/interpolate.h"
#include "models/cli/verbs/manifold.h"
#include "models/cli/verbs/reconstruct.h"
#include "models/cli/verbs/reproduce.h"
#include "models/cli/verbs/resume.h"
#include "models/cli/verbs/sample.h"
#include "models/cli/verbs/scatter.h"
#include "models/cli/verbs/score.h"
#include "models/cli/verbs/selftest.h"
#include "models/cli/verbs/train.h"
#include "models/cli/verbs/traverse.h"
#include "models/cli/verbs/vary.h"
#include "models/cli/version.h"

namespace GRADUS {

namespace {

using Verbs = Choice<TrainVerb, ResumeVerb, SampleVerb, ReconstructVerb, InterpolateVerb, ManifoldVerb, TraverseVerb,
                     VaryVerb, CompleteVerb, ScatterVerb, EncodeVerb, DecodeVerb, CompressVerb, DecompressVerb,
                     ScoreVerb, EvaluateVerb, ExplainVerb, ExploreVerb, ExportVerb, InfoVerb, InspectVerb, CompareVerb,
                     ReproduceVerb, SelftestVerb, CompletionVerb>;

constexpr const char* kFooter =
    "Examples:\n"
    "  {0} train --out first          train the default model on generated digits\n"
    "  {0} sample first --seed 7      draw 60 new images\n"
    "  {0} train --help               all options of a verb\n"
    "\n"
    "Ctrl-C finishes the step, saves and stops; resume goes on as if nothing had happened.\n"
    "Exit codes: 0 done, 1 a check failed, 2 usage, 3 data or files, 4 numbers not finite,\n"
    "129, 130 and 143 stopped by a closed terminal, Ctrl-C and kill.";

/// The examples of a verb, which say {0} for the program's name.
template <class V>
std::string footer_of([[maybe_unused]] const std::string& command) {
  if constexpr (requires { V::kExamples; }) return fmt::format(fmt::runtime(V::kExamples), command);
  return "";
}

}  // namespace

bool run_command(const std::string& command, const std::vector<std::string>& arguments, StopRequest& stop) {
  if (arguments.size() == 1 && arguments[0] == "--version") {
    print(version_text());
    return true;
  }
  CommandLine line(command, "Trains variational autoencoders on images, and draws new images from them.",
                   fmt::format(fmt::runtime(kFooter), command));
  const auto add = [&]<class V>(V verb) {
    offer(line.verb(V::kName, V::kHelp, footer_of<V>(command)), [&](SettingsVisitor& to) { visit_settings(verb, to); });
  };
  [&]<class... V>(const Choice<V...>&) { (add(V{}), ...); }(Verbs());

  const auto [verb, help, given] = line.parse(arguments);
  if (!verb) {
    print(help);
    return true;
  }
  bool finished = true;
  const auto run = [&]<class V>(V chosen, const Given& given) {
    const Call call{command, line, stop};
    if constexpr (requires { chosen.prepare(given); }) chosen.prepare(given);  // defaults that depend on the line
    assign(given, [&](SettingsVisitor& to) { visit_settings(chosen, to); });
    if constexpr (requires {
                    { chosen(call) } -> std::same_as<bool>;
                  }) {
      stop.heeded = true;
      finished = chosen(call);
    } else {
      chosen(call);
    }
  };
  try {
    const auto run_if_chosen = [&]<class V>(V candidate, const std::string& name, const Given& given) {
      if (name == V::kName) run(candidate, given);
    };
    [&]<class... V>(const Choice<V...>&, const std::string& name, const Given& given) {
      (run_if_chosen(V{}, name, given), ...);
    }(Verbs(), verb->name(), given);
  } catch (const SettingError& error) {
    throw UsageError(spoken(error.what(), as_flag));
  }
  return finished;
}

}  // namespace GRADUS
