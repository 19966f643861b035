// The course: right answers are taken and wrong ones refused with their sentence, lessons print what they say they
// print, and keep their bounds.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <vector>

namespace fs = std::filesystem;

namespace {

const fs::path kStudy = fs::path(GRADUS_SOURCE_DIR) / "models/study";
const fs::path kPrograms = STUDY_PROGRAMS;

struct Ran {
  int code;
  std::string out;
};
Ran run(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe);
  Ran ran{0, ""};
  char buffer[4096];
  while (const std::size_t n = fread(buffer, 1, sizeof buffer, pipe)) ran.out.append(buffer, n);
  const int status = pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}
Ran lesson(const std::string& number, const std::string& answer, const std::string& arguments = "--check") {
  return run(fmt::format("'{}/lesson_{}_{}' {}", kPrograms.string(), number, answer, arguments));
}

std::string read(const fs::path& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), path.string());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}
std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

std::vector<fs::path> files(const fs::path& folder, const std::string& pattern) {
  std::vector<fs::path> all;
  const std::regex form(pattern);
  for (const auto& entry : fs::directory_iterator(folder))
    if (std::regex_match(entry.path().filename().string(), form)) all.push_back(entry.path());
  std::ranges::sort(all);
  return all;
}
std::vector<fs::path> lessons() { return files(kStudy, "[0-9][0-9]_.*\\.cpp"); }
std::string number_of(const fs::path& lesson) { return lesson.filename().string().substr(0, 2); }

// The same words, and numbers that agree to 2 %: instruction sets add up in different orders, and training enlarges that.
bool same(const std::string& printed, const std::string& promised) {
  static const std::regex number("[0-9]+(\\.[0-9]+)?(e-?[0-9]+)?");
  if (std::regex_replace(printed, number, "#") != std::regex_replace(promised, number, "#")) return false;
  std::sregex_iterator a(printed.begin(), printed.end(), number), b(promised.begin(), promised.end(), number), end;
  for (; a != end; ++a, ++b)
    if (!(std::abs(std::stod(a->str()) - std::stod(b->str())) <= 0.02 * std::stod(b->str()))) return false;
  return true;
}

}  // namespace

TEST_CASE("study: every lesson is solved by its solution") {
  CHECK(lessons().size() >= 13);
  for (const fs::path& path : lessons()) {
    const Ran ran = lesson(number_of(path), "solutions");
    CHECK_MESSAGE(ran.code == 0, path.filename().string(), ": ", ran.out);
  }
}

TEST_CASE("study: what a student has not answered is to do, and said so by name") {
  if (!fs::exists(kPrograms / "lesson_01_answers")) {
    MESSAGE("[skipped] answers are compiled in the build release alone");
    return;
  }
  for (const fs::path& path : lessons()) {
    const Ran ran = lesson(number_of(path), "answers");
    const std::string stub = read(kStudy / "answers" / (number_of(path) + ".h"));
    const bool untouched = stub.find("throw Todo{") != std::string::npos;
    CHECK_MESSAGE((ran.code == 10 || (std::getenv("CI") == nullptr && !untouched)), path.filename().string(), ": ",
                  ran.out);
    if (ran.code == 10) CHECK(ran.out.find("to do: ") != std::string::npos);
    CHECK(lesson(number_of(path), "answers", "--hint").code == 0);
  }
}

TEST_CASE("study: every check has teeth") {
  if (!fs::exists(kPrograms / "lesson_01_answers")) {
    MESSAGE("[skipped] wrong answers are compiled in the build release alone");
    return;
  }
  for (const fs::path& path : lessons()) {
    const auto wrong = files(kStudy / "wrong", number_of(path) + "_.*\\.h");
    CHECK_MESSAGE(!wrong.empty(), path.filename().string(), " has no wrong answer");
    for (const fs::path& answer : wrong) {
      const std::string first = lines(read(answer))[0];
      REQUIRE_MESSAGE(first.starts_with("// expect: "), answer.string());
      const Ran ran = lesson(number_of(path), "wrong_" + answer.stem().string().substr(3));
      CHECK_MESSAGE(ran.code == 1, answer.filename().string(), ": ", ran.out);
      CHECK_MESSAGE(ran.out.find(first.substr(11)) != std::string::npos, answer.filename().string(), ": ", ran.out);
    }
  }
}

