#include "models/data/idx.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

#include "nn/files/input_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

[[noreturn]] static void fail(const fs::path& path, std::string_view problem) {
  throw Error(fmt::format("[idx] {} {}", quote(path.native()), problem));
}

/// The contents of a file, decompressed if they are gzip'ed, as a stream. zlib itself is used and not its file
/// functions, which take a cut-off file for a complete one and pass over whatever follows the compressed data.
class IdxContents {
 public:
  explicit IdxContents(const fs::path& path) : file_(path), left_(file_.size()) {
    if (left_ == 0) fail(path, "is empty");
    refill();
    gzip_ = stream_.avail_in >= 2 && buffer_[0] == 0x1f && buffer_[1] == 0x8b;
    constexpr int kGzip = 16 + MAX_WBITS;  // a gzip wrapper, checked to its last byte
    if (gzip_ && inflateInit2(&stream_, kGzip) != Z_OK) throw std::bad_alloc();
  }
  IdxContents(const IdxContents&) = delete;
  IdxContents& operator=(const IdxContents&) = delete;
  ~IdxContents() {
    if (gzip_) inflateEnd(&stream_);
  }

  const fs::path& path() const { return file_.path(); }
  /// No more than this many bytes can come out of the file.
  std::int64_t most() const {
    constexpr std::int64_t kDeflate = 1032;  // deflate's best ratio: 258 bytes in two bits
    return gzip_ ? checked_mul(kDeflate, file_.size()) : file_.size();
  }

  /// Reads up to `bytes` bytes and says how many there were: fewer only at the end. Error when compressed data are
  /// damaged or incomplete, which at the latest the attempt to read past their end finds out.
  std::int64_t read(std::uint8_t* to, std::int64_t bytes) {
    std::int64_t done = 0;
    while (done < bytes) {
      if (stream_.avail_in == 0) refill();
      if (stream_.avail_in == 0 && (!gzip_ || ended_)) break;
      constexpr std::int64_t kStep = 1 << 30;  // zlib counts in 32 bits
      const auto step = static_cast<uInt>(std::min(bytes - done, kStep));
      done += gzip_ ? decompress(to + done, step) : copy(to + done, step);
    }
    return done;
  }

 private:
  void refill() {
    const std::int64_t bytes = std::min<std::int64_t>(left_, buffer_.size());
    file_.read(buffer_.data(), bytes);
    left_ -= bytes;
    stream_.next_in = buffer_.data();
    stream_.avail_in = static_cast<uInt>(bytes);
  }

  uInt copy(std::uint8_t* to, uInt bytes) {
    bytes = std::min(bytes, stream_.avail_in);
    std::copy_n(stream_.next_in, bytes, to);
    stream_.next_in += bytes;
    stream_.avail_in -= bytes;
    return bytes;
  }

  uInt decompress(std::uint8_t* to, uInt bytes) {
    if (ended_) {  // RFC 1952: another member may follow, and nothing else
      if (*stream_.next_in != 0x1f) fail(path(), "goes on after the end of its compressed data");
      inflateReset(&stream_);
      ended_ = false;
    }
    stream_.next_out = to;
    stream_.avail_out = bytes;
    const uInt given = stream_.avail_in;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_STREAM_END) ended_ = true;
    // Z_BUF_ERROR: nothing came of it, for want of more input.
    if (status == Z_BUF_ERROR && given == 0)
      fail(path(), "ends in the middle of its compressed data\nhelp: download it again");
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      fail(path(), fmt::format("is damaged: its compressed data have an {}\nhelp: download it again",
                               stream_.msg ? stream_.msg : "unknown dictionary"));
    return bytes - stream_.avail_out;
  }

  InputFile file_;
  std::int64_t left_;  // bytes of the file that are not in the buffer yet
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(1 << 16);
  z_stream stream_{};
  bool gzip_ = false;
  bool ended_ = false;  // at the end of a member
};

static std::string describe(std::span<const std::uint8_t> start) {
  std::string bytes;
  for (const std::uint8_t byte : start) bytes += fmt::format(" {:02x}", byte);
  const auto begins = [&](std::initializer_list<std::uint8_t> with) {
    return start.size() >= with.size() && std::equal(with.begin(), with.end(), start.begin());
  };
  if (begins({'<'})) return "is a web page and not an IDX file\nhelp: a download went wrong; fetch it again";
  if (begins({'P', 'K', 3, 4}) || begins({'P', 'K', 5, 6}))
    return "is a zip archive and not an IDX file\nhelp: unpack it, and name the folder of what was in it";
  if (begins({0x1f, 0x8b})) return "is compressed twice\nhelp: decompress it once with gunzip";
  constexpr std::uint8_t kMagic[] = {0, 0, 8};
  if (start.size() < 4 && std::equal(start.begin(), start.end(), kMagic)) return "ends in the middle of its header";
  if (start.size() == 4 && start[2] == 0 && start[3] == 0)
    return fmt::format("is not an IDX file: its magic number{} is in the wrong byte order", bytes);
  return fmt::format("is not an IDX file: it begins with{}, not with 00 00 08", bytes);
}

