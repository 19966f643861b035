// The gallery of wrong autodiffs: bugs that others have made, each beside its right twin, and which check sees which.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "autograd/functional.h"
#include "tensor/random.h"

namespace study {

using gradus::Rng, gradus::Tensor, gradus::TensorFunction;

/// Something to be checked: whatever of it is there can be.
struct Subject {
  struct Number {
    std::function<double()> value;
    double right;
  };
  struct Op {
    TensorFunction f;
    std::vector<Tensor> inputs;
  };
  struct Point {
    std::function<Tensor(const Tensor&)> f;
    Tensor x, slope;  // the derivative that is right
  };
  struct Draws {
    std::function<Tensor(Rng&)> draw;  // many
    double mean, variance;
  };
  std::optional<Number> closed_form = {};
  std::optional<Number> visits = {};  // right: at most so many
  std::optional<Op> op = {};          // for the shapes of VJPs, and gradcheck
  std::optional<Point> point = {};
  std::optional<Draws> draws = {};
  std::optional<Number> bound = {};      // right: log p, which it may not exceed
  std::function<bool()> path = nullptr;  // from the likelihood to the encoder
};

inline const std::vector<std::string> kChecks = {"closed form", "visits",  "VJP's shape", "gradcheck 1", "gradcheck 2",
                                                 "exact point", "moments", "bound",       "path"};
enum class Verdict { does_not_apply, passes, caught };
struct Finding {
  Verdict verdict = Verdict::does_not_apply;
  std::string number;  // what was seen, where it was caught
};
/// One for each of kChecks.
std::vector<Finding> examine(const Subject& subject);

struct Exhibit {
  std::string name;
  Subject bug, twin;
};
std::vector<Exhibit> exhibits();

/// The matrix, a line for each bug: ✗ where a check sees it, · where it passes, and what was seen. A twin that is caught
/// is an Error.
std::string gallery();

}  // namespace study
