#include "models/data/pictures.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "nn/files/quote.h"
#include "tensor/parallel.h"

namespace GRADUS {

namespace fs = std::filesystem;

bool is_picture_name(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>('A' <= c && c <= 'Z' ? c - 'A' + 'a' : c);
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

namespace {
/// What lies in one folder, sorted by name.
struct Contents {
  std::vector<fs::path> pictures, folders;
  std::int64_t others = 0;

  explicit Contents(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      const fs::path& path = entry->path();
      std::error_code ignored;  // what cannot be looked at is no folder, and reading it will say why
      if (path.filename().native().starts_with('.')) continue;
      if (entry->is_directory(ignored))
        folders.push_back(path);
      else if (is_picture_name(path))
        pictures.push_back(path);
      else
        ++others;
    }
    check(!error, "[pictures] cannot look into {}: {}", quote(folder.native()), error.message());
    std::ranges::sort(pictures);
    std::ranges::sort(folders);
  }
};
}  // namespace

PictureList list_pictures(const fs::path& folder) {
  Contents contents(folder);
  PictureList list{.files = std::move(contents.pictures), .others = contents.others};
  for (const fs::path& below : contents.folders) {
    const Contents inner(below);
    list.others += inner.others;
    if (inner.pictures.empty() && inner.folders.empty()) continue;
    check(inner.folders.empty(), "[pictures] there are folders in {}\nhelp: a sub-folder is a label and holds pictures",
          quote(below.native()));
    check(list.files.empty() || !list.classes.empty(),
          "[pictures] {} has pictures of its own and in {}\nhelp: either all are in sub-folders, which label them, or "
          "none",
          quote(folder.native()), quote(below.filename().native()));
    list.files.insert(list.files.end(), inner.pictures.begin(), inner.pictures.end());
    list.labels.resize(list.files.size(), static_cast<std::int32_t>(list.classes.size()));
    list.classes.push_back(below.filename().string());
  }
  check(!list.files.empty(), "[pictures] there are no PNG or JPEG files in the folder {} or one below it",
        quote(folder.native()));
  return list;
}

bool has_pictures(const fs::path& folder) {
  try {
    const Contents contents(folder);
    return !contents.pictures.empty() || std::ranges::any_of(contents.folders, [](const fs::path& below) {
      return !Contents(below).pictures.empty();
    });
  } catch (const Error&) {
    return false;
  }
}

Pictures read_pictures(const PictureList& list, const Pair& size) {
  const auto count = static_cast<std::int64_t>(list.files.size());
  std::vector<Picture> read(count);
  std::atomic<std::int64_t> failed = count;  // the first that could not be read
  std::exception_ptr why;
  std::mutex first;
  parallel_for(count, [&](std::int64_t i) {
    if (i > failed) return;
    try {
      read[i] = read_picture(list.files[i], size);
    } catch (...) {
      const std::lock_guard lock(first);
      if (i > failed) return;
      failed = i;
      why = std::current_exception();
    }
  });
  if (why) std::rethrow_exception(why);

  const bool grey = std::ranges::all_of(read, [](const Picture& picture) { return picture.channels == 1; });
  Pictures all{.count = count, .height = size.h, .width = size.w, .channels = grey ? 1 : 3};
  all.pixels.reserve(checked_mul(checked_mul(count, all.channels), checked_mul(size.h, size.w)));
  for (Picture& picture : read) {
    for (const std::uint8_t pixel : picture.pixels)
      all.pixels.insert(all.pixels.end(), picture.channels == all.channels ? 1 : all.channels, pixel);
    picture = {};
  }
  return all;
}

}  // namespace GRADUS
