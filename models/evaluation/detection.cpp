#include "models/evaluation/detection.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/training/streams.h"
#include "tensor/check.h"
#include "tensor/parallel.h"
#include "tensor/random.h"

namespace GRADUS {

namespace {

/// Samples of either kind by the rank of their score, the highest first; equal scores have one rank.
struct Ranked {
  std::vector<std::int64_t> ranks[2];  // of the normal ones, of the others
  std::int64_t count = 0;              // of ranks
};

struct Areas {
  double auroc, average_precision;
};

/// Of how many samples of either kind there are at each rank.
Areas areas(const std::vector<std::int64_t>& normal, const std::vector<std::int64_t>& others) {
  double normal_above = 0, others_above = 0, pairs = 0, precisions = 0;
  for (std::size_t rank = 0; rank < normal.size(); ++rank) {
    const double n = static_cast<double>(normal[rank]), m = static_cast<double>(others[rank]);
    pairs += n * (others_above + m / 2);
    normal_above += n;
    others_above += m;
    if (m > 0) precisions += m * others_above / (others_above + normal_above);
  }
  return {pairs / (normal_above * others_above), precisions / others_above};
}

Interval interval(double value, std::vector<double> replicates) {
  if (replicates.empty()) return {value, value, value};
  std::ranges::sort(replicates);
  const auto at = [&](double share) {
    return replicates[static_cast<std::size_t>(std::round(share * static_cast<double>(replicates.size() - 1)))];
  };
  return {value, at(0.025), at(0.975)};
}

}  // namespace

Detection detection(std::span<const double> scores, const std::vector<bool>& abnormal, std::int64_t replicates) {
  check(scores.size() == abnormal.size(), "[detection] {} scores of {} samples", scores.size(), abnormal.size());
  check(std::ranges::none_of(scores, [](double score) { return std::isnan(score); }), "[detection] a score is NaN");
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return scores[i]; });
  Ranked ranked;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || scores[order[i]] != scores[order[i - 1]]) ++ranked.count;
    ranked.ranks[abnormal[order[i]]].push_back(ranked.count - 1);
  }
  check(!ranked.ranks[0].empty() && !ranked.ranks[1].empty(), "[detection] all samples are {}normal",
        ranked.ranks[0].empty() ? "ab" : "");
  const auto counted = [&](int kind, const auto& which) {
    std::vector<std::int64_t> counts(ranked.count);
    for (std::size_t i = 0; i < ranked.ranks[kind].size(); ++i) ++counts[ranked.ranks[kind][which(i)]];
    return counts;
  };
  const auto itself = [](std::size_t i) { return i; };
  const Areas whole = areas(counted(0, itself), counted(1, itself));
  std::vector<double> auroc(replicates), precision(replicates);
  parallel_for(replicates, [&](std::int64_t replicate) {
    std::vector<std::int64_t> counts[2];
    for (const int kind : {0, 1}) {
      const std::size_t n = ranked.ranks[kind].size();
      Rng rng{.seed = static_cast<std::uint64_t>(kind),
              .stream = stream::kBootstrap,
              .counter = static_cast<std::uint64_t>(replicate) << 40};
      const std::vector<Real> places = uniform({static_cast<std::int64_t>(n)}, rng).values();
      counts[kind] = counted(kind, [&](std::size_t i) {
        return std::min(static_cast<std::size_t>(static_cast<double>(places[i]) * static_cast<double>(n)), n - 1);
      });
    }
    const Areas of = areas(counts[0], counts[1]);
    auroc[replicate] = of.auroc;
    precision[replicate] = of.average_precision;
  });
  return {interval(whole.auroc, std::move(auroc)), interval(whole.average_precision, std::move(precision))};
}

}  // namespace GRADUS
