// The page of explore: its numbers, what it shows in a browser beside what the library says, and what it cannot be made of.
#include <sys/stat.h>

#include <cmath>
#include <limits>

#include "autograd/tape.h"
#include "models/explore/explore.h"
#include "models/training/run.h"
#include "tests/browser.h"
#include "tests/models/program.h"

using namespace gradus;
using namespace gradus::test;
using Json = nlohmann::json;
using Type = PackedNumbers::Type;

namespace {

constexpr const char* kHostile = "<img src=x onerror=console.log(1)></script><b>&amp; \"'\xff";

Images random_images(const SampleShape& sample, std::int64_t count) {
  Images images{.name = "images",
                .count = count,
                .height = sample.height,
                .width = sample.width,
                .channels = sample.channels,
                .classes = {kHostile, "1", "2"}};
  Rng rng{.seed = 5};
  for (const Real v : uniform({count * sample.numel()}, rng).values())
    images.pixels.push_back(static_cast<std::uint8_t>(v * 256));
  for (std::int64_t i = 0; i < count; ++i) images.labels.push_back(static_cast<std::uint8_t>(i % 3));
  return images;
}

/// A model with the weights that a training begins with, its running statistics moved by a batch, and its page.
struct Exposed {
  Config config;
  Images images;
  Vae vae;
  Folder folder;

  Exposed(const ModelSettings& model, const SampleShape& sample, std::int64_t count = 12)
      : config(config_of(model, sample)), images(random_images(sample, count)), vae(new_vae(config)) {
    Rng rng{.seed = 6};
    Context context{.training = true, .rng = rng};
    const Pause no_derivatives;
    const Minibatch batch = test_batch(images, rows_between(0, std::min<std::int64_t>(count, 12)), config.shown());
    const Draw draw = vae.latent.draw(batch, 1, {}, context);
    vae.decoder.mean(reshape(draw.z, draw.z.shape().without(0)), batch.condition, context);
  }
  static Config config_of(const ModelSettings& model, const SampleShape& sample) {
    Config config;
    config.model = model;
    config.sample = sample;
    return config;
  }
  std::string page(Type weights) const {
    return explore_page(vae, config, images,
                        {.title = kHostile,
                         .protocol = kHostile,
                         .metrics = "epoch,train_elbo,test_elbo,test_log_likelihood,test_kl,seconds\n"
                                    "1,-200.0000,-210.5000,-200.0000,10.5000,1.00\n"
                                    "2,-150.0000,-160.5000,-150.0000,10.5000,1.00\n",
                         .weights = weights});
  }
  std::filesystem::path file(Type weights) const { return folder.put("page.html", page(weights)); }
  /// The means of p(x|z) at some codes, the i-th under label i modulo 3.
  std::vector<Real> decoded(const Tensor& z) const {
    const Pause no_derivatives;
    Rng unused;
    Context context{.training = false, .rng = unused};
    return vae.decoder.mean(z, condition(z.shape()[0]), context).values();
  }
  std::vector<Real> encoded() const {
    const Pause no_derivatives;
    Rng unused;
    Context context{.training = false, .rng = unused};
    return vae.latent.code(test_batch(images, rows_between(0, images.count), config.shown()), context).values();
  }
  std::optional<Tensor> condition(std::int64_t n) const {
    if (condition_size(config.model.condition) == 0) return std::nullopt;
    Indices labels(Shape{n});
    for (std::int64_t i = 0; i < n; ++i) labels.values[i] = i % 3;
    return one_hot(labels, 3);
  }
};

/// A tensor (n, numbers) as JavaScript writes it.
std::string rows_of(const Tensor& x) {
  const std::vector<Real> values = x.values();
  const auto each = static_cast<std::size_t>(x.shape()[1]);
  Json rows = Json::array();
  for (std::size_t i = 0; i < values.size(); i += each)
    rows.push_back(std::vector<Real>(values.begin() + static_cast<std::ptrdiff_t>(i),
                                     values.begin() + static_cast<std::ptrdiff_t>(i + each)));
  return rows.dump();
}

/// The largest difference between the page's numbers and ours; NaN where one of them is.
double difference(const Json& page, const std::vector<Real>& ours) {
  REQUIRE(page.size() == ours.size());
  double most = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double off = page[i].is_number() ? std::abs(page[i].get<double>() - ours[i]) : NAN;
    if (!(off <= most)) most = off;
  }
  return most;
}

int level(Real v) { return static_cast<int>(std::floor(255 * std::min(std::max<double>(v, 0), 1.0) + 0.5)); }

