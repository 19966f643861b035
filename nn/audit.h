// audit_layer: what every layer should do, tried on yours.
//
//   audit_layer(MyLayer(3, 4), {5, 3});    // a batch of 5 samples of 3 features
//
// prints a table and returns it:
//
//   gradient          ok      by the input and 2 parameters, in evaluation: the worst is 0.012 of what is allowed
//   members           FAILED  the layer has 56 bytes after "weight" that its members() does not list
#pragma once

#include "nn/audit_input.h"

namespace GRADUS {

struct AuditRow {
  std::string name;
  bool passed;         // true as well when it could not be checked
  std::string detail;  // a sentence: what was seen, what is wrong, or why it could not be checked
  bool checked = true;
};

struct Audit {
  std::vector<AuditRow> rows;

  /// True when no check has failed.
  bool passed() const;
  /// The row of that name; Error when there is none.
  const AuditRow& operator[](std::string_view name) const;
  /// A line per row, and how many passed, failed or could not be checked.
  std::string text() const;
};

struct AuditOptions {
  bool print = true;     // the table, to the standard output
  bool by_input = true;  // false when tensors given as input have no derivative, like an Embedding's word numbers
};

/// Tries the following on copies of `layer`, in evaluation, and in training too where that gives another output (from a
/// generator that begins the same each time). A check that throws has failed, with what it says.
///
///   output           takes the input; gives finite numbers
///   gradient         by the input and every parameter against central differences, at up to 16 elements of each
///   second gradient  the same for the gradient itself
///   members          the struct lists all it has (as far as its bytes show, see nn/unlisted.h), and no tensor twice
///   save and load    a checkpoint restores the outputs, also after training calls
///   copies           a copy that is changed, or trained, leaves the original as it was
///   state            a call in evaluation changes no parameter or buffer, one in training no parameter
///   repetition       the same call gives the same bits
///   tape             a tape changes no bit
///   batch            in evaluation the output for a sample (axis 0; at up to 16 of them) is the same whatever its
///                    neighbours
///   threads          outputs and gradients have the same bits for any number of threads, on a larger batch
///   time             per call; not judged
///
/// Gradients are judged as sharply as Real allows: build with double to be strict. Near a kink (relu at 0) smaller
/// steps are tried, and there is no verdict where they do not agree; at a kink itself they agree on the mean of both
/// slopes, and the gradient is called wrong. `input` is the shape of a batch, which is drawn from the standard normal
/// distribution, or the batch itself; a small one does.
Audit audit_layer(const Layer& layer, const Shape& input, const AuditOptions& options = {});
Audit audit_layer(const Layer& layer, const Tensor& input, const AuditOptions& options = {});

namespace detail {
Audit audit_layer(const AuditedLayer& layer, std::span<const AuditInput> inputs, const AuditOptions& options);
}

/// The same for a layer of several inputs, tensors by shape or value and Indices by value:
///
///   audit_layer(Bilinear(3, 4), {{5, 3}, {5, 4}});
///   audit_layer(Gru(3, 8, rng), {{2, 5, 3}, Indices{5, 2}});
template <class L>
Audit audit_layer(const L& layer, const std::vector<AuditInput>& inputs, const AuditOptions& options = {}) {
  return detail::audit_layer(detail::AuditedLayer(layer), inputs, options);
}

}  // namespace GRADUS
