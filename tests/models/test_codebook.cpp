// The codebook: whose weight β is, how codes follow, die and begin anew, what is sampled and what is reported. Its
// losses are in test_latents_pytorch.cpp.
//
// The gradient that goes straight through is no derivative of the loss, and a revival none of anything: neither can be
// held against differences.
#include <numeric>

#include "models/latents/codebook.h"
#include "tests/models/latents.h"
#include "tests/models/same_bits.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr double kCodebookRounding = sizeof(Real) == 8 ? 1e-12 : 1e-5;

Codes codebook(std::int64_t size, CodeTable::Update update = CodeTable::Update::averages, double commitment = 0.25) {
  return {CodebookCode{.table = {.size = size, .update = update}, .commitment = commitment}};
}

const CodebookLatent& codebook_of(const Latent& latent) {
  const CodebookLatent* found = latent.as<CodebookLatent>();
  REQUIRE(found);
  return *found;
}

CodeTable table_of(CodeTable::Settings settings, std::int64_t places, std::int64_t dimensions) {
  Rng rng{.seed = 1};
  return CodeTable(settings, places, dimensions, Init::he, rng);
}

}  // namespace

TEST_CASE("codebook: beta weighs how vectors commit to codes, not how codes follow vectors") {
  for (const double beta : {0.0, 0.25, 2.0}) {
    const Vae vae = tiny_vae(codebook(5, CodeTable::Update::loss, beta));
    Rng rng;
    Context context{.training = false, .rng = rng};
    const Minibatch batch = tiny_batch(4);
    const CodebookLatent& latent = codebook_of(vae.latent);
    const Tensor z = latent.vectors(batch, context), e = latent.table.table();
    const Indices chosen = latent.table.nearest(z);
    const Tensor off = z - embedding(e, chosen);

    Tape tape(parameters(vae.latent));
    const Tensor penalty = sum(*vae.latent.draw(batch, 1, {}, context).penalty);
    CHECK(std::abs(penalty.item() - (1 + beta) * sum(off * off).item()) <= 100 * kCodebookRounding);
    const std::vector<Tensor> gradients = tape.gradient(penalty);
    std::size_t i = 0;
    for_each_parameter(const_cast<Latent&>(vae.latent), [&](const MemberPath& path, Tensor&) {
      const Tensor& gradient = gradients[i++];
      const std::string name = path.text();
      if (name == "codebook.codes") {  // 2·Σ (e - z), whatever β is
        const Tensor expected = -2 * scatter_rows(off, chosen, 5);
        CHECK(norm(gradient - expected).item() <= 100 * kCodebookRounding);
        CHECK(norm(expected).item() > 0.1);
      } else if (name == "head.bias") {  // 2β·Σ (z - e)
        const Tensor expected = reshape(sum(off, 0), {24}) * static_cast<Real>(2 * beta);
        CHECK(norm(gradient - expected).item() <= 100 * kCodebookRounding);
      }
    });
  }
}

TEST_CASE("codebook: the decoder sees codes, and its gradient goes straight through to the vectors") {
  const Vae vae = tiny_vae(codebook(5));
  Rng rng;
  Context context{.training = false, .rng = rng};
  const CodebookLatent& latent = codebook_of(vae.latent);
  const Minibatch batch = tiny_batch(2);
  const Tensor weight = normal({1, 2, 24}, rng);
  Tape tape(parameters(vae.latent));
  const Draw draw = vae.latent.draw(batch, 1, {}, context);
  CHECK(draw.z.values() == vae.latent.code(batch, context).values());
  // The head's bias moves the vector of its place: its gradient is the weights', back from maps to places.
  const std::vector<Tensor> gradients = tape.gradient(sum(draw.z * weight));
  const Tensor expected = reshape(transpose(reshape(sum(weight, {0, 1}), {3, 8})), {24});
  std::size_t i = 0;
  for_each_parameter(const_cast<Latent&>(vae.latent), [&](const MemberPath& path, Tensor&) {
    const Tensor& gradient = gradients[i++];
    if (path.text() == "head.bias") CHECK(norm(gradient - expected).item() <= 10 * kCodebookRounding);
  });
  for (const auto& vector : {latent.vectors(batch, context)}) CHECK(vector.shape() == Shape{2, 8, 3});
}

TEST_CASE("codebook: the nearest of several codes, the first of equals") {
  CodeTable table = table_of({.size = 3}, 2, 2);
  set(table, "codes", filled({3, 2}, {0, 0, 4, 0, 0, 0}));
  const Indices nearest = table.nearest(filled({1, 2, 2}, {1, 1, 3, -5}));
  CHECK(std::vector(nearest.values.begin(), nearest.values.end()) == std::vector<std::int64_t>{0, 1});
}