/// The largest difference in grey levels between the page's pictures of codes and the means of the decoder.
int levels_off(Browser& page, const std::vector<Real>& ours, const Tensor& z) {
  const Json shown = page(rows_of(z) + ".flatMap((z, i) => Array.from(levelsOf(decode(Float32Array.from(z), i % 3))))");
  REQUIRE(shown.size() == ours.size());
  int most = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) most = std::max(most, std::abs(shown[i].get<int>() - level(ours[i])));
  return most;
}

}  // namespace

TEST_CASE("explore: base64 is that of RFC 4648") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("explore: halves are the nearest ones, ties to even") {
  const auto value = [](int bits) {  // IEEE 754
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    return exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  };
  int wrong = 0;
  for (int bits = 0; bits < 0x7bff; ++bits) {
    const double low = value(bits), high = value(bits + 1), middle = (low + high) / 2;
    const int even = bits % 2 == 0 ? bits : bits + 1;
    wrong += half_of(low) != bits;
    wrong += half_of(middle) != even;
    wrong += half_of(std::nextafter(middle, 0)) != bits;
    wrong += half_of(-std::nextafter(middle, high)) != (bits + 1) + 0x8000;
  }
  CHECK(wrong == 0);
}

TEST_CASE("explore: what a page cannot be made of") {
  Exposed shown({.latent = 2}, {1, 4, 4});
  Exposed table({.latent = 2}, {1, 1, 3});
  table.config.units.names = "a,b,c";
  CHECK(contains(error_of([&] { table.page(Type::f16); }), "the samples of this model are rows of a table"));
  shown.images.count = 0;
  CHECK(contains(error_of([&] { shown.page(Type::f16); }), "there are no images"));
}

TEST_CASE("explore: the page computes what the library does, whatever the model consists of") {
  if (!Browser::found()) {
    MESSAGE("[skipped] there is no chromium to show the page");
    return;
  }
  const HiddenLayers batch{.norm = Norm::batch}, all{.norm = Norm::layer, .dropout = 0.5, .residual = true};
  const HiddenLayers group{.norm = Norm::group}, blocks{.norm = Norm::batch, .residual = true};
  const Conditions by_label{LabelCondition{.classes = 3}};
  using A = Activation;
  const std::pair<ModelSettings, SampleShape> cases[] = {
      {{.network = {Dense{{8, 8}, all}}, .latent = 3, .activation = A::elu}, {1, 6, 5}},
      {{.network = {Dense{{9}, batch}},
        .code = {GaussianCode{Head::sigma}},
        .latent = 4,
        .activation = A::softplus,
        .likelihood = {ContinuousBernoulliLikelihood{}},
        .condition = by_label},
       {1, 6, 5}},
      {{.network = {Conv{{7}, {4, 6}, blocks}},
        .latent = 3,
        .activation = A::gelu,
        .likelihood = {GaussianLikelihood{}},
        .condition = by_label},
       {3, 7, 6}},
      {{.network = {Conv{{}, {8, 8}, group}},
        .code = {TwoLayerCode{}},
        .latent = 2,
        .activation = A::silu,
        .likelihood = {DiscretizedLogisticLikelihood{}}},
       {1, 9, 8}},
      {{.network = {Conv{{}, {4, 8}}},
        .code = {CodebookCode{.table = {.size = 8}}},
        .latent = 2,
        .activation = A::relu,
        .likelihood = {MixtureLikelihood{3}},
        .condition = by_label},
       {1, 8, 8}},
      {{.network = {Dense{{8}}}, .code = {FlowCode{}}, .latent = 3, .likelihood = {CategoricalLikelihood{}}},
       {1, 4, 3}},
      {{.network = {Dense{{}}},
        .code = {LaplaceCode{}},
        .latent = 1,
        .activation = A::tanh,
        .likelihood = {LaplaceLikelihood{}}},
       {1, 5, 5}},
      {{.network = {Dense{{8}}},
        .code = {SparseCode{}},
        .latent = 9,
        .activation = A::sigmoid,
        .likelihood = {LogisticLikelihood{}}},
       {1, 5, 5}},
      {{.network = {Dense{{8}}},
        .code = {PointCode{}},
        .latent = 2,
        .activation = A::leaky_relu,
        .likelihood = {FreeGaussianLikelihood{}}},
       {1, 5, 5}},
      {{.network = {Dense{{8}}},
        .code = {VampCode{12}},
        .latent = 2,
        .likelihood = {SharedGaussianLikelihood{}},
        .condition = by_label},
       {1, 5, 5}},
  };
  std::set<std::string> codes, likelihoods;
  Browser page;
  for (const auto& [model, sample] : cases) {
    const std::string code = model.code.name(), likelihood = model.likelihood.name();
    CAPTURE(code);
    CAPTURE(likelihood);
    codes.insert(code);
    likelihoods.insert(likelihood);
    const Exposed shown(model, sample);
    page.show(shown.file(Type::f32));
    CHECK_MESSAGE(page.said.empty(), page.said.front());
    Rng rng{.seed = 7};
    const Tensor z = normal({6, shown.vae.decoder.network()->in.numel()}, rng);
    // float has 24 bits; the page adds in double and the library in Real, and norms divide by what is small.
    constexpr double kBound = 2e-5;
    CHECK(difference(page(rows_of(z) + ".flatMap((z, i) => Array.from(decode(Float32Array.from(z), i % 3)))"),
                     shown.decoded(z)) < kBound);
    const bool encodes = code != "codebook" && code != "flow";
    CHECK(page("runEncoder !== null && !byId('drawing').hidden") == encodes);
    if (!encodes) continue;
    const Tensor x = test_batch(shown.images, rows_between(0, 12), shown.config.shown()).x;
    CHECK(difference(page(rows_of(x) + ".flatMap((x, i) => Array.from(encode(Float32Array.from(x), i % 3)))"),
                     shown.encoded()) < kBound);
  }
  CHECK(codes.size() == std::variant_size_v<decltype(Codes::chosen)>);
  CHECK(likelihoods.size() == std::variant_size_v<decltype(Likelihoods::chosen)>);
}

