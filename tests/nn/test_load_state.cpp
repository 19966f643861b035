// State dicts of PyTorch, and every way in which a file can fail to be the one that a module asks for.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "nn/batch_norm.h"
#include "nn/files/load_state.h"
#include "nn/files/quote.h"
#include "nn/linear.h"
#include "tests/files.h"
#include "tests/golden/golden.h"

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

namespace {

const fs::path kStateDict = GRADUS_SOURCE_DIR "/tests/golden/state_dict.safetensors";

/// The network of tests/golden/make_state_dict.py.
struct Net {
  Linear first;
  BatchNorm norm;
  Linear last;
  Buffer mask;  // (4, 4): 0, and -inf above the diagonal

  explicit Net(Rng& rng) : first(5, 8, Init::he, rng), norm(8), last(8, 4, Init::he, rng), mask{zeros({4, 4})} {}

  /// (B, 5) -> (B, 4, 4)
  Tensor operator()(const Tensor& x, Context& context) const {
    const Tensor y = last(relu(norm(first(x), context)));  // (B, 4)
    return softmax(reshape(y, {x.shape()[0], 1, 4}) + mask.value, -1);
  }
  void members(auto&& visit) {
    visit("first", first);
    visit("norm", norm);
    visit("last", last);
    visit("mask", mask);
  }
};

std::string pytorch_name(const std::string& name) {
  for (const auto& [ours, theirs] : {std::pair{"first.", "body.0."}, {"norm.", "body.1."}, {"last.", "body.3."}})
    if (name.starts_with(ours)) return theirs + name.substr(std::string(ours).size());
  return name;
}

struct Two {
  Tensor a;
  Buffer b;
  void members(auto&& visit) {
    visit("a", a);
    visit("b", b);
  }
};

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

/// A file of these tensors of rank 1, given as dtype and bytes.
void put_tensors(const fs::path& path, const std::map<std::string, std::pair<std::string, std::string>>& tensors) {
  static const std::map<std::string, std::size_t> kSizes{{"F16", 2}, {"BF16", 2}, {"F32", 4}, {"F64", 8}, {"I64", 8}};
  std::string header = "{", data;
  for (const auto& [name, said] : tensors) {
    const auto& [dtype, bytes] = said;
    header += fmt::format("{}\"{}\":{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                          header.size() > 1 ? "," : "", name, dtype, bytes.size() / kSizes.at(dtype), data.size(),
                          data.size() + bytes.size());
    data += bytes;
  }
  header += "}";
  put(path, bytes_of(std::vector<std::uint64_t>{header.size()}) + header + data);
}

const auto kF32 = [](const std::vector<float>& values) { return std::pair(std::string("F32"), bytes_of(values)); };

}  // namespace

TEST_CASE("load_state: a state dict of PyTorch gives PyTorch's outputs") {
  const Golden golden("state_dict.safetensors");
  Rng rng{.seed = 1};
  Context context{.training = false, .rng = rng};
  Net net(rng);
  load_state(net, kStateDict, {.rename = pytorch_name});
  CHECK(distance(net(golden["test.input"], context), golden["test.output"]) <= kGoldenBound);
  CHECK(net.mask.value.at({0, 1}) == -std::numeric_limits<Real>::infinity());
  CHECK(net.last.weight.at({0, 0}) == Real(std::ldexp(1, -24)));  // the least of the subnormal ones

  // The same by a map, and a module that has PyTorch's names, as far as it goes.
  Net mapped(rng);
  std::map<std::string, std::string> names;
  for (const auto& [name, x] : state(mapped)) names[name] = pytorch_name(name);
  load_state(mapped, kStateDict, {.rename = names});
  for (const auto& [name, x] : state(net)) CHECK(state(mapped).at(name).values() == x.values());
  Linear head(8, 4, Init::he, rng);
  load_state(head, kStateDict, {.rename = {{"weight", "body.3.weight"}, {"bias", "body.3.bias"}}});
  CHECK(head.weight.values() == net.last.weight.values());
}

TEST_CASE("load_state: what a rename leaves without a name stays as it is, and copies are not written to") {
  Rng rng{.seed = 1};
  Net net(rng);
  const Net before = net;
  load_state(net, kStateDict,
             {.rename = [](const std::string& name) { return name.starts_with("last.") ? "" : pytorch_name(name); }});
  CHECK(net.last.weight.id() == before.last.weight.id());
  CHECK_FALSE(net.first.weight.values() == before.first.weight.values());
  CHECK(before.norm.running_var.value.values() == std::vector<Real>(8, 1));
}

