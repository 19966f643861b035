// The codebook latent: the encoder's vector at each place is rounded to the nearest of S codes, and the decoder sees
// those. Van den Oord, Vinyals, Kavukcuoglu 2017 (VQ-VAE).
//
//   e = nearest(z)    decoder's input: z + sg(e - z), whose gradient goes straight through to z
//   loss = -log p(x|e) + β·Σ ‖z - sg(e)‖² (+ Σ ‖sg(z) - e‖², where the codes are learnt by the loss)
//   q(e|x) is sure of its code and p(e) even: KL = places · log S. There are no importance weights.
#pragma once

#include <cmath>

#include "models/latent.h"
#include "models/latents/code_table.h"
#include "models/networks/kind.h"

namespace GRADUS {

struct CodebookLatent {
  Network network;  // x (B, D) -> features (B, H), or (B, C, h, w)
  Linear head;      // (B, H) -> (B, P·Z), or at each of P = h·w places C -> Z
  CodeTable table;  // (S, Z)
  double commitment;

  /// What is rounded, (B, P, Z).
  Tensor vectors(const Minibatch& batch, Context& context) const;
  /// Codes (B, P, Z) as the decoder sees them, (B, Z·P): Z maps of P places.
  static Tensor as_maps(const Tensor& codes);

  Draw draw(const Minibatch& batch, std::int64_t K, const Price&, Context& context) const {
    const Tensor z = vectors(batch, context);            // (B, P, Z)
    const Indices nearest = table.nearest(z);            // (B, P)
    const Tensor e = embedding(table.table(), nearest);  // (B, P, Z)
    const Tensor seen = as_maps(stop_gradient(e) + (z - stop_gradient(z)));
    const Tensor commits = z - stop_gradient(e), follows = stop_gradient(z) - e;
    Tensor penalty = sum(commits * commits, {1, 2}) * static_cast<Real>(commitment);
    if (table.settings.update == CodeTable::Update::loss) penalty = penalty + sum(follows * follows, {1, 2});
    if (context.training) table.learn(z, nearest, context.rng);
    return {broadcast_to(seen, seen.shape().inserted(0, K)),
            full(nearest.shape, std::log(static_cast<Real>(table.settings.size))), penalty};
  }
  Tensor code(const Minibatch& batch, Context& context) const {
    return as_maps(embedding(table.table(), table.nearest(vectors(batch, context))));
  }
  Tensor prior(std::int64_t n, Rng& rng) const { return as_maps(embedding(table.table(), table.draw(n, rng))); }

  std::int64_t wanted() const { return table.settings.size; }
  void begin(const Minibatch& images);
  void tally(const Minibatch& batch, std::vector<double>& counts, Context& context) const;
  /// How many codes are used, and e^entropy of how often.
  std::vector<Figure> figures(const std::vector<double>& counts) const;

  void members(auto&& visit) {
    visit("", network);
    visit("head", head);
    visit("codebook", table);
    visit("commitment", commitment);
  }
};

struct CodebookCode {
  static constexpr const char* kName = "codebook";
  static constexpr const char* kHelp =
      "the nearest of a set of codes at each place, of `latent` dimensions each: 8 places,\n"
      "or those of the deepest map. What is sampled is drawn at each place by how often\n"
      "codes are used there, which is no learnt prior";
  static constexpr Pricing kPricing = Pricing::exact;
  static constexpr bool kDiscrete = true;
  static constexpr const char* kSampled = "how often codes are used at each place, which is no learnt prior";
  CodeTable::Settings table;
  double commitment = 0.25;

  void settings(auto&& is) {
    static constexpr Word<CodeTable::Update> kUpdates[] = {{"averages", CodeTable::Update::averages},
                                                           {"loss", CodeTable::Update::loss}};
    is("codebook_size", table.size, IntegerRange{1, 65536}, "codes to choose from");
    is("codebook_update", table.update, kUpdates, "how codes follow the vectors that come to them");
    is("codebook_decay", table.decay, RealRange{.min = 0, .max = 1, .below_max = true},
       "of the moving averages, and of how often codes are used");
    is("revive", table.revive, RealRange{.min = 0, .max = 1},
       "share of its even share below which a code begins anew; 0: never");
    is("commitment", commitment, RealRange{.min = 0, .max = 1e6}, "weight of the vectors' distance to their codes");
  }
  /// Where codes are: one place for each of the last map's, or 8.
  static Shape places(const Shape& features) {
    return features.rank() == 3 ? Shape{features[1], features[2]} : Shape{8};
  }
  Latent make(Network network, const NetworkPlan& plan, Rng& rng) const;
};

}  // namespace GRADUS