TEST_CASE("explore: the page of the default model in a browser") {
  const Exposed shown({}, {1, 28, 28}, 2000);
  const std::string text = shown.page(Type::f16), smaller = shown.page(Type::i8);
  CHECK(text.size() < 5'000'000);
  CHECK(smaller.size() < 3'300'000);
  if (!Browser::found()) {
    MESSAGE("[skipped] there is no chromium to show the page");
    return;
  }
  Browser page;
  const auto file = shown.file(Type::f16);
  page.show(file);

  // At once there is a picture: that of the first image's code.
  const auto picture = [&] { return page("document.getElementById('picture').toDataURL()").get<std::string>(); };
  const std::string first = picture();
  CHECK(page("state.image") == 0);

  Rng rng{.seed = 8};
  const Tensor z = normal({20, 20}, rng);
  CHECK(levels_off(page, shown.decoded(z), z) <= 1);

  SUBCASE("moves") {
    // What moves the code moves the picture: a drag, keys, a slider, random codes, an image, a path, a drawing.
    std::string before = first;
    const auto changes = [&](const char* what) {
      page.frames();
      const std::string now = picture();
      CHECK_MESSAGE(now != before, what);
      before = now;
    };
    const auto middle = [&](const std::string& id) {
      const Json at = page("(() => { byId('" + id + "').scrollIntoView({block: 'center'}); const b = byId('" + id +
                           "').getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()");
      return std::pair(at[0].get<double>(), at[1].get<double>());
    };
    auto [x, y] = middle("map");
    page.mouse("mousePressed", x + 40, y);
    changes("pressing");
    const Json along = page("Array.from(state.code)");
    page.mouse("mouseMoved", x + 70, y - 30);
    changes("dragging");
    page.mouse("mouseReleased", x + 70, y - 30);
    page("map.focus()");
    page.key("ArrowLeft");
    changes("an arrow key");
    // Off the plane the code is what it was.
    CHECK(page("(() => { const d = state.code.map((v, k) => v - (" + along.dump() +
               ")[k]), [a, b] = [0, 1].map((i) => dot(d, axes[i].axis)); return Math.hypot(...d.map((v, k) => v - a * "
               "axes[0].axis[k] - b * axes[1].axis[k])); })()")
              .get<double>() < 1e-4);
    page("(() => { const s = sliders[0].slider; s.value = Number(s.value) + 1; s.dispatchEvent(new Event('input')); "
         "})()");
    changes("a slider");
    page("byId('random').click()");
    changes("the random button");
    page("byId('gallery').children[5].click()");
    changes("a training image");
    const Json chosen = page("[Array.from(state.code), Array.from(points[data.pictured[state.image]])]");
    CHECK(chosen[0] == chosen[1]);
    CHECK(page("neighbours[0].image === state.image").get<bool>());
    page("(() => { byId('along').value = 0.5; byId('along').dispatchEvent(new Event('input')); })()");
    changes("the path");
    CHECK(page("Math.max(...state.code.map((v, k) => Math.abs(v - (ends.from.code[k] + ends.to.code[k]) / 2)))")
              .get<double>() < 1e-5);
    std::tie(x, y) = middle("pad");
    page.mouse("mousePressed", x, y - 40);
    page.mouse("mouseMoved", x, y + 40);
    page.mouse("mouseReleased", x, y + 40);
    changes("drawing");
    CHECK(page("drawing.reduce((a, b) => a + b)").get<double>() > 20);
    page("byId('wipe').click()");
    page("pad.focus()");
    for (const char* key : {" ", "ArrowUp", "ArrowUp"}) page.key(key);
    changes("drawing by keys");

    // A frame takes a sixtieth of a second at most, half of which is left to the browser. (Of a moment without other
    // work: tests run side by side.)
    double fastest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 20; ++i) {
      page("byId('random').click()");
      page.frames();
      fastest = std::min(fastest, page("timings[timings.length - 1]").get<double>());
    }
    MESSAGE(fmt::format("{:.2f} ms a picture", fastest));
    CHECK(fastest < 1000. / 60 / 2);
  }
  SUBCASE("text from outside is shown as it is") {
    const std::string replaced = std::string(kHostile).substr(0, std::string(kHostile).size() - 1) + "\xef\xbf\xbd";
    CHECK(page("byId('title').textContent") == replaced);
    CHECK(page("byId('protocol').textContent") == replaced);
    CHECK(page("byId('legend').firstChild.textContent") == replaced);
    CHECK(page("document.querySelectorAll('img, b').length") == 0);
  }
  SUBCASE("8 bits") {
    // Each row of weights as whole numbers of a 127th of its largest.
    Vae rough = shown.vae;
    for_each_parameter(rough, [](const MemberPath&, Tensor& w) {
      if (w.rank() < 2) return;
      const std::int64_t rows = w.shape()[0], each = w.numel() / rows;
      Tensor rounded = zeros(w.shape());
      Real* to = rounded.write().data;
      const std::vector<Real> from = w.values();
      for (std::int64_t r = 0; r < rows; ++r) {
        double most = 0;
        for (std::int64_t i = 0; i < each; ++i) most = std::max<double>(most, std::abs(from[r * each + i]));
        for (std::int64_t i = 0; i < each; ++i)
          to[r * each + i] = static_cast<Real>(std::nearbyint(from[r * each + i] / most * 127) * (most / 127));
      }
      w = rounded;
    });
    put(file, smaller);
    page.show(file);
    const Pause no_derivatives;
    Context context{.training = false, .rng = rng};
    CHECK(levels_off(page, rough.decoder.mean(z, {}, context).values(), z) <= 1);
    CHECK(levels_off(page, shown.decoded(z), z) > 0);
  }
  for (const bool dark : {false, true}) {
    page.call("Emulation.setEmulatedMedia",
              {{"features", {{{"name", "prefers-color-scheme"}, {"value", dark ? "dark" : "light"}}}}});
    page.frames();
  }
  CHECK_MESSAGE(page.said.empty(), page.said.front());
  CHECK(page.requests == std::vector<std::string>{"file://" + file.string()});
  // And if it tried to fetch something, it could not.
  page("fetch('https://example.org/').catch(() => 0)");
  CHECK_FALSE(page.said.empty());
}

