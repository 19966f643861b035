// A struct lists its settings as a module lists its members:
//
//   void settings(auto&& is) { is("epochs", epochs, IntegerRange{1, 1'000'000}, "passes over the training images"); }
//
// config.json, the options of the command line, their help and errors, and what `info` tells all follow from the list.
// Names are neutral ("batch_size"); sentences mark them by backquotes, and whoever prints a sentence says them in its own
// language: as a member of a file, or as a flag of the line.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "nn/range.h"

namespace GRADUS {

/// Lists of whole numbers.
struct IntegerList {
  IntegerRange each;
  std::size_t most;
  std::size_t least = 0;
};

/// Whether Real can hold the number: a small one must not become 0, nor a large one infinite.
bool fits_real(double value);

/// A value of an enum and its name.
template <class E>
struct Word {
  const char* name;
  E value;
};

/// One of several kinds: structs with kName and, if they have any, kHelp and settings of their own. Names are unique across
/// choices; kinds of one choice may share a name, each with its own default.
template <class... Kinds>
struct Choice {
  std::variant<Kinds...> chosen;

  const char* name() const {
    return std::visit([](const auto& kind) { return kind.kName; }, chosen);
  }
  template <class Kind>
  bool is() const {
    return std::holds_alternative<Kind>(chosen);
  }
};

class SettingsVisitor;

namespace detail {
template <class Kind>
const char* help_of() {
  if constexpr (requires { Kind::kHelp; }) return Kind::kHelp;
  return nullptr;
}
}  // namespace detail

/// A choice, whatever it chooses from.
class AnyChoice {
 public:
  virtual ~AnyChoice() = default;
  virtual std::size_t size() const = 0;
  virtual const char* name(std::size_t kind) const = 0;
  virtual const char* help(std::size_t kind) const = 0;  // null: none
  virtual std::size_t chosen() const = 0;
  virtual void choose(std::size_t kind) = 0;  // with its defaults, unless it is chosen already
  /// Shows the settings of a kind: the chosen one's own, of another those that it would begin with.
  virtual void settings(std::size_t kind, SettingsVisitor& visitor) = 0;
};

/// Receives the settings of a list in their order.
class SettingsVisitor {
 public:
  virtual ~SettingsVisitor() = default;
  /// The heading of those that follow.
  virtual void section(const char*) {}
  /// What has no name on the command line, only a place; it is kept nowhere else.
  virtual void argument(const char*, std::string&, const char*) {}
  virtual void text(const char* name, std::string& value, const char* help) = 0;
  virtual void seed(const char* name, std::uint64_t& value, const char* help) = 0;
  virtual void flag(const char* name, bool& value, const char* help) = 0;
  virtual void whole(const char* name, std::int64_t& value, const IntegerRange& range, const char* help) = 0;
  virtual void whole(const char* name, std::optional<std::int64_t>& value, const IntegerRange& range,
                     const char* help) = 0;
  virtual void number(const char* name, double& value, const RealRange& range, const char* help) = 0;
  virtual void wholes(const char* name, std::vector<std::int64_t>& value, const IntegerList& range,
                      const char* help) = 0;
  virtual void choice(const char* name, AnyChoice& value, const char* help) = 0;

  bool offered = true;  // false: the program finds it out, and nobody is asked for it
};

/// What settings(auto&& is) calls.
class Listing {
 public:
  explicit Listing(SettingsVisitor& to) : to_(to) {}

  void section(const char* heading) const { to_.section(heading); }
  void argument(const char* name, std::string& value, const char* help) const { to_.argument(name, value, help); }
  /// What is kept although nobody is asked for it.
  template <class... A>
  void found(A&&... a) const {
    to_.offered = false;
    (*this)(std::forward<A>(a)..., nullptr);
    to_.offered = true;
  }

