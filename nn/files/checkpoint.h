// Checkpoints: named tensors and text in one safetensors file, which Python and other tools read too.
//
// The format: 8 bytes that hold the header's length (little-endian), the header (JSON: for each name a dtype, a
// shape and the place of its bytes; under "__metadata__" text by name), then the numbers, row-major, back to back.
// https://github.com/huggingface/safetensors describes it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tensor/tensor.h"

namespace GRADUS {

struct Checkpoint {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
  std::filesystem::path file = {};  // that it was read from; empty for a new one
};

/// Writes F32 or F64, as Real is, sorted by name: equal checkpoints are equal files. Durable and all or nothing (see
/// nn/atomic_file.h). Error, with nothing written, for what load_checkpoint would refuse: a number that is not
/// finite, a name or text that is not UTF-8, a tensor called "__metadata__".
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Reads F32 and F64 and converts to Real (to the nearest; Error when a number is beyond Real's range). Whatever does
/// not follow the format to the letter is an Error that names the file and, where there is one, the tensor: names
/// listed twice, unknown entries, sizes that overflow or do not match, gaps, overlaps, bytes left over, numbers that
/// are not finite. Takes no more memory than the file's size warrants.
Checkpoint load_checkpoint(const std::filesystem::path& path);

}  // namespace GRADUS
