// The checks of audit_layer (nn/audit.h). Each gives the sentence of its row, or throws another.
#pragma once

#include "nn/audit.h"

namespace GRADUS::detail {

using Inputs = std::vector<AuditInput>;

/// What is audited. The checks work on copies of the layer.
struct Subject {
  AuditedLayer layer;
  Inputs inputs;
  bool by_input;                   // whether tensors among them have a derivative
  std::vector<Tensor> begin{};     // its parameters and buffers
  std::vector<bool> modes{false};  // those in which the outputs differ: evaluation, training
  bool failed = false;             // the check before this one

  std::string in_modes() const { return modes.size() == 1 ? "in evaluation" : "in evaluation and training"; }
};

/// Thrown by a check that cannot be made, with the reason.
struct NotChecked : Error {
  using Error::Error;
};

// nn/audit_numbers.cpp
std::string check_output(Subject& subject);
std::string check_gradient(Subject& subject);
std::string check_second_gradient(Subject& subject);
// nn/audit_calls.cpp
std::string check_repetition(Subject& subject);
std::string check_tape(Subject& subject);
std::string check_batch(Subject& subject);
std::string check_threads(Subject& subject);
std::string check_time(Subject& subject);
// nn/audit_state.cpp
std::string check_members(Subject& subject);
std::string check_save(Subject& subject);
std::string check_copies(Subject& subject);
std::string check_state(Subject& subject);

// What they share.

/// layer(inputs…), with a generator that begins the same each time.
Tensor call(const AuditedLayer& layer, std::span<const AuditInput> inputs, bool training);
/// The output, and the gradients of a weighted sum of it by the inputs and the parameters.
std::vector<Tensor> output_and_gradients(const Subject& subject, const Inputs& inputs, bool training);
/// "(5, 3), (5, 4)"
std::string shapes(std::span<const AuditInput> inputs);
bool same_bits(const Tensor& a, const Tensor& b);
/// Error, beginning with `what`, that tells a difference where two outputs do not have the same bits.
void expect_same(const Tensor& a, const Tensor& b, std::string_view what);
inline const char* mode_name(bool training) { return training ? "training" : "evaluation"; }
/// "1 buffer", "2 buffers"
inline std::string counted(std::int64_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

}  // namespace GRADUS::detail
