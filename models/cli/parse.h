// What a person writes after a flag, turned into values: all of the text or an error that names the flag.
//
// Numbers are decimal, whatever the locale. There is no leading space, '+' or 0x; 010 is ten; nan and inf are not
// numbers. What is out of range is never clamped.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/settings.h"

namespace GRADUS {

/// A command line that cannot be carried out: one sentence, and perhaps a second line `help: …`.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// `--epochs must be a whole number from 1 to 1000000, not "-1"`
std::int64_t parse_count(std::string_view text, std::string_view flag, const IntegerRange& range);

/// Any number of 64 bits: 0 to 18446744073709551615.
std::uint64_t parse_seed(std::string_view text, std::string_view flag);

/// A finite number that Real can hold: one that would become inf, or 0 without being 0, is refused.
double parse_real(std::string_view text, std::string_view flag, const RealRange& range);

/// "500,500": `most` counts or fewer, at least one.
std::vector<std::int64_t> parse_sizes(std::string_view text, std::string_view flag, const IntegerList& range);

/// The position of `text` in `names`; the error suggests the nearest one.
std::size_t parse_choice(std::string_view text, std::string_view flag, std::span<const std::string_view> names);

/// What `text` was probably meant to be: the candidate within two slips of a finger (fewer for short words), if any.
std::optional<std::string_view> nearest(std::string_view text, std::span<const std::string_view> candidates);
/// "\nhelp: did you mean …?" or nothing.
std::string did_you_mean(std::string_view text, std::span<const std::string_view> candidates);

/// "elu, relu or tanh"
std::string one_of(std::span<const std::string_view> names);

}  // namespace GRADUS
