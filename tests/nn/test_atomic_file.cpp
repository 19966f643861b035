// Every way in which a save can fail, and files that are read with care.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "nn/files/atomic_file.h"
#include "tests/files.h"

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

// ---- the system's calls, made to fail or to be the last thing that happens ----

static int calls_until_fault = 0;  // 0: no fault
enum class Fault { kFail, kDie };
static Fault fault = Fault::kFail;

static bool fails_now() {
  if (calls_until_fault == 0 || --calls_until_fault > 0) return false;
  if (fault == Fault::kDie) _exit(9);
  errno = EIO;
  return true;
}
// Found by the linker before the C library's.
extern "C" int fsync(int file) { return fails_now() ? -1 : static_cast<int>(syscall(SYS_fsync, file)); }
extern "C" int renameat(int from, const char* old_name, int to, const char* new_name) noexcept {
  return fails_now() ? -1 : static_cast<int>(syscall(SYS_renameat2, from, old_name, to, new_name, 0));
}

TEST_CASE("atomic file: the old file survives every failing call, and nothing else is left") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  put(path, "old");
  for (int call = 1; call <= 2; ++call) {  // fsync of the file, rename
    calls_until_fault = call;
    fault = Fault::kFail;
    CHECK(contains(error_of([&] { write_file_atomically(path, "new"); }), "Input/output error"));
    CHECK(get(path) == "old");
    CHECK(folder.names() == std::vector<std::string>{"x"});
  }
  calls_until_fault = 3;  // fsync of the folder: the new file is whole by then
  CHECK(contains(error_of([&] { write_file_atomically(path, "new"); }), "Input/output error"));
  CHECK(get(path) == "new");
  CHECK(folder.names() == std::vector<std::string>{"x"});
  CHECK(calls_until_fault == 0);
  write_file_atomically(path, "newer");
  CHECK(get(path) == "newer");
}

TEST_CASE("atomic file: a process that dies in the middle leaves the old file or the new one") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  for (int call = 1; call <= 3; ++call) {
    put(path, "old");
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      calls_until_fault = call;
      fault = Fault::kDie;
      write_file_atomically(path, "the new bytes");
      _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 9);
    CHECK(get(path) == (call == 3 ? "the new bytes" : "old"));
  }
  write_file_atomically(path, "after");  // what the dead left does not stand in the way
  CHECK(get(path) == "after");
}

TEST_CASE("atomic file: a disk without room") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  put(path, "old");
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{1000, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string error = error_of([&] { write_file_atomically(path, std::string(5000, 'n')); });
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(contains(error, "File too large"));
  CHECK(get(path) == "old");
  CHECK(folder.names() == std::vector<std::string>{"x"});
}

TEST_CASE("atomic file: what killed processes have left goes, what a living one writes stays and is in nobody's way") {
  const Folder folder;
  const std::vector<std::string> others{".gradus.tmp", "gradus.tmp.1.1", "x"};
  for (const std::string& name : others) folder.put(name, "another's");
  for (int n = 0; n < 500; ++n) folder.put(fmt::format(".gradus.tmp.{}.{}", getpid(), n), "left");
  fs::create_directory(folder.path / ".gradus.tmp.a-folder");
  fs::create_symlink("x", folder.path / ".gradus.tmp.link");
  const std::string living = fmt::format(".gradus.tmp.{}.250", getpid());
  const int file = ::open((folder.path / living).c_str(), O_RDONLY);
  REQUIRE(flock(file, LOCK_EX | LOCK_NB) == 0);
  write_file_atomically(folder.path / "x", "new");
  CHECK(get(folder.path / "x") == "new");
  CHECK(folder.names() == std::vector<std::string>{".gradus.tmp", living, ".gradus.tmp.a-folder", ".gradus.tmp.link",
                                                   "gradus.tmp.1.1", "x"});
  ::close(file);
  remove_leftovers(folder.path);
  CHECK_FALSE(fs::exists(folder.path / living));
  remove_leftovers(folder.path / "nowhere");
}

