// The README's promises: its code compiles, gives what it says, and its reading list is as short as it claims.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

// The README's C++ blocks stand below word for word (test "every C++ block of the README is compiled here").
#include "autograd/elementwise.h"
#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "models/model.h"
#include "nn/audit.h"
#include "nn/optim.h"
#include "nn/sequential.h"

using namespace gradus;

namespace {

// ---- an op ----
Tensor swish(const Tensor& x, Real beta) {  // x·sigmoid(beta·x), any shape
  return elementwise<"swish">([beta](auto x) { return x * sigmoid(beta * x); }, x);
}

// ---- a layer ----
struct Scale {  // y = x · gain, one gain per feature
  Tensor gain;  // (features)
  Tensor operator()(const Tensor& x) const { return x * gain; }
  void members(auto&& visit) { visit("gain", gain); }
};

// ---- an optimiser ----
struct Lion {  // Chen and others 2023
  double lr = 1e-4, beta1 = 0.9, beta2 = 0.99;
  static constexpr std::array kMoments{"m"};      // what it keeps of each parameter
  void step(Batch& x, Batch& m, Batch g) const {  // on SIMD lanes
    const Batch u = beta1 * m + (1 - beta1) * g;
    x -= where(u > 0, lr, where(u < 0, -lr, u));
    m = beta2 * m + (1 - beta2) * g;
  }
};

std::string read(const std::string& name) {
  std::ifstream file(std::string(GRADUS_SOURCE_DIR) + "/" + name);
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Lines without the space around them; blank ones left out.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos) continue;
    lines.push_back(line.substr(begin, line.find_last_not_of(" \t") + 1 - begin));
  }
  return lines;
}

}  // namespace

TEST_CASE("README: a first gradient") {
  const Tensor x = tensor({3}, {1, 2, 3});
  const Tensor w = tensor({3}, {Real(0.5), -1, 2});

  Tape tape(w);                                // watch w
  const Tensor loss = sum(tanh(x * w));        // an ordinary expression, written down as it runs
  const std::string listing = tape.listing();  // v0 = watched (3), v1 = mul((3), v0), …
  const Tensor dw = tape.gradient(loss, w);    // the list walked backwards

  const std::vector<Real> g = dw.values();
  for (std::size_t i = 0; i < 3; ++i) {
    const double xi = std::vector<double>{1, 2, 3}[i], wi = std::vector<double>{0.5, -1, 2}[i];
    const double expected = xi * (1 - std::tanh(xi * wi) * std::tanh(xi * wi));
    CHECK(std::abs(static_cast<double>(g[i]) - expected) <= 1e-6);
  }
  CHECK(listing == "v0 = watched  (3)\nv1 = mul((3), v0)  (3)\nv2 = tanh(v1)  (3)\nv3 = sum(v2)  ()\n");
}

TEST_CASE("README: the step of a VAE raises the bound") {
  Rng rng{.seed = 1};
  Vae vae = make_vae({.latent = 2}, {.channels = 1, .height = 4, .width = 4}, rng);
  const Minibatch batch{bernoulli({32, 16}, Real(0.2), rng)};
  const Objective objective{};
  Context context{.training = true, .rng = rng};
  Optimizer optimizer(Adam{.lr = 1e-3});
  Real first = 0, last = 0;
  for (int step = 0; step < 60; ++step) {
    Tape tape(parameters(vae));                             // watch
    const Bound b = bound(vae, batch, objective, context);  // the ELBO, written down as it is computed
    const Tensor loss = -mean(b.value());                   // nats per image
    const auto gradients = tape.gradient(loss);             // one walk back, however many parameters
    optimizer.step(vae, gradients);                         // each parameter moves against its gradient
    last = loss.item();
    if (step == 0) first = last;
  }
  CHECK(last < first - 1);
}

TEST_CASE("README: an op and its check") {
  const auto result = gradcheck([](auto in) { return swish(in[0], 2); }, {arange(5)}, {.order = 2});
  CHECK_MESSAGE(result.passed, result.message);
}

TEST_CASE("README: a layer and its audit") {
  const Audit audit = audit_layer(Scale{ones({3})}, {5, 3});
  CHECK(audit.passed());
}

TEST_CASE("README: a layer in a network, trained") {
  Rng rng{.seed = 1};
  Sequential net{Linear(4, 8, Init::he, rng), Activation{Activation::elu}, Scale{ones({8})},
                 Linear(8, 1, Init::he, rng)};
  Optimizer optimizer(Adam{.lr = 1e-2});
  const Tensor x = normal({32, 4}, rng);  // (B, features)
  const Tensor y = sum(x, 1, keepdim);    // (B, 1)
  Real first = 0, last = 0;
  for (int step = 0; step < 200; ++step) {
    Context context{.training = true, .rng = rng};
    Tape tape(parameters(net));
    const Tensor error = net(x, context) - y;
    const Tensor loss = mean(error * error);
    const auto gradients = tape.gradient(loss);
    optimizer.step(net, gradients);
    last = loss.item();
    if (step == 0) first = last;
  }
  CHECK(last < first / 20);
}

TEST_CASE("README: an optimiser goes down a parabola in steps of its rate") {
  Scale point{tensor({2}, {1, -1})};
  Optimizer optimizer(Lion{.lr = 0.125});
  for (int step = 0; step < 8; ++step) optimizer.step(point, std::vector<Tensor>{point.gain * 2});
  CHECK(point.gain.values() == std::vector<Real>{0, 0});
}

TEST_CASE("every C++ block of the README is compiled here") {
  const std::vector<std::string> here = lines_of(read("tests/models/test_readme.cpp"));
  const std::string readme = read("README.md");
  int blocks = 0;
  for (std::size_t at = readme.find("```cpp\n"); at != std::string::npos; at = readme.find("```cpp\n", at)) {
    const std::size_t begin = at + 7, end = readme.find("```", begin);
    REQUIRE(end != std::string::npos);
    const std::vector<std::string> block = lines_of(readme.substr(begin, end - begin));
    CHECK_MESSAGE(std::search(here.begin(), here.end(), block.begin(), block.end()) != here.end(),
                  "not in tests/models/test_readme.cpp: ", readme.substr(begin, end - begin));
    ++blocks;
    at = end;
  }
  CHECK(blocks >= 3);
}

TEST_CASE("the step is understood by reading under 450 lines, the engine beneath it by under 800") {
  const std::string readme = read("CONTRIBUTING.md");
  const std::size_t step = readme.find("<!-- the step -->"), engine = readme.find("<!-- the engine -->", step);
  const std::size_t end = readme.find("<!-- end -->", engine);
  REQUIRE(end != std::string::npos);
  const auto count = [&](std::size_t begin, std::size_t end) {
    std::size_t files = 0, total = 0;
    for (std::size_t at = readme.find("](", begin); at < end; at = readme.find("](", at + 1)) {
      total += lines_of(read(readme.substr(at + 2, readme.find(')', at) - at - 2))).size();
      ++files;
    }
    CHECK(files >= 9);
    MESSAGE(total, " lines, blank ones not counted");
    return total;
  };
  CHECK(count(step, engine) < 450);
  CHECK(count(engine, end) < 800);
}