TEST_CASE("program: explore") {
  const Place at;
  const std::string run = "<img src=x onerror=console.log(1)>";
  REQUIRE(at.train(run, {"--epochs", "1"}).code == 0);
  const Ended made = at.run({"explore", run});
  CHECK(made.code == 0);
  CHECK(contains(made.out, "explore.html"));
  const std::string page = get(at.folder / run / "explore.html");
  CHECK_FALSE(contains(page, run));
  CHECK(contains(page, "\\u003cimg src=x onerror=console.log(1)>"));
  CHECK(at.run({"explore", run, "--out", "a.html"}).code == 0);
  CHECK(get(at.folder / "a.html") == page);
  CHECK(at.run({"explore", run, "--out", "small.html", "--small"}).code == 0);
  CHECK(get(at.folder / "small.html").size() < page.size());
  const Ended other = at.run({"explore", run, "--out", "a.png"});
  CHECK(other.code == 2);
  CHECK(contains(other.err, "--out must end in .html"));

  put(at.folder / "table.csv", "a,b\n1,2\n3,4\n5,6\n7,9\n");
  REQUIRE(
      at.run({"train", "--data", "table.csv", "--likelihood", "gaussian", "--epochs", "1", "--out", "table"}).code ==
      0);
  const Ended table = at.run({"explore", "table"});
  CHECK(table.code == 2);
  CHECK(contains(table.err, "rows of a table"));

  if (!Browser::found()) return;
  Browser browser;
  browser.show(at.folder / "a.html");
  CHECK(browser("byId('title').textContent") == run);
  CHECK_MESSAGE(browser.said.empty(), browser.said.front());
}