  void operator()(const char* name, std::string& value, const char* help) const { to_.text(name, value, help); }
  void operator()(const char* name, std::uint64_t& value, const char* help) const { to_.seed(name, value, help); }
  void operator()(const char* name, bool& value, const char* help) const { to_.flag(name, value, help); }
  void operator()(const char* name, std::int64_t& value, const IntegerRange& range, const char* help) const {
    to_.whole(name, value, range, help);
  }
  void operator()(const char* name, std::optional<std::int64_t>& value, const IntegerRange& range,
                  const char* help) const {
    to_.whole(name, value, range, help);
  }
  void operator()(const char* name, double& value, const RealRange& range, const char* help) const {
    to_.number(name, value, range, help);
  }
  void operator()(const char* name, std::vector<std::int64_t>& value, const IntegerList& range,
                  const char* help) const {
    to_.wholes(name, value, range, help);
  }
  template <class E, std::size_t n>
  void operator()(const char* name, E& value, const Word<E> (&words)[n], const char* help) const {
    struct Words final : AnyChoice {
      E& value;
      std::span<const Word<E>> words;
      Words(E& value, std::span<const Word<E>> words) : value(value), words(words) {}
      std::size_t size() const override { return words.size(); }
      const char* name(std::size_t kind) const override { return words[kind].name; }
      const char* help(std::size_t) const override { return nullptr; }
      std::size_t chosen() const override {
        for (std::size_t i = 0; i < words.size(); ++i)
          if (words[i].value == value) return i;
        throw Error("[settings] a value without a name");
      }
      void choose(std::size_t kind) override { value = words[kind].value; }
      void settings(std::size_t, SettingsVisitor&) override {}
    } any(value, words);
    to_.choice(name, any, help);
  }
  template <class... Kinds>
  void operator()(const char* name, Choice<Kinds...>& value, const char* help) const {
    struct OneOf final : AnyChoice {
      std::variant<Kinds...>& chosen_;
      explicit OneOf(std::variant<Kinds...>& chosen) : chosen_(chosen) {}
      std::size_t size() const override { return sizeof...(Kinds); }
      const char* name(std::size_t kind) const override { return (const char*[]){Kinds::kName...}[kind]; }
      const char* help(std::size_t kind) const override { return (const char*[]){detail::help_of<Kinds>()...}[kind]; }
      std::size_t chosen() const override { return chosen_.index(); }
      void choose(std::size_t kind) override {
        if (kind != chosen_.index()) chosen_ = fresh(kind);
      }
      void settings(std::size_t kind, SettingsVisitor& visitor) override {
        std::variant<Kinds...> other = kind == chosen_.index() ? std::variant<Kinds...>() : fresh(kind);
        std::visit(
            [&](auto& settings) {
              if constexpr (requires { settings.settings(Listing(visitor)); }) settings.settings(Listing(visitor));
            },
            kind == chosen_.index() ? chosen_ : other);
      }
      static std::variant<Kinds...> fresh(std::size_t kind) {
        std::variant<Kinds...> made;
        std::size_t i = 0;
        (void)((i++ == kind && (made = Kinds{}, true)) || ...);
        return made;
      }
    } any(value.chosen);
    to_.choice(name, any, help);
  }

 private:
  SettingsVisitor& to_;
};

/// Which settings belong to kinds that are not chosen, and to which: "momentum" -> "`optimizer` sgd or rmsprop".
using Unchosen = std::map<std::string, std::string>;
void note_unchosen(const char* name, AnyChoice& choice, Unchosen& unchosen);

/// Shows the settings of `list` to the visitor.
template <class List>
void visit_settings(List& list, SettingsVisitor& visitor) {
  list.settings(Listing(visitor));
}

/// A setting that cannot be what it is; its sentence marks names by backquotes.
class SettingError : public Error {
 public:
  using Error::Error;
};

using ShowSettings = std::function<void(SettingsVisitor&)>;

namespace detail {
std::string to_json(const ShowSettings& list);
void read_json(const ShowSettings& list, const std::string& text);
}  // namespace detail

/// One setting a line, in the order of the list, those of a chosen kind after its name.
template <class List>
std::string to_json(const List& list) {
  return detail::to_json([&](SettingsVisitor& to) { visit_settings(const_cast<List&>(list), to); });
}
/// What is missing keeps its value. SettingError when a setting is of the wrong kind, out of range or unknown, or belongs
/// to a kind that is not chosen, and when the text is no JSON of that form.
template <class List>
void read_json(List& list, const std::string& text) {
  List read = list;
  detail::read_json([&](SettingsVisitor& to) { visit_settings(read, to); }, text);
  list = std::move(read);
}

/// `"lr": 0.001, not 0.002 (line 16)`: the first setting in which two of these texts differ, and where it stands in the
/// second. Nothing when they are equal.
std::string first_difference(const std::string& one, const std::string& other);

/// A SettingError's sentence, behind the line in which the setting that it begins with stands in the text.
std::string located(const std::string& sentence, const std::string& text);
/// The sentence with its names as `speak` says them.
std::string spoken(const std::string& sentence, std::string (*speak)(const std::string& name));
/// "batch_size", in quotes.
std::string as_in_file(const std::string& name);

}  // namespace GRADUS
