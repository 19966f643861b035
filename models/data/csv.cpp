#include "models/data/csv.h"

#include <algorithm>

#include "nn/files/quote.h"
#include "tensor/check.h"

namespace GRADUS {

static constexpr int kEnd = -1;

CsvReader::CsvReader(const std::filesystem::path& path) : file_(path), left_(file_.size()) {
  check(left_ > 0, "[table] {} is empty", quote(path.native()));
  peek();
  if (std::string_view(buffer_.data(), end_).starts_with("\xef\xbb\xbf")) at_ = 3;
}

void CsvReader::fail(std::string_view problem) const {
  throw Error(fmt::format("[table] {}, line {} {}", quote(path().native()), line_, problem));
}

/// The next byte, which is not taken yet, or kEnd.
int CsvReader::peek() {
  if (at_ == end_) {
    at_ = 0;
    end_ = static_cast<std::size_t>(std::min<std::int64_t>(left_, static_cast<std::int64_t>(buffer_.size())));
    file_.read(buffer_.data(), static_cast<std::int64_t>(end_));
    left_ -= static_cast<std::int64_t>(end_);
    if (end_ == 0) return kEnd;
  }
  return static_cast<unsigned char>(buffer_[at_]);
}

void CsvReader::end_field() {
  constexpr std::size_t kMostFields = 1 << 20;
  if (ends_.size() == (fields_ ? fields_ : kMostFields))
    fail(fields_ ? fmt::format("has more than the {} fields of the first record", fields_)
                 : fmt::format("has more than {} fields", kMostFields));
  ends_.push_back(text_.size());
}

/// One field, up to the comma or the line's end.
void CsvReader::read_field() {
  constexpr std::size_t kLongest = 1 << 20;
  const std::size_t start = text_.size();
  const bool quoted = peek() == '"';
  if (quoted) ++at_;
  bool open = quoted;
  for (int c = peek(); open || (c != ',' && c != '\n' && c != kEnd); c = peek()) {
    if (c == kEnd) fail("has a quote that is not closed");
    if (c == 0) fail("holds a byte that is 0\nhelp: a table is text, in UTF-8");
    ++at_;
    if (c == '\n') ++next_line_;
    if (open && c == '"') {
      if (peek() != '"') {
        open = false;
        continue;
      }
      ++at_;  // two stand for one
    } else if (!open && c == '\r' && (peek() == '\n' || peek() == kEnd)) {
      continue;
    } else if (!open && c == '\r') {
      fail("has a carriage return in the middle");
    } else if (!open && quoted) {
      fail("goes on after a closing quote");
    } else if (!open && c == '"') {
      fail("has a quote in the middle of a field\nhelp: the whole field stands in quotes, and a quote in it is written "
           "twice");
    }
    if (text_.size() - start == kLongest)
      fail(open ? "has a field longer than a megabyte\nhelp: is its quote closed?"
                : "has a field longer than a megabyte");
    text_ += static_cast<char>(c);
  }
  end_field();
}

bool CsvReader::next() {
  std::int64_t empty = 0;  // the first line that was
  for (;;) {
    line_ = next_line_;
    text_.clear();
    ends_.clear();
    if (peek() == kEnd) return false;
    read_field();
    while (peek() == ',') {
      ++at_;
      read_field();
    }
    if (peek() == '\n') {
      ++at_;
      ++next_line_;
    }
    if (size() > 1 || !text_.empty()) break;
    if (empty == 0) empty = line_;
  }
  if (empty > 0) {
    line_ = empty;
    fail("is empty");
  }
  if (fields_ == 0) fields_ = size();
  if (size() != fields_) fail(fmt::format("has {} fields, the first record has {}", size(), fields_));
  return true;
}

std::string_view CsvReader::operator[](std::size_t i) const {
  const std::size_t start = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(text_).substr(start, ends_[i] - start);
}

}  // namespace GRADUS