TEST_CASE("study: a lesson prints what it says, in its order") {
#ifdef GRADUS_DOUBLE
  MESSAGE("[skipped] the lessons speak of float");
  return;
#endif
  for (const fs::path& path : lessons()) {
    const Ran ran = lesson(number_of(path), "solutions", "");
    CHECK(ran.code == 0);
    const std::vector<std::string> printed = lines(ran.out);
    std::size_t at = 0;
    int quoted = 0;
    for (const std::string& line : lines(read(path))) {
      if (!line.starts_with("//   | ")) continue;
      ++quoted;
      const std::string promised = line.substr(7);
      const std::size_t before = at;
      while (at < printed.size() && !same(printed[at], promised)) ++at;
      CHECK_MESSAGE(at < printed.size(), path.filename().string(), " does not print: ", promised, "\n", ran.out);
      at = at < printed.size() ? at + 1 : before;
    }
    CHECK_MESSAGE(quoted > 0, path.filename().string());
  }
}

TEST_CASE("study: a lesson has at most 90 lines, and begins with what one can do after it") {
  for (const fs::path& path : lessons()) {
    const std::vector<std::string> all = lines(read(path));
    CHECK_MESSAGE(std::ranges::count_if(all, [](const std::string& line) { return !line.empty(); }) <= 90,
                  path.filename().string());
    CHECK_MESSAGE(all[0].starts_with("// After this lesson you can "), path.filename().string());
  }
}

TEST_CASE("study: the gallery's matrix stands in the README as it is, and its pictures are those of today") {
  if (!fs::exists(kPrograms / "lesson_01_answers")) {
    MESSAGE("[skipped] the README shows what the build release gives");
    return;
  }
  const Ran gallery = run(fmt::format("'{}/gallery'", kPrograms.string()));
  CHECK(gallery.code == 0);  // no check accuses a right twin
  CHECK(read(kStudy / "README.md").find("```text\n" + gallery.out + "```") != std::string::npos);

  const fs::path folder = fs::temp_directory_path() / fmt::format("gradus_figures_{}", getpid());
  fs::create_directories(folder);
  CHECK(run(fmt::format("'{}/figures' '{}'", kPrograms.string(), folder.string())).code == 0);
  const auto drawn = files(folder, ".*\\.svg"), kept = files(kStudy / "figures", ".*\\.svg");
  CHECK(drawn.size() == 7);
  CHECK(kept.size() == drawn.size());
  for (const fs::path& figure : drawn)
    CHECK_MESSAGE(read(figure) == read(kStudy / "figures" / figure.filename()), figure.filename().string(),
                  ": ./run course figures draws it anew");
  fs::remove_all(folder);
}

TEST_CASE("study: the README names every lesson, asks three questions of each, and cites what exists") {
  const std::string readme = read(kStudy / "README.md");
  for (const fs::path& path : lessons()) {
    CHECK_MESSAGE(readme.find("](" + path.filename().string() + ")") != std::string::npos, path.filename().string());
    const std::size_t asked = readme.find(fmt::format("\n**{} ", std::stoi(number_of(path))));
    REQUIRE_MESSAGE(asked != std::string::npos, path.filename().string());
    std::size_t questions = 0;
    const std::size_t next = std::min(readme.find("\n**", asked + 3), readme.find("\n## ", asked));
    for (std::size_t at = asked; (at = readme.find("<details>", at)) < next; ++at) ++questions;
    CHECK_MESSAGE(questions == 3, path.filename().string());
  }
  std::vector<std::string> texts{readme};
  for (const fs::path& path : lessons()) texts.push_back(read(path));
  const std::regex cited("((?:tensor|autograd|nn|models)/[a-z_0-9/]+\\.(?:h|cpp))(?::\\s?([A-Za-z_:]+))?");
  int symbols = 0;
  for (const std::string& text : texts)
    for (std::sregex_iterator at(text.begin(), text.end(), cited), end; at != end; ++at) {
      const std::string source = read(fs::path(GRADUS_SOURCE_DIR) / (*at)[1].str());
      std::string symbol = (*at)[2];
      if (symbol.empty()) continue;
      symbol = symbol.substr(symbol.rfind(':') + 1);
      CHECK_MESSAGE(source.find(symbol) != std::string::npos, (*at)[0].str());
      ++symbols;
    }
  CHECK(symbols >= 15);
}
