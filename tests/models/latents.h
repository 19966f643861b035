// What the tests of codes share: a tiny model around one of them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "models/model.h"
#include "nn/state.h"

namespace gradus::test {

inline constexpr SampleShape kTiny{1, 1, 7};

/// Of 7 numbers, through a layer of 6 tanh units, to codes of 3.
inline Vae tiny_vae(const Codes& code, std::uint64_t seed = 1) {
  Rng rng{.seed = seed};
  const ModelSettings settings{.network = {Dense{{6}}},
                               .code = code,
                               .latent = 3,
                               .activation = Activation::tanh,
                               .init = Init::glorot,
                               .likelihood = {}};
  return make_vae(settings, kTiny, rng);
}

inline Minibatch tiny_batch(std::int64_t n, std::uint64_t seed = 2) {
  Rng rng{.seed = seed};
  return {uniform({n, kTiny.numel()}, rng)};
}

/// The tensor of that name in a model or in a part of one, to be set.
template <class M>
void set(M& module, const std::string& name, const Tensor& to) {
  auto all = state(module);
  REQUIRE(all.count(name) == 1);
  all[name] = to;
  load_state(module, all);
}

inline Tensor filled(const Shape& shape, std::initializer_list<Real> numbers) {
  Tensor x(shape);
  REQUIRE(x.numel() == static_cast<std::int64_t>(numbers.size()));
  std::copy(numbers.begin(), numbers.end(), x.write().data);
  return x;
}

}  // namespace gradus::test
