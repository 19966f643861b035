// Sums of products over named axes, two operands at a time: each pair is a product of stacks of matrices.
//
//   einsum("bij,jbk->bik", a, b):   b in both and in the result: a stack     i: rows     j: summed over     k: columns
#include <algorithm>
#include <string>

#include "autograd/ops.h"

namespace GRADUS {
namespace {

/// A tensor with a letter for each axis.
struct Term {
  std::string axes;
  Tensor x;

  std::int64_t extent(char axis) const { return x.shape()[static_cast<int>(axes.find(axis))]; }
};

bool has(const std::string& axes, char axis) { return axes.find(axis) != std::string::npos; }

/// What a formula says: the axes of each operand and those of the result.
struct Parsed {
  std::vector<std::string> operands{""};
  std::string result;

  explicit Parsed(std::string_view formula) {
    bool arrow = false;
    for (std::size_t i = 0; i < formula.size(); ++i) {
      const char c = formula[i];
      std::string& axes = arrow ? result : operands.back();
      if (c == ' ') continue;
      if (c == ',' && !arrow) {
        operands.emplace_back();
      } else if (formula.substr(i, 2) == "->" && !arrow) {
        arrow = true;
        ++i;
      } else {
        check((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'),
              "[einsum] '{}' is not a letter, comma or arrow\nhelp: a formula is like \"bij,jk->bik\"", c);
        check(!has(axes, c), "[einsum] axis {} is named twice in \"{}\"\nhelp: for a diagonal, gather it first", c,
              axes);
        axes += c;
      }
    }
    check(arrow, "[einsum] \"{}\" does not say what the result's axes are\nhelp: a formula is like \"bij,jk->bik\"",
          formula);
  }
};

/// The axes of `axes` for which `chosen` holds.
template <class Chosen>
std::string those(const std::string& axes, const Chosen& chosen) {
  std::string some;
  std::copy_if(axes.begin(), axes.end(), std::back_inserter(some), chosen);
  return some;
}

/// The term with its axes in another order.
Tensor ordered(const Term& term, const std::string& axes) {
  std::array<int, kMaxRank> order{};
  for (std::size_t i = 0; i < axes.size(); ++i) order[i] = static_cast<int>(term.axes.find(axes[i]));
  return permute(term.x, Axes(std::span<const int>(order.data(), axes.size())));
}

Term summed(const Term& term, const std::string& over) {
  std::array<int, kMaxRank> axes{};
  for (std::size_t i = 0; i < over.size(); ++i) axes[i] = static_cast<int>(term.axes.find(over[i]));
  return {those(term.axes, [&](char c) { return !has(over, c); }),
          sum(term.x, Axes(std::span<const int>(axes.data(), over.size())))};
}

Term product(const Term& a, const Term& b, const std::string& kept) {
  const std::string stack = those(a.axes, [&](char c) { return has(b.axes, c) && has(kept, c); });
  const std::string inner = those(a.axes, [&](char c) { return has(b.axes, c) && !has(kept, c); });
  const std::string rows = those(a.axes, [&](char c) { return !has(b.axes, c); });
  const std::string columns = those(b.axes, [&](char c) { return !has(a.axes, c); });
  const std::string axes = stack + rows + columns;
  check(axes.size() <= kMaxRank, "[einsum] the product of axes {} and {} has {} axes, more than {}", a.axes, b.axes,
        axes.size(), kMaxRank);
  std::array<std::int64_t, kMaxRank> extents{};
  for (std::size_t i = 0; i < axes.size(); ++i) extents[i] = (has(a.axes, axes[i]) ? a : b).extent(axes[i]);
  const auto shape = [&](std::size_t first, std::size_t count) {
    return Shape(std::span<const std::int64_t>(extents.data() + first, count));
  };
  const Shape of_stack = shape(0, stack.size()), of_rows = shape(stack.size(), rows.size());
  const Shape of_columns = shape(stack.size() + rows.size(), columns.size());
  std::int64_t depth = 1;
  for (const char c : inner) depth *= a.extent(c);
  const Tensor left = reshape(ordered(a, stack + rows + inner), {of_stack.numel(), of_rows.numel(), depth});
  const Tensor right = reshape(ordered(b, stack + inner + columns), {of_stack.numel(), depth, of_columns.numel()});
  // With nothing to sum over it is an outer product, element by element.
  return {axes, reshape(inner.empty() ? left * right : matmul(left, right), shape(0, axes.size()))};
}

}  // namespace

Tensor einsum(std::string_view formula, std::span<const Tensor> x) {
  const Parsed parsed(formula);
  check(parsed.operands.size() == x.size(), "[einsum] \"{}\" is of {} tensors, not {}", formula, parsed.operands.size(),
        x.size());
  std::vector<Term> terms;
  for (std::size_t i = 0; i < x.size(); ++i) {
    terms.push_back({parsed.operands[i], x[i]});
    const Term& term = terms.back();
    check(static_cast<int>(term.axes.size()) == x[i].rank(), "[einsum] axes {} do not name those of shape {}",
          term.axes, x[i].shape());
    for (const Term& other : terms)
      for (const char c : those(term.axes, [&](char c) { return has(other.axes, c); }))
        check(other.extent(c) == term.extent(c),
              "[einsum] axis {} has extent {} in shape {}, but {} in {}\nhelp: nothing is broadcast", c,
              other.extent(c), other.x.shape(), term.extent(c), term.x.shape());
  }
  const auto needed = [&](std::size_t from) {  // by the terms from there on, and by the result
    std::string axes = parsed.result;
    for (std::size_t i = from; i < terms.size(); ++i) axes += terms[i].axes;
    return axes;
  };
  for (const char c : parsed.result)
    check(has(needed(0).substr(parsed.result.size()), c), "[einsum] axis {} of the result is in no operand", c);

  Term total = terms[0];
  for (std::size_t i = 1; i <= terms.size(); ++i) {
    // What nobody else has is summed over beforehand; of the next operand too.
    const auto alone = [&](const Term& term, const std::string& others) {
      const std::string over = those(term.axes, [&](char c) { return !has(others, c); });
      return over.empty() ? term : summed(term, over);
    };
    total = alone(total, needed(i));
    if (i == terms.size()) break;
    const Term next = alone(terms[i], needed(i + 1) + total.axes);
    total = product(total, next, needed(i + 1));
  }
  return ordered(total, parsed.result);
}

Tensor einsum(std::string_view formula, std::initializer_list<Tensor> x) {
  return einsum(formula, std::span(x.begin(), x.size()));
}
Tensor einsum(std::string_view formula, const Tensor& x) { return einsum(formula, std::span(&x, 1)); }
Tensor einsum(std::string_view formula, const Tensor& a, const Tensor& b) { return einsum(formula, {a, b}); }

}  // namespace GRADUS
