// Explain: what it says of a step, that it changes nothing, and its page in a browser.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "autograd/elementwise.h"
#include "autograd/explain.h"
#include "autograd/ops.h"
#include "tensor/random.h"
#include "tensor/storage.h"

using namespace gradus;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A step with everything in it: layers, a branch, an op by two of its arguments, a constant.
struct Net {
  Tensor w, b, v;
  std::vector<Tensor> all() const { return {w, b, v}; }
};
Net net() {
  Rng rng{.seed = 3};
  return {normal({4, 3}, rng), normal({4}, rng), normal({4}, rng)};
}
const std::vector<std::string> kNames = {"encoder.weight", "encoder.bias", "decoder.v"};
Tensor data() {
  Rng rng{.seed = 4};
  return normal({5, 3}, rng);
}
Tensor hidden(const Net& n, const Tensor& x) { return tanh(linear(x, n.w, n.b)); }
Tensor loss_of(const Net& n, const Tensor& h) { return mean(h * h) + sum(h * n.v); }

double rms(const Tensor& x) {
  double sum = 0;
  for (const Real v : x.values()) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum / static_cast<double>(x.numel()));
}

std::string run(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe);
  char buffer[4096];
  while (const std::size_t n = fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  pclose(pipe);
  return out;
}

std::string unescaped(std::string text) {  // of what a browser prints
  for (const auto& [from, to] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}})
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; ++at)
      text.replace(at, std::string(from).size(), to);
  return text;
}

}  // namespace

TEST_CASE("explain: each node's value and gradient are those of the tensor") {
  const Net n = net();
  const Tensor x = data();
  const auto gradient_by = [&](int which) {  // of the k-th tensor on the tape, by a tape that nobody looks at
    Tape tape(n.all());
    const Tensor h = hidden(n, x);
    const Tensor loss = loss_of(n, h);
    return tape.gradient(loss, std::vector<Tensor>{n.w, n.b, n.v, h}[which]);
  };
  std::vector<double> expected;
  for (int i = 0; i < 4; ++i) expected.push_back(rms(gradient_by(i)));
  Explain look(kNames);
  Tape tape(n.all());
  const Tensor h = hidden(n, x);
  const Tensor loss = loss_of(n, h);
  tape.gradient(loss);
  const auto& nodes = look.tapes().at(0).nodes;
  CHECK(look.tapes().size() == 1);
  const int at[] = {0, 1, 2, look.node(h)};
  const Tensor values[] = {n.w, n.b, n.v, h};
  for (int i = 0; i < 4; ++i) {
    CHECK(nodes[at[i]].value.rms == rms(values[i]));
    CHECK(nodes[at[i]].gradient.rms == expected[i]);
    CHECK(nodes[at[i]].shape == values[i].shape());
  }
  CHECK(nodes[look.node(loss)].gradient.rms == 1);
  std::int64_t counted = 0;
  for (const std::int64_t bin : nodes[0].value.histogram) counted += bin;
  CHECK(counted == n.w.numel());
  // What every edge brought: two terms met at h, the later one was added.
  int added = 0;
  for (const ExplainedNode& node : nodes)
    for (const ExplainedEdge& edge : node.edges) added += edge.added;
  CHECK(added == 2);  // h·h by either argument, after h·v or before
}

TEST_CASE("explain: the same bits, observed or not, and the same after it") {
  const Net n = net();
  const Tensor x = data();
  const auto step = [&] {
    Tape tape(n.all());
    std::vector<std::vector<Real>> values;
    for (const Tensor& g : tape.gradient(loss_of(n, hidden(n, x)))) values.push_back(g.values());
    return values;
  };
  const auto before = step();
  {
    Explain look;
    CHECK(step() == before);
    CHECK(TapeObserver::here == &look);
  }
  CHECK(TapeObserver::here == nullptr);
  CHECK(step() == before);
}

TEST_CASE("explain: what the VJPs free is what the tape kept") {
  const Net n = net();
  const Tensor x = data();
  for (int warm = 0; warm < 2; ++warm) {
    Explain look;
    Tape tape(n.all());
    const std::int64_t start = pool_statistics().live_bytes;
    Tensor loss = loss_of(n, hidden(n, x));  // the hidden layer is alive in VJPs alone
    const std::int64_t loss_bytes = [&] {
      const std::int64_t before = pool_statistics().live_bytes;
      const Tensor like = full(loss.shape(), 1);
      return pool_statistics().live_bytes - before;
    }();
    const std::int64_t kept = pool_statistics().live_bytes - start - loss_bytes;
    std::vector<Tensor> gradients = tape.gradient(loss);
    std::int64_t freed = 0;
    for (const ExplainedNode& node : look.tapes()[0].nodes) freed += node.frees;
    CHECK(kept > 0);
    CHECK(freed == kept);
    loss = Tensor();
    gradients.clear();
    CHECK(pool_statistics().live_bytes == start);
  }
}

