// autograd/ops.h and the table of ops agree: what one declares, the other covers.
#include <doctest/doctest.h>

#include <regex>
#include <set>

#include "tests/autograd/op_table.h"
#include "tests/files.h"

using namespace gradus::test;

namespace {

/// A declaration's parameters by types alone: "const Tensor& x, Real c = 1" -> "Tensor, Real".
std::string types_of(const std::string& parameters) {
  std::string types = std::regex_replace(parameters, std::regex("\\b(?:const|auto)\\b|\\bstd::|&|\\s*=[^,]*"), "");
  types = std::regex_replace(types, std::regex("\\s*([\\w<>]+)\\s+\\w+\\s*(?=,|$)"), "$1");
  return std::regex_replace(types, std::regex("\\s*,\\s*"), ", ");
}

/// The functions in a header's text whose result has to do with tensors: "pow(Tensor, Real)".
std::set<std::string> declared(const std::string& header) {
  std::string code = std::regex_replace(header, std::regex("//[^\n]*"), "");
  code = std::regex_replace(code, std::regex("namespace with_number \\{[^}]*\\}"), "");  // what templates stand before
  static const std::regex declaration(
      "\\b[\\w:]*<?[\\w:]*\\b(?:Tensor|Indices)>?\\s+(operator[^\\s(]+|\\w+)\\s*"  // result, name
      "\\(((?:[^()]|\\([^()]*\\))*)\\)\\s*[;{]");
  std::set<std::string> found;
  for (std::sregex_iterator at(code.begin(), code.end(), declaration), end; at != end; ++at)
    found.insert((*at)[1].str() + "(" + types_of((*at)[2]) + ")");
  return found;
}

std::set<std::string> without(std::set<std::string> all, const std::set<std::string>& some) {
  for (const std::string& one : some) all.erase(one);
  return all;
}

std::string list(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += "\n  " + name;
  return text;
}

std::set<std::string> covered() {
  std::set<std::string> ops;
  for (const OpCase& c : op_table()) ops.insert(c.op);
  return ops;
}

}  // namespace

TEST_CASE("ops: the search for declarations finds them in every form") {
  const auto found = declared(R"(
Tensor operator+(const Tensor& a, const Tensor& b);
Tensor operator<=(const Tensor& a,
                  const Tensor& b);
/// Not this: Tensor comment(const Tensor& x);
Tensor elu(const Tensor& x, Real alpha = 1);
Tensor leaky(const Tensor& x, Real slope = Real(0.01));
std::vector<Tensor> split(const Tensor& x, int axis);
Indices argmax(const Tensor& x, int axis, bool keep = false);  // with a comment
  Tensor concat(std::span<const Tensor> parts, int axis);
Tensor max(const Tensor& a, Number auto b) { return with_number::max(a, Real(b)); }
namespace with_number {
Tensor hidden(const Tensor& x);
}  // namespace with_number
Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end);
inline constexpr bool keepdim = true;
)");
  CHECK(list(found) ==
        list({"operator+(Tensor, Tensor)", "operator<=(Tensor, Tensor)", "elu(Tensor, Real)", "leaky(Tensor, Real)",
              "split(Tensor, int)", "argmax(Tensor, int, bool)", "concat(span<Tensor>, int)", "max(Tensor, Number)",
              "slice(Tensor, int, int64_t, int64_t)"}));
}

TEST_CASE("ops: every op of ops.h stands in the table, and nothing else does") {
  const auto ops = declared(get(GRADUS_SOURCE_DIR "/autograd/ops.h"));
  CHECK(ops.size() >= 60);
  CHECK_MESSAGE(without(ops, covered()).empty(), "no gradcheck for:", list(without(ops, covered())));
  CHECK_MESSAGE(without(covered(), ops).empty(), "not in ops.h:", list(without(covered(), ops)));
}

TEST_CASE("ops: an op that is added to ops.h is missed") {
  const std::string header = get(GRADUS_SOURCE_DIR "/autograd/ops.h");
  const std::string more = header + "\nTensor cube(const Tensor& x);\nTensor pow(Real x, const Tensor& y);\n";
  CHECK(list(without(declared(more), covered())) == list({"cube(Tensor)", "pow(Real, Tensor)"}));
}