TEST_CASE("load_state: names, shapes and dtypes that do not fit are told, and then nothing is changed") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  const std::string file = quote(path.native());
  const auto error = [&](const LoadOptions& options = {}) {
    Two two{zeros({2}), {zeros({2})}};
    const std::string said = error_of([&] { load_state(two, path, options); });
    const std::vector<Real> zeros_still{0, 0};
    if (said != "no error") CHECK((two.a.values() == zeros_still && two.b.value.values() == zeros_still));
    return said;
  };
  put_tensors(path, {{"a", kF32({1, 2})}, {"b", kF32({3, 4})}, {"c", kF32({5})}, {"n", {"I64", std::string(8, '\1')}}});
  CHECK(error() == "no error");
  CHECK(error({.whole = true}) == "[load] " + file + " holds \"c\", which the module has no place for");
  CHECK(error({.rename = {{"b", "c"}}}) ==
        "[load] tensor \"c\" (\"b\" here) of " + file + " has shape (1), the module needs (2)");
  CHECK(error({.rename = {{"b", "n"}}}) ==
        "[load] tensor \"n\" (\"b\" here) of " + file + " has dtype I64; F16, BF16, F32 and F64 are read");
  CHECK(error({.rename = {{"b", "d"}}}) ==
        "[load] " + file +
            " has no tensor \"d\" (\"b\" here)\nhelp: beside those that are found it has \"b\", \"c\", "
            "\"n\"; give .rename what it calls each of the module's");
  put_tensors(path, {{"a", kF32({1, 2})}, {"n", {"I64", std::string(8, '\1')}}, {"b", kF32({3, 4})}});
  CHECK(error({.whole = true}) == "no error");  // a count of batches needs no place
  put_tensors(path, {{"b", kF32({3, 4})}});
  CHECK(contains(error(), "[load] " + file + " has no tensor \"a\"\nhelp: "));
  CHECK(contains(error_of([&] {
                   Two two{zeros({2}), {zeros({2})}};
                   load_state(two, folder.path / "none");
                 }),
                 "there is no such file"));
}

TEST_CASE("load_state: infinities are for buffers, and NaN for nobody") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const auto load = [&](const std::vector<float>& a, const std::vector<float>& b,
                        const std::vector<float>& other = {}) {
    put_tensors(path, {{"a", kF32(a)}, {"b", kF32(b)}, {"other", kF32(other)}});
    Two two{zeros({2}), {zeros({2})}};
    load_state(two, path);
    return two.b.value.values();
  };
  CHECK(load({1, 2}, {inf, -inf}) == std::vector<Real>{Real(inf), Real(-inf)});
  CHECK(load({1, 2}, {3, 4}, {nan, inf}) == std::vector<Real>{3, 4});  // what nobody asks for is not read
  CHECK(contains(error_of([&] { load({1, -inf}, {3, 4}); }), "holds an infinity, which only a Buffer may"));
  CHECK(contains(error_of([&] { load({nan, 2}, {3, 4}); }), "tensor \"a\" holds nan at element 0"));
  CHECK(contains(error_of([&] { load({1, 2}, {3, nan}); }), "tensor \"b\" holds nan at element 1"));
  // The same from tensors in memory.
  const Real infinity = std::numeric_limits<Real>::infinity();
  Two two{zeros({2}), {zeros({2})}};
  load_state(two, {{"a", ones({2})}, {"b", full({2}, -infinity)}});
  CHECK(two.b.value.at({1}) == -infinity);
  CHECK(error_of([&] { load_state(two, {{"a", tensor({2}, {1, infinity})}, {"b", ones({2})}}); }) ==
        "[load] the parameter \"a\" holds inf at element 1");
  CHECK(two.a.values() == std::vector<Real>{1, 1});
}

TEST_CASE("load_checkpoint: every F16 and BF16 is the number that its bits say") {
  const Folder folder;
  const auto check_all = [&](const std::string& dtype, int fraction_bits) {
    const int exponents = 1 << (15 - fraction_bits), bias = exponents / 2 - 1, fractions = 1 << fraction_bits;
    std::vector<std::uint16_t> bits;
    std::vector<double> expected;
    for (int b = 0; b < 1 << 16; ++b) {
      const int exponent = b >> fraction_bits & (exponents - 1), fraction = b & (fractions - 1);
      if (exponent == exponents - 1 && fraction != 0) continue;  // NaN
      bits.push_back(static_cast<std::uint16_t>(b));
      // sign · (1 or 0, and the fraction) · 2^(exponent - bias); that of a subnormal number is 1
      const double size = exponent == exponents - 1 ? std::numeric_limits<double>::infinity()
                                                    : (static_cast<double>(fraction) / fractions + (exponent > 0)) *
                                                          std::exp2(std::max(exponent, 1) - bias);
      expected.push_back(b >> 15 != 0 ? -size : size);
    }
    put_tensors(folder.path / "x", {{"w", {dtype, bytes_of(bits)}}});
    const Checkpoint checkpoint = load_checkpoint(folder.path / "x");
    const std::vector<Real> values = checkpoint.tensors.at("w").values();
    REQUIRE(values.size() == expected.size());
    int wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      wrong += !(values[i] == Real(expected[i]) && std::signbit(values[i]) == std::signbit(expected[i]));
    CHECK(wrong == 0);
    CHECK(checkpoint.infinite.contains("w"));
    for (const std::uint16_t nan : {0x7fff, 0xffff, (exponents - 1) << fraction_bits | 1}) {
      put_tensors(folder.path / "x", {{"w", {dtype, bytes_of(std::vector<std::uint16_t>{0, nan})}}});
      CHECK(contains(error_of([&] { load_checkpoint(folder.path / "x"); }), "nan at element 1"));
    }
  };
  check_all("F16", 10);
  check_all("BF16", 7);
}
