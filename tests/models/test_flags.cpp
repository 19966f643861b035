// Flags belong to the command line: whoever calls the library has none.
#include <doctest/doctest.h>

#include <regex>

#include "tests/files.h"

using namespace gradus::test;
namespace fs = std::filesystem;

TEST_CASE("no error of the library speaks of a flag") {
  const std::regex flag("\"[^\"]*--[a-z][^\"]*\"");
  int files = 0;
  for (const char* storey : {"tensor", "autograd", "nn", "models"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(GRADUS_SOURCE_DIR) / storey)) {
      const std::string name = entry.path().string();
      if (contains(name, "/models/cli/") || contains(name, "/models/study/") ||
          !(name.ends_with(".cpp") || name.ends_with(".h")))
        continue;
      ++files;
      std::ifstream lines(name);
      for (std::string line; std::getline(lines, line);)
        CHECK_MESSAGE(!std::regex_search(line, flag), name, ": ", line);
    }
  CHECK(files > 100);
}
