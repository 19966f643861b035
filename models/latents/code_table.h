// A table of codes that vectors are rounded to, and how it learns: from the averages of the vectors that come to each
// code, or from the loss; codes that no vector comes to begin anew. Van den Oord, Vinyals, Kavukcuoglu 2017.
#pragma once

#include "nn/init.h"
#include "nn/module.h"

namespace GRADUS {

struct CodeTable {
  /// averages: e = m/n, with moving averages n of how many vectors come to a code, and m of their sums.
  enum class Update { averages, loss };
  struct Settings {
    std::int64_t size = 512;  // S, the number of codes
    Update update = Update::averages;
    double decay = 0.99;   // of the averages: what a batch leaves of them
    double revive = 0.01;  // share of its even share of the vectors below which a code begins anew

    void members(auto&& visit) {
      visit("size", size);
      visit("update", update);
      visit("decay", decay);
      visit("revive", revive);
    }
  };
  Settings settings;
  mutable std::variant<Tensor, Buffer> codes;  // (S, Z): a parameter where the loss moves them
  mutable Buffer counts;                       // (P, S): moving averages of how many vectors come to each, by place
  mutable std::optional<Buffer> sums;          // (S, Z): moving averages of the sums of those vectors

  CodeTable(const Settings& settings, std::int64_t places, std::int64_t dimensions, Init init, Rng& rng);

  std::int64_t places() const { return counts.value.shape()[0]; }
  /// (S, Z)
  const Tensor& table() const;
  /// The code nearest to each of the vectors (B, P, Z), the first of equals: (B, P).
  Indices nearest(const Tensor& vectors) const;
  /// The codes take the place of vectors, evenly taken from those given.
  void begin(const Tensor& vectors);
  /// After a draw in training: `chosen` are the nearest codes. A code to which, on average, fewer vectors came than
  /// `revive` times what came to all, over S, becomes a vector of this batch, taken at random, and counts as an average
  /// one. By averages, a code is the sum of its vectors over their count, smoothed after Laplace:
  /// n′ = (n + ε)/(Σn + S·ε)·Σn.
  void learn(const Tensor& vectors, const Indices& chosen, Rng& rng) const;
  /// n codes for each place, at the frequencies that they had there: (n, P).
  Indices draw(std::int64_t n, Rng& rng) const;

  void members(auto&& visit) {
    visit("settings", settings);
    visit("codes", codes);
    visit("counts", counts);
    visit("sums", sums);
  }

 private:
  void write(const Tensor& fresh) const;
};

}  // namespace GRADUS