TEST_CASE("explain: the text has a row for each node, by name, and says what a reader looks for") {
  const Net n = net();
  const Tensor x = data(), unused = ones({2});
  std::vector<std::string> names = kNames;
  names.push_back("decoder.unused");
  Explain look(names);
  std::vector<Tensor> all = n.all();
  all.push_back(unused);
  Tape tape(all);
  look.name("x", x);
  const Tensor h = hidden(n, x);
  const Tensor loss = loss_of(n, h);
  look.name("penalty", sum(h));
  tape.gradient(loss);
  const std::string text = look.text();
  CHECK(contains(text, "v0 = encoder.weight"));
  CHECK(contains(text, "v4 = linear(x, encoder.weight, .bias)"));
  CHECK(contains(text, "v5 = tanh(v4)"));
  CHECK(contains(text, "gradient zero: decoder.unused\n"));
  CHECK(contains(text, "no path from penalty to decoder\n"));
  CHECK_FALSE(contains(text, "no path from penalty to encoder"));
  CHECK_FALSE(contains(text, "not finite"));
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = text.find("\nv", at)) != std::string::npos; ++at) ++rows;
  CHECK(rows == look.tapes()[0].nodes.size());
  CHECK(contains(look.dot(), "t0v4 -> t0v5;"));
}

TEST_CASE("explain: names the first number that is not finite, forward and back") {
  const Tensor x = tensor({2}, {0, 4});
  Explain look({"x"});
  Tape tape(x);
  const Tensor root = where(x > 0, sqrt(x), 0);  // finite, but its gradient is not
  tape.gradient(sum(root));
  CHECK(contains(look.text(), "the first gradient that is not finite arrives at v0 = x\n"));
  CHECK_FALSE(contains(look.text(), "the first value"));
  Explain again({"x"});
  Tape second(x);
  second.gradient(sum(log(x) + 1));
  CHECK(contains(again.text(), "the first value that is not finite: v1 = log(x)\n"));
}

TEST_CASE("explain: a tape inside a tape is seen as two, the derivative of a lambda by its name") {
  const Tensor x = tensor({2}, {1, 2});
  Explain look({"x"});
  Tape outer(x);
  Tensor gradient;
  {
    Tape inner(x);
    const Tensor y = elementwise<"bump">([](auto x) { return exp(-x * x); }, x);
    gradient = inner.gradient(sum(y), x);
  }
  outer.gradient(sum(gradient));
  REQUIRE(look.tapes().size() == 2);
  CHECK(contains(look.text(), "tape 2\n"));
  CHECK(contains(look.text(), "bump′("));
}

TEST_CASE("explain: the page runs in a browser without an error or a request, and shows the text form") {
  const Net n = net();
  Explain look(kNames);
  Tape tape(n.all());
  const Tensor x = data();
  look.name("</script><b>\"x\\", x);  // names are data
  const Tensor loss = loss_of(n, hidden(n, x));
  look.name("loss", loss);
  tape.gradient(loss);
  const std::string page = look.page("a <step>");
  for (const char* address : {"http:", "https:", "src=", "@import", "url("}) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = page.find(address, at)) != std::string::npos; ++at) ++count;
    CHECK_MESSAGE(count == (std::string(address) == "http:" ? 1 : 0), address);  // the name of SVG's elements
  }
  CHECK(contains(page, "<title>a &lt;step&gt;</title>"));
  CHECK_FALSE(contains(page, "</script><b>"));
  // The hashes that the page allows are those of its style and its program.
  for (const std::string tag : {"style", "script"}) {
    const std::size_t begin = page.rfind("<" + tag + ">") + tag.size() + 2, end = page.find("</" + tag + ">", begin);
    const auto folder = std::filesystem::temp_directory_path() / "gradus_explain_hash";
    std::ofstream(folder) << page.substr(begin, end - begin);
    const std::string hash = run("sha256sum < " + folder.string() + " | cut -c1-64");
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hash.size() && i < 64; i += 2)
      bytes += fmt::format("\\{:03o}", std::stoi(hash.substr(i, 2), nullptr, 16));
    const std::string base64 = run("printf '" + bytes + "' | base64");
    CHECK(contains(page, tag + "-src 'sha256-" + base64.substr(0, base64.size() - 1) + "'"));
    std::filesystem::remove(folder);
  }
  if (std::system("command -v chromium >/dev/null 2>&1") != 0) {
    MESSAGE("[skipped] there is no chromium to show the page");
    return;
  }
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("gradus_explain_{}", getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "page.html") << page;
  const std::string dom = run(fmt::format("HOME={0} timeout 60 chromium --headless --no-sandbox --disable-gpu "
                                          "--user-data-dir={0}/profile --enable-logging=stderr --v=0 --dump-dom "
                                          "file://{0}/page.html 2>{0}/log",
                                          folder.string()));
  std::stringstream log;
  log << std::ifstream(folder / "log").rdbuf();
  CHECK_FALSE_MESSAGE(contains(log.str(), "CONSOLE"), log.str());
  const std::size_t begin = dom.find("<pre id=\"text\">");
  REQUIRE(begin != std::string::npos);
  const std::string shown = dom.substr(begin + 15, dom.find("</pre>", begin) - begin - 15);
  CHECK(unescaped(shown) == look.text());
  std::filesystem::remove_all(folder);
}