TEST_CASE(
    "atomic file: a signal that ends the process leaves nothing unfinished, a kill nothing after the next write") {
  for (const int signal : {SIGTERM, SIGKILL})
    for (int delay = 0; delay < 20; ++delay) {
      const Folder folder;
      const pid_t child = fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        std::signal(SIGTERM, [](int) {
          remove_unfinished();
          _exit(7);
        });
        const std::string bytes(1 << 20, 'x');
        for (;;) write_file_atomically(folder.path / "x", bytes);
      }
      while (folder.names().empty()) usleep(100);
      usleep(static_cast<useconds_t>(delay) * 300);
      kill(child, signal);
      int status = 0;
      REQUIRE(waitpid(child, &status, 0) == child);
      if (signal == SIGKILL) write_file_atomically(folder.path / "x", "after");
      for (const std::string& name : folder.names()) CHECK(name == "x");
    }
}

TEST_CASE("atomic file: writers beside each other do not take each other's files for leftovers") {
  const Folder folder;
  std::vector<pid_t> children;
  for (int writer = 0; writer < 4; ++writer) {
    children.push_back(fork());
    REQUIRE(children.back() >= 0);
    if (children.back() == 0) {
      try {
        for (int n = 0; n < 100; ++n) write_file_atomically(folder.path / std::to_string(writer), std::to_string(n));
        _exit(0);
      } catch (...) {
        _exit(1);
      }
    }
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  }
  CHECK(folder.names() == std::vector<std::string>{"0", "1", "2", "3"});
  for (const std::string& name : folder.names()) CHECK(get(folder.path / name) == "99");
}

TEST_CASE("atomic file: targets that are refused") {
  const Folder folder;
  const auto refusal = [](const fs::path& path) {
    const std::string refused = error_of([&] { write_file_atomically(path, "x"); });
    CHECK(error_of([&] { check_writable(path); }) == refused);  // known beforehand
    return refused;
  };
  CHECK(contains(refusal(folder.path), "it is a folder"));
  CHECK(contains(refusal(folder.path / "none" / "x"), "its folder does not exist"));
  CHECK(contains(refusal(folder.path / "x" / ""), "names no file"));
  CHECK(contains(refusal(""), "names no file"));
  REQUIRE(mkfifo((folder.path / "pipe").c_str(), 0600) == 0);
  CHECK(contains(refusal(folder.path / "pipe"), "not a regular file"));
  fs::create_symlink("loop", folder.path / "loop");
  CHECK(contains(refusal(folder.path / "loop"), "symbolic link leads nowhere"));
  CHECK(contains(refusal(folder.path / std::string(300, 'n')), "File name too long"));
  put(folder.path / "file", "");
  CHECK(contains(refusal(folder.path / "file" / "x"), "Not a directory"));
  CHECK(folder.names() == std::vector<std::string>{"file", "loop", "pipe"});
}

TEST_CASE("atomic file: a folder that may not be written") {
  if (geteuid() == 0) {
    MESSAGE("[skipped] root may write anywhere");
    return;
  }
  const Folder folder;
  fs::permissions(folder.path, fs::perms::owner_read | fs::perms::owner_exec);
  const std::string error = error_of([&] { write_file_atomically(folder.path / "x", "new"); });
  fs::permissions(folder.path, fs::perms::owner_all);
  CHECK(contains(error, "Permission denied"));
  CHECK(folder.names().empty());
}

TEST_CASE("atomic file: permissions stay, links are followed, long names work") {
  const Folder folder;
  put(folder.path / "x", "old");
  fs::permissions(folder.path / "x", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("x", folder.path / "link");
  write_file_atomically(folder.path / "link", "new");
  CHECK(get(folder.path / "x") == "new");
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK((fs::status(folder.path / "x").permissions() == (fs::perms::owner_read | fs::perms::owner_write)));
  const std::string longest(255, 'n');
  write_file_atomically(folder.path / longest, "");
  CHECK(get(folder.path / longest).empty());
  CHECK(folder.names() == std::vector<std::string>{"link", longest, "x"});
}

TEST_CASE("input file: not more than was asked for, and not less") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  put(path, "12345");
  CHECK(read_file(path, 5) == "12345");
  CHECK(contains(error_of([&] { read_file(path, 4); }), "it has 5 bytes, more than the 4 expected"));
  InputFile file(path);
  fs::resize_file(path, 2);
  char bytes[5];
  CHECK(contains(error_of([&] { file.read(bytes, 5); }), "shorter than it should be"));
}
