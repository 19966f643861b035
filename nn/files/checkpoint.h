// Checkpoints: named tensors and text in one safetensors file, which Python and other tools read and write too.
//
// The format: 8 bytes that hold the header's length (little-endian), the header (JSON: for each name a dtype, a
// shape and the place of its bytes; under "__metadata__" text by name), then the numbers, row-major, back to back.
// https://github.com/huggingface/safetensors describes it.
//
// What a training consists of is saved and loaded in one call by nn/files/training.h, what another program has trained
// is loaded by nn/files/load_state.h; here is what both stand on.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "tensor/tensor.h"

namespace GRADUS {

/// What makes a result worthless: numbers that have overflowed, or are NaN.
class NumericError : public Error {
 public:
  using Error::Error;
};

struct Checkpoint {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
  std::filesystem::path file = {};      // that it was read from; empty for a new one
  std::set<std::string> infinite = {};  // tensors that may hold infinities, as a Buffer may and a parameter may not
  std::map<std::string, std::string> unread = {};  // what else the file has: dtypes by name
};

/// Writes F32 or F64, as Real is, sorted by name: equal checkpoints are equal files. Durable and all or nothing (see
/// nn/files/atomic_file.h). With nothing written, NumericError for a number that is NaN, or infinite in a tensor that
/// `infinite` does not name; Error for a name or text that is not UTF-8 and for a tensor called "__metadata__".
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Reads F16, BF16, F32 and F64 and converts to Real (exactly, or to the nearest; Error when a number is beyond Real's
/// range). Other dtypes, and what is not `wanted`, are passed over and named in `unread`; tensors with an infinity are
/// named in `infinite`. Whatever does not follow the format to the letter is an Error that names the file and, where
/// there is one, the tensor: names listed twice, unknown entries, sizes that overflow or do not match, gaps, overlaps,
/// bytes left over; and so is a NaN. Takes no more memory than the file's size warrants.
Checkpoint load_checkpoint(const std::filesystem::path& path);
Checkpoint load_checkpoint(const std::filesystem::path& path, const std::function<bool(const std::string&)>& wanted);

namespace detail {
/// The tensor of that name, which the module calls `own`. Error when there is none, it is not one of floating-point
/// numbers, it has another shape, or it holds an infinity and is not a buffer.
const Tensor& find_tensor(const Checkpoint& checkpoint, const std::string& name, const std::string& own,
                          const Shape& shape, bool buffer);
/// "model.safetensors" in quotes, or "the checkpoint"
std::string name_of_file(const Checkpoint& checkpoint);
}  // namespace detail

}  // namespace GRADUS
