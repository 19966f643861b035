// Options out of settings: "batch_size" is offered as --batch-size, with its default and its help, and takes its value
// from the line.
#pragma once

#include "models/cli/command_line.h"
#include "models/settings.h"

namespace GRADUS {

/// Offers what `list` shows as arguments and options of the verb.
void offer(Verb& verb, const ShowSettings& list);
/// Gives the settings that `list` shows what stands on the line. UsageError for what is malformed or out of range, and for
/// an option of a kind that is not chosen.
void assign(const Given& given, const ShowSettings& list);

/// --batch-size
std::string as_flag(const std::string& name);

}  // namespace GRADUS
