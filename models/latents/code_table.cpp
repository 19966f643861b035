#include "models/latents/code_table.h"

#include <algorithm>

#include "autograd/ops.h"
#include "nn/init.h"

namespace GRADUS {

CodeTable::CodeTable(const Settings& settings_, std::int64_t places, std::int64_t dimensions, Init init, Rng& rng)
    : settings(settings_) {
  const std::int64_t S = settings.size;
  const bool none = init == Init::none;
  // As wide as vectors of a trained encoder are far apart; `begin` sees to the rest.
  const Tensor first = none ? initial_weight(init, {S, dimensions}, S, S, rng) : normal({S, dimensions}, rng);
  if (settings.update == Update::loss) {
    codes = first;
  } else {
    codes = Buffer{first};
    sums = Buffer{first};  // of one vector each
  }
  counts.value =
      none ? initial_weight(init, {places, S}, 1, 1, rng) : full({places, S}, Real(1) / static_cast<Real>(places));
}

const Tensor& CodeTable::table() const {
  const auto* parameter = std::get_if<Tensor>(&codes);
  return parameter ? *parameter : std::get<Buffer>(codes).value;
}

void CodeTable::write(const Tensor& fresh) const {
  if (auto* parameter = std::get_if<Tensor>(&codes))
    *parameter = fresh;
  else
    std::get<Buffer>(codes).value = fresh;
}

Indices CodeTable::nearest(const Tensor& vectors) const {
  const Pause no_derivatives;
  const Tensor& e = table();
  // ‖z - e‖² = ‖z‖² - 2·(z·e - ½‖e‖²)
  return argmax(matmul(vectors, transpose(e)) - sum(e * e, -1) / 2, -1);
}

void CodeTable::begin(const Tensor& vectors) {
  const std::int64_t S = settings.size, Z = vectors.extent(-1), P = places(), N = vectors.numel() / Z;
  check(N > 0, "[codebook] there are no vectors to begin from");
  Indices rows;
  rows.shape = {S};
  for (std::int64_t i = 0; i < S; ++i) rows.values.push_back((i * N / S + i % P) % N);
  const Tensor fresh = detach(embedding(reshape(detach(vectors), {N, Z}), rows));
  write(fresh);
  if (sums) sums->value = fresh;
  counts.value = full({P, S}, Real(1) / static_cast<Real>(P));
}

void CodeTable::learn(const Tensor& vectors, const Indices& chosen, Rng& rng) const {
  const Pause no_derivatives;
  const std::int64_t S = settings.size, P = places(), Z = vectors.extent(-1), N = vectors.numel() / Z;
  const Real kept = static_cast<Real>(settings.decay);
  const Tensor flat = reshape(detach(vectors), {N, Z});
  Indices rows = chosen;
  rows.shape = {N};

  Tensor now = zeros({P, S});
  const View seen = now.write();
  for (std::int64_t i = 0; i < N; ++i) seen(i % P, rows.values[i]) += 1;
  counts.value = counts.value * kept + now * (1 - kept);
  const Tensor by_code = sum(counts.value, 0), total = sum(by_code);  // (S), ()
  if (sums) {
    sums->value = sums->value * kept + scatter_rows(flat, rows, S) * (1 - kept);
    constexpr Real epsilon = Real(1e-5);
    const Tensor smoothed = (by_code + epsilon) / (total + static_cast<Real>(S) * epsilon) * total;
    write(sums->value / reshape(smoothed, {S, 1}));
  }

  const Real average = total.item() / static_cast<Real>(S), least = static_cast<Real>(settings.revive) * average;
  Indices dead;
  dead.shape = {0};
  for (std::int64_t s = 0; s < S; ++s)
    if (by_code.at({s}) < least) dead.values.push_back(s);
  if (dead.values.empty()) return;
  const Tensor places_in_batch = uniform({static_cast<std::int64_t>(dead.values.size())}, rng);
  Tensor fresh = detach(table());
  const View code = fresh.write(), count = counts.value.write();
  for (std::size_t i = 0; i < dead.values.size(); ++i) {
    const std::int64_t s = dead.values[i];
    const Real at = places_in_batch.view().data[i] * static_cast<Real>(N);
    const std::int64_t from = std::min(static_cast<std::int64_t>(at), N - 1);
    for (std::int64_t z = 0; z < Z; ++z) code(s, z) = flat.at({from, z});
    for (std::int64_t p = 0; p < P; ++p) count(p, s) = average / static_cast<Real>(P);
  }
  write(fresh);
  if (sums) {
    const View sum = sums->value.write();
    for (const std::int64_t s : dead.values)
      for (std::int64_t z = 0; z < Z; ++z) sum(s, z) = code(s, z) * average;
  }
}

Indices CodeTable::draw(std::int64_t n, Rng& rng) const {
  const std::int64_t S = settings.size, P = places();
  const Tensor where = uniform({n, P}, rng);
  Indices drawn;
  drawn.shape = {n, P};
  drawn.values.resize(n * P);
  std::vector<double> below(S);  // of a place: how many vectors came to the codes up to each
  for (std::int64_t p = 0; p < P; ++p) {
    double sum = 0;
    for (std::int64_t s = 0; s < S; ++s) below[s] = sum += counts.value.at({p, s});
    for (std::int64_t i = 0; i < n; ++i) {
      const auto found = std::upper_bound(below.begin(), below.end(), static_cast<double>(where.at({i, p})) * sum);
      drawn.values[i * P + p] = std::min<std::int64_t>(found - below.begin(), S - 1);
    }
  }
  return drawn;
}

}  // namespace GRADUS
