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

/// Removes from `folder` what writers left in it who were killed: files called .gradus.tmp.* that no living process
/// writes. Whatever cannot be removed stays, without a word. write_file_atomically begins with this.
void remove_leftovers(const std::filesystem::path& folder) noexcept;
/// Whether a file's name is that of such a leftover, or of a file that is being written.
bool is_leftover(const std::filesystem::path& name);
/// For a signal handler that is about to end the process: removes the files that are being written. May be called at
/// any moment.
void remove_unfinished() noexcept;

/// Error where write_file_atomically would refuse `path`, as far as that can be known beforehand. Writes nothing.
void check_writable(const std::filesystem::path& path);

}  // namespace GRADUS
