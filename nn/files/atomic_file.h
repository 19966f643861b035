// Files written whole or not at all.
#pragma once

#include <filesystem>
#include <string_view>

#include "tensor/real.h"

namespace GRADUS {

/// Makes `path` a regular file of exactly these bytes, on the disk when this returns. A reader, or a crash at any
/// moment, sees the old file or the new one, never a part. An existing file keeps its permissions; a symbolic link
/// to a file is followed. Error, with the old file untouched and nothing left behind, when `path` is a directory,
/// a device or a pipe, its folder is missing, or the system refuses (disk full, no permission, …). Should the disk fail
/// at the very last, when the folder is written, there is an Error and the new file may be there.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Error where write_file_atomically would refuse `path`, as far as that can be known beforehand. Writes nothing.
void check_writable(const std::filesystem::path& path);

}  // namespace GRADUS