/// Reads and checks the header of a file of `rank` axes, or of coloured images; its extents.
static std::vector<std::int64_t> read_header(IdxContents& contents, int rank) {
  const fs::path& path = contents.path();
  std::array<std::uint8_t, 4> magic{};
  const std::int64_t start = contents.read(magic.data(), magic.size());
  if (start == 0) fail(path, "is empty once decompressed");
  if (start < 4 || magic[0] != 0 || magic[1] != 0) fail(path, describe(std::span(magic).first(start)));
  constexpr std::uint8_t kUnsignedByte = 0x08;
  if (magic[2] != kUnsignedByte) {
    const char* type = magic[2] == 0x09   ? "signed bytes"
                       : magic[2] == 0x0b ? "16-bit integers"
                       : magic[2] == 0x0c ? "32-bit integers"
                       : magic[2] == 0x0d ? "32-bit floats"
                       : magic[2] == 0x0e ? "64-bit floats"
                                          : "elements of no known type";
    fail(path, fmt::format("holds {} (type 0x{:02x}), but only unsigned bytes (0x08) are read", type, magic[2]));
  }
  constexpr int kImages = IdxFile::kImages, kLabels = IdxFile::kLabels;
  const char* swapped = "help: are the files of images and labels swapped?";
  if (rank == kImages && magic[3] == kLabels) fail(path, fmt::format("holds labels, not images\n{}", swapped));
  const bool coloured = magic[3] == kImages + 1;
  if (rank == kLabels && (magic[3] == kImages || coloured))
    fail(path, fmt::format("holds images, not labels\n{}", swapped));
  if (magic[3] != rank && !(rank == kImages && coloured))
    fail(path, fmt::format("has {} axes, but {}", magic[3],
                           rank == kImages ? "images have 3: (count, height, width), or 4, of channels as well"
                                           : "labels have 1: (count)"));
  std::vector<std::int64_t> extents(magic[3]);
  for (std::int64_t& extent : extents) {
    std::array<std::uint8_t, 4> bytes{};
    if (contents.read(bytes.data(), bytes.size()) < 4) fail(path, "ends in the middle of its header");
    for (const std::uint8_t byte : bytes) extent = extent << 8 | byte;
  }
  return extents;
}

IdxFile::IdxFile(const fs::path& path, Kind kind)
    : contents_(std::make_unique<IdxContents>(path)),
      extents_(read_header(*contents_, kind)),
      what_(kind == kImages ? "images" : "labels") {
  if (count() == 0) fail(path, fmt::format("holds no {}", what_));
  constexpr std::int64_t kLongest = 65535;
  if (kind == kImages) {
    const auto [channels, height, width] = shape();
    if (std::min(height, width) == 0 || std::max(height, width) > kLongest)
      fail(path, fmt::format("announces images of {} x {} pixels; each side must be 1 to {}", height, width, kLongest));
    if (channels != 1 && channels != 3)
      fail(path, fmt::format("announces images of {} channels; there must be 1, or 3: red, green, blue", channels));
  }
  if (count() > contents_->most() / bytes_each()) fail_short();  // before the product, which might overflow
}

IdxFile::~IdxFile() = default;

const fs::path& IdxFile::path() const { return contents_->path(); }

std::int64_t IdxFile::bytes_each() const { return extents_.size() == 1 ? 1 : shape().numel(); }

void IdxFile::fail_short() const {
  fail(path(), fmt::format("is too short for the {} {} that its header announces", count(), what_));
}

std::vector<std::uint8_t> IdxFile::read() {
  const std::int64_t total = count() * bytes_each();
  std::vector<std::uint8_t> bytes;
  bytes.reserve(total);
  constexpr std::int64_t kStep = 1 << 20;  // memory is touched no faster than the file yields bytes
  while (static_cast<std::int64_t>(bytes.size()) < total) {
    const std::int64_t done = bytes.size(), step = std::min(kStep, total - done);
    bytes.resize(done + step);
    if (contents_->read(bytes.data() + done, step) < step) fail_short();
  }
  std::uint8_t extra = 0;
  if (contents_->read(&extra, 1) != 0)
    fail(path(), fmt::format("goes on after the {} {} that its header announces", count(), what_));
  if (extents_.size() == 4) part_channels(bytes, count(), shape());
  return bytes;
}

Images read_idx_images(const fs::path& path) {
  IdxFile file(path, IdxFile::kImages);
  return {.name = path.filename().string(),
          .count = file.count(),
          .height = file.shape().height,
          .width = file.shape().width,
          .channels = file.shape().channels,
          .pixels = file.read()};
}

std::vector<std::uint8_t> read_idx_labels(const fs::path& path) { return IdxFile(path, IdxFile::kLabels).read(); }

}  // namespace GRADUS
