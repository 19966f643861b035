// Comma-separated values, RFC 4180, record by record. Read strictly: quotes are closed and nothing follows them, every
// record has as many fields as the first. (Debian's fast-cpp-csv-parser wants the number of columns when it is
// compiled, and a table's owner knows it only when it is read.)
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "nn/files/input_file.h"

namespace GRADUS {

class CsvReader {
 public:
  /// Error when the file cannot be read or is empty. A byte-order mark of UTF-8 is passed over.
  explicit CsvReader(const std::filesystem::path& path);

  /// Goes to the next record; false at the end. Lines end in LF or CR LF; empty ones may stand at the end alone. Error
  /// naming file and line when a quote is missing or misplaced, there are more or fewer fields than in the first record,
  /// a byte is 0, or a field is longer than a megabyte.
  bool next();
  /// How many fields the record has, and each of them, without its quotes; until the next call.
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t i) const;

  const std::filesystem::path& path() const { return file_.path(); }
  /// The line that the record begins on, from 1.
  std::int64_t line() const { return line_; }
  /// Error: "[table] "FILE", line 3 " and then the problem.
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  int peek();
  void read_field();
  void end_field();

  InputFile file_;
  std::int64_t left_;  // bytes of the file that are not in the buffer yet
  std::vector<char> buffer_ = std::vector<char>(1 << 16);
  std::size_t at_ = 0, end_ = 0;
  std::string text_;               // the fields back to back
  std::vector<std::size_t> ends_;  // where each ends
  std::size_t fields_ = 0;         // of the first record
  std::int64_t line_ = 0, next_line_ = 1;
};

}  // namespace GRADUS