TEST_CASE("codebook: the KL divergence is places times log K, and no more is known") {
  const Vae vae = tiny_vae(codebook(5));
  Rng rng;
  Context context{.training = false, .rng = rng};
  const Bound parts = bound(vae, tiny_batch(3), {}, context);
  for (const Real kl : parts.total_kl().values()) CHECK(std::abs(kl - 8 * std::log(5.0)) <= kCodebookRounding * 10);
}

TEST_CASE("codebook: codes begin as vectors of the images shown, from several places") {
  Vae vae = tiny_vae(codebook(16));
  Rng rng;
  Context context{.training = false, .rng = rng};
  const Minibatch batch = tiny_batch(16);
  vae.latent.begin(batch);
  const CodebookLatent& latent = codebook_of(vae.latent);
  const Tensor vectors = latent.vectors(batch, context);
  for (std::int64_t s = 0; s < 16; ++s)  // image s, place s % 8
    for (std::int64_t z = 0; z < 3; ++z) CHECK(latent.table.table().at({s, z}) == vectors.at({s, s % 8, z}));
  vae.latent.begin(tiny_batch(1));  // fewer vectors than codes are taken more than once
  CHECK(latent.table.table().shape() == Shape{16, 3});
}

TEST_CASE("codebook: a code by averages is what its vectors are on average") {
  CodeTable table = table_of({.size = 2, .decay = 0.5, .revive = 0}, 1, 1);
  set(table, "codes", filled({2, 1}, {0, 10}));
  set(table, "sums", filled({2, 1}, {0, 10}));
  Rng rng;
  const Tensor vectors = filled({4, 1, 1}, {1, 2, 3, 12});
  table.learn(vectors, table.nearest(vectors), rng);
  // Counts 0.5·1 + 0.5·3 and 0.5·1 + 0.5·1; sums 0.5·0 + 0.5·6 and 0.5·10 + 0.5·12.
  CHECK(table.counts.value.values() == std::vector<Real>{2, 1});
  const double n[] = {(2 + 1e-5) / (3 + 2e-5) * 3, (1 + 1e-5) / (3 + 2e-5) * 3};
  CHECK(std::abs(table.table().at({0, 0}) - 3 / n[0]) <= kCodebookRounding);
  CHECK(std::abs(table.table().at({1, 0}) - 11 / n[1]) <= 10 * kCodebookRounding);
}

TEST_CASE("codebook: a code that no vector comes to begins anew as one of them, and others stay") {
  for (const auto update : {CodeTable::Update::averages, CodeTable::Update::loss}) {
    CodeTable table = table_of({.size = 3, .update = update, .decay = 0.5, .revive = 0.1}, 2, 1);
    set(table, "codes", filled({3, 1}, {1, 5, 1000}));
    if (update == CodeTable::Update::averages) set(table, "sums", filled({3, 1}, {1, 5, 1000}));
    Rng rng{.seed = 6};
    const Tensor vectors = filled({2, 2, 1}, {1, 5, 1, 5});
    int steps = 0;
    while (table.table().at({2, 0}) > 900 && steps < 20) {
      table.learn(vectors, table.nearest(vectors), rng);
      ++steps;
    }
    // The count of the third is 2⁻ⁿ, that of all tends to 4: below a tenth of a third of it after three steps.
    CHECK(steps == 3);
    const Real code = table.table().at({2, 0});
    CHECK((code == 1 || code == 5));
    CHECK(std::abs(table.table().at({0, 0}) - 1) <= 1e-3);
    CHECK(std::abs(table.table().at({1, 0}) - 5) <= 1e-3);
    table.learn(vectors, Indices(Shape{2, 2}, {2, 1, 2, 1}), rng);  // it counts as an average one: it stays in place
    CHECK(std::abs(table.table().at({2, 0}) - code) <= 4.1);
  }
}

TEST_CASE("codebook: a draw in evaluation changes nothing, one in training does") {
  Vae vae = tiny_vae(codebook(5));
  Rng rng;
  const auto before = state(vae);
  Context evaluation{.training = false, .rng = rng}, training{.training = true, .rng = rng};
  vae.latent.draw(tiny_batch(3), 2, {}, evaluation);
  for (const auto& entry : state(vae)) CHECK(entry.second.values() == before.at(entry.first).values());
  vae.latent.draw(tiny_batch(3), 2, {}, training);
  for (const char* name : {"encoder.codebook.codes", "encoder.codebook.counts", "encoder.codebook.sums"})
    CHECK(state(vae).at(name).values() != before.at(name).values());
}

