#include "nn/files/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace GRADUS {

constexpr std::size_t kLongest = 200;  // bytes of the text that are shown

/// The length in bytes of the well-formed UTF-8 character at the start of `text`, which is not empty, and its
/// code point; length 0 when it is not well-formed (Unicode 15, table 3-7).
struct Character {
  std::size_t length = 0;
  std::uint32_t code = 0;
};
static Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {1, lead};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  std::uint32_t code = lead & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return {};
    code = code << 6 | (byte & 0x3f);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kSmallest[length] || code > 0x10ffff || surrogate) return {};
  return {length, code};
}

static bool printable(std::uint32_t code) {
  const auto within = [code](std::uint32_t low, std::uint32_t high) { return low <= code && code <= high; };
  const bool control = code < 0x20 || within(0x7f, 0x9f);
  const bool direction = code == 0x61c || within(0x200b, 0x200f) || within(0x202a, 0x202e) || within(0x2066, 0x2069);
  const bool line_break = within(0x2028, 0x2029);
  return !control && !direction && !line_break && code != 0xfeff;
}

/// Calls f(bytes, printable) for each character, and for each byte that belongs to none.
template <class F>
static void for_each_character(std::string_view text, const F& f) {
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(character.length, 1));
    f(bytes, character.length > 0 && printable(character.code));
    text.remove_prefix(bytes.size());
  }
}

static void spell_out(std::string_view bytes, std::string& to) {
  for (const char byte : bytes) fmt::format_to(std::back_inserter(to), "\\x{:02x}", static_cast<unsigned char>(byte));
}

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  std::size_t shown = 0;
  for_each_character(text, [&](std::string_view bytes, bool printable) {
    if (shown > kLongest) return;
    shown += bytes.size();
    if (shown > kLongest) {
      quoted += "…";
    } else if (!printable) {
      spell_out(bytes, quoted);
    } else {
      if (bytes == "\"" || bytes == "\\") quoted += '\\';
      quoted += bytes;
    }
  });
  return quoted + '"';
}

std::string shell_path(std::string_view path) {
  const std::string word = (path.starts_with('-') ? "./" : "") + std::string(path);  // "-x" would be an option
  const auto plain = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
           std::string_view("/._-+,:@%").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, plain)) return word;
  bool all_printable = true;
  for_each_character(word, [&](std::string_view, bool printable) { all_printable &= printable; });
  std::string quoted = all_printable ? "'" : "$'";
  for_each_character(word, [&](std::string_view bytes, bool printable) {
    if (all_printable)
      quoted += bytes == "'" ? R"('\'')" : bytes;
    else if (printable && bytes != "'" && bytes != "\\")
      quoted += bytes;
    else
      spell_out(bytes, quoted);
  });
  return quoted + '\'';
}

}  // namespace GRADUS
