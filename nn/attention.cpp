#include "nn/attention.h"

#include <cmath>
#include <limits>

#include "autograd/elementwise.h"
#include "nn/lengths.h"

namespace GRADUS {

MultiHeadAttention::MultiHeadAttention(std::int64_t features, std::int64_t heads, const AttentionSettings& settings,
                                       Rng& rng)
    : in_proj_weight(
          initial_weight(Init::glorot, {checked_mul(3, features), features}, features, checked_mul(3, features), rng)),
      in_proj_bias(zeros({3 * features})),
      out_proj(features, features, Init::fan_in, rng),
      heads(heads),
      settings(settings) {
  check(heads > 0 && features % heads == 0, "[attention] {} features do not divide into {} heads", features, heads);
  Dropout{settings.dropout};  // in its range
  out_proj.bias = zeros({features});
}

/// (N, T, E) -> (N, heads, T, E/heads), without a copy
static Tensor into_heads(const Tensor& x, std::int64_t heads) {
  const Shape& s = x.shape();
  return permute(reshape(x, {s[0], s[1], heads, s[2] / heads}), {0, 2, 1, 3});
}

/// (T, S): 1 where step i of T may look at step j of S.
static Tensor causal_mask(std::int64_t queries, std::int64_t keys) {
  return reshape(arange(queries), {queries, 1}) >= arange(keys);
}

/// Rows of queries, keys and values (N, T or S, E) -> (N, T, E). `inside` is (N, S, 1), or (0) where all keys are.
static Tensor attend(const MultiHeadAttention& layer, const Tensor& query, const Tensor& key, const Tensor& value,
                     const Tensor& inside, Context& context) {
  const std::int64_t samples = query.shape()[0], queries = query.shape()[1], keys = key.shape()[1];
  const std::int64_t features = query.shape()[2], heads = layer.heads, each = features / heads;
  const Tensor q = into_heads(query, heads) * (1 / std::sqrt(static_cast<Real>(each)));
  Tensor scores = matmul(q, transpose(into_heads(key, heads)));  // (N, heads, T, S)
  Tensor mask = layer.settings.causal ? causal_mask(queries, keys) : Tensor();
  if (inside.numel() > 0) {
    const Tensor among = reshape(inside, {samples, 1, 1, keys});
    mask = layer.settings.causal ? mask * among : among;
  }
  Tensor weights;
  if (mask.numel() == 0) {
    weights = softmax(scores, -1);
  } else {
    // The lowest number and not -∞: a row of nothing else would be NaN. It becomes equal weights, then 0.
    scores = elementwise<"attention_scores">(
        [lowest = std::numeric_limits<Real>::lowest()](auto s, auto mask) { return where(mask > 0, s, lowest); },
        scores, mask);
    weights = detail::zero_outside(softmax(scores, -1), mask);
  }
  weights = Dropout(layer.settings.dropout)(weights, context);
  const Tensor mixed = permute(matmul(weights, into_heads(value, heads)), {0, 2, 1, 3});  // (N, T, heads, E/heads)
  return layer.out_proj(reshape(mixed, {samples, queries, features}));
}

static void check_sequence(const char* what, const Tensor& x, std::int64_t features) {
  check(x.rank() == 3 && x.shape()[2] == features, "[attention] a {} of shape {} is not (batch, steps, {})", what,
        x.shape(), features);
}

static Tensor self_attention(const MultiHeadAttention& layer, Tensor x, const Indices* lengths, Context& context) {
  check_sequence("sequence", x, layer.in_proj_weight.extent(1));
  const Tensor inside = lengths ? detail::inside_lengths("attention", *lengths, x.shape()[0], x.shape()[1]) : Tensor();
  if (inside.numel() > 0) x = detail::zero_outside(x, inside);
  const std::vector<Tensor> parts = split(linear(x, layer.in_proj_weight, layer.in_proj_bias), 3, 2);
  const Tensor y = attend(layer, parts[0], parts[1], parts[2], inside, context);
  return inside.numel() > 0 ? detail::zero_outside(y, inside) : y;
}

static Tensor cross_attention(const MultiHeadAttention& layer, const Tensor& query, Tensor key, Tensor value,
                              const Indices* lengths, Context& context) {
  const std::int64_t features = layer.in_proj_weight.extent(1);
  check_sequence("query", query, features);
  check_sequence("key", key, features);
  check(value.shape() == key.shape() && key.shape()[0] == query.shape()[0],
        "[attention] a query {}, key {} and value {} are not (N, T, E) and twice (N, S, E)", query.shape(), key.shape(),
        value.shape());
  const Tensor inside =
      lengths ? detail::inside_lengths("attention", *lengths, key.shape()[0], key.shape()[1]) : Tensor();
  const bool same = key.id() == value.id();
  if (inside.numel() > 0) {
    key = detail::zero_outside(key, inside);
    value = same ? key : detail::zero_outside(value, inside);
  }
  const std::vector<Tensor> w = split(layer.in_proj_weight, 3, 0), b = split(layer.in_proj_bias, 3, 0);
  return attend(layer, linear(query, w[0], b[0]), linear(key, w[1], b[1]), linear(value, w[2], b[2]), inside, context);
}

Tensor MultiHeadAttention::operator()(const Tensor& x, Context& context) const {
  return self_attention(*this, x, nullptr, context);
}
Tensor MultiHeadAttention::operator()(const Tensor& x, const Indices& lengths, Context& context) const {
  return self_attention(*this, x, &lengths, context);
}
Tensor MultiHeadAttention::operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                                      Context& context) const {
  return cross_attention(*this, query, key, value, nullptr, context);
}
Tensor MultiHeadAttention::operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                                      const Indices& lengths, Context& context) const {
  return cross_attention(*this, query, key, value, &lengths, context);
}

}  // namespace GRADUS