TEST_CASE("codebook: the same bits for 1, 2, 3 and 7 threads, with revivals, and from a saved state on") {
  const Threads restore;
  std::vector<std::map<std::string, Tensor>> results;
  const auto learnt = [](Latent latent, Rng& rng, int steps) {
    Context context{.training = true, .rng = rng};
    for (int i = 0; i < steps; ++i) {
      Rng images{.seed = 20, .counter = rng.counter};
      latent.draw({uniform({150, 784}, images)}, 1, {}, context);
    }
    return latent;
  };
  ModelSettings settings{};
  settings.network = {Dense{{200}}};
  settings.code = {CodebookCode{.table = {.size = 256, .decay = 0.5, .revive = 0.2}}};
  settings.latent = 16;
  Rng init;
  const Latent first = make_vae(settings, {}, init).latent;
  for (const int count : {1, 2, 3, 7}) {
    set_threads(count);
    Rng rng{.seed = 3};
    results.push_back(state(learnt(first, rng, 6)));
    CHECK(rng.counter > 0);  // that there were revivals
  }
  Rng rng{.seed = 3};
  Latent resumed = first;
  load_state(resumed, state(learnt(first, rng, 2)));
  results.push_back(state(learnt(resumed, rng, 4)));
  for (const auto& result : results)
    for (const auto& entry : result)
      CHECK_MESSAGE(entry.second.values() == results.front().at(entry.first).values(), entry.first);
}

TEST_CASE("codebook: samples have at each place the codes that were used there, as often") {
  CodeTable table = table_of({.size = 4}, 3, 2);
  set(table, "counts", filled({3, 4}, {0, 1, 0, 0, 5, 0, 0, 15, 0, 0, 2, 2}));
  Rng rng{.seed = 2};
  const Indices drawn = table.draw(10'000, rng);
  std::vector<int> counts(12);
  for (std::size_t i = 0; i < drawn.values.size(); ++i) ++counts[i % 3 * 4 + drawn.values[i]];
  const std::vector<double> expected{0, 1, 0, 0, 0.25, 0, 0, 0.75, 0, 0, 0.5, 0.5};
  for (std::size_t i = 0; i < 12; ++i) {
    const double p = expected[i];
    CHECK_MESSAGE(std::abs(counts[i] - 10'000 * p) <= 5 * std::sqrt(10'000 * p * (1 - p)), i);
  }
}

TEST_CASE("codebook: used codes and perplexity are of all images, whatever the batches") {
  const Vae vae = tiny_vae(codebook(5));
  Rng rng;
  Context context{.training = false, .rng = rng};
  const Minibatch all = tiny_batch(12);
  std::vector<double> whole, parts;
  vae.latent.tally(all, whole, context);
  for (std::int64_t i = 0; i < 12; i += 3) vae.latent.tally({slice(all.x, 0, i, i + 3)}, parts, context);
  CHECK(whole == parts);
  CHECK(std::accumulate(whole.begin(), whole.end(), 0.0) == 96);

  const std::vector<Figure> figures = vae.latent.figures({2, 0, 1, 1, 0});
  REQUIRE(figures.size() == 2);
  CHECK(std::string(figures[0].name) == "used_codes");
  CHECK(figures[0].value == 3);
  CHECK(std::string(figures[1].name) == "perplexity");
  CHECK(std::abs(figures[1].value - std::sqrt(8.0)) <= 1e-12);  // e^(½ log 2 + ½ log 4)
}

TEST_CASE("codebook: a convolutional model has one code for each place of its deepest map") {
  Rng rng;
  ModelSettings settings{};
  settings.network = {Conv{}};
  settings.code = codebook(7);
  settings.latent = 4;
  const Vae vae = make_vae(settings, {1, 13, 10}, rng);  // 13 x 10 -> 7 x 5 -> 4 x 3
  const CodebookLatent& latent = codebook_of(vae.latent);
  CHECK(latent.table.places() == 12);
  CHECK(latent.head.weight.shape() == Shape{4, 64});
  Rng images{.seed = 3};
  const Minibatch batch{uniform({2, 130}, images)};
  Context context{.training = true, .rng = rng};
  const Bound parts = bound(vae, batch, {}, context);
  CHECK(parts.kl->shape() == Shape{2, 12});
  CHECK(std::isfinite(sum(parts.log_likelihood).item()));
  // The vector of a place sees what is near it: the last pixel moves the last place, not the first.
  Tensor moved = detach(batch.x);
  moved.write()(0, 129) += 1;
  const Tensor before = latent.vectors(batch, context), after = latent.vectors({moved}, context);
  for (std::int64_t z = 0; z < 4; ++z) {
    CHECK(after.at({0, 0, z}) == before.at({0, 0, z}));
    CHECK(after.at({0, 11, z}) != before.at({0, 11, z}));
  }
  CHECK(vae.decoder.mean(vae.latent.prior(3, rng), {}, context).shape() == Shape{3, 130});
}
