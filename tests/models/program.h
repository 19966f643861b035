// The program itself, started as a person would, in a folder with a tiny data set.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/models/idx_files.h"

namespace gradus::test {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

/// Starts vae in `folder`, its output in files `out` and `err` beside that folder.
inline pid_t start(const fs::path& folder, Arguments arguments, const fs::path& out, const fs::path& err) {
  arguments.insert(arguments.begin(), VAE_BINARY);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  // A signal that comes before the program is there must not reach the handlers of the tests.
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  const pid_t child = fork();
  if (child == 0)
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  REQUIRE(child >= 0);
  if (child == 0) {
    const int o = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int e = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (chdir(folder.c_str()) != 0 || dup2(o, 1) < 0 || dup2(e, 2) < 0) _exit(99);
    execv(argv[0], argv.data());
    _exit(99);
  }
  return child;
}

inline int wait_for(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

struct Ended {
  int code;
  std::string out, err;
};

/// A working folder with a tiny data set in it, "data": 40 + 10 images of 5 x 4 pixels.
struct Place {
  Folder outer;
  fs::path folder = outer.path / "work";

  explicit Place(const fs::path& where = fs::temp_directory_path()) : outer(where) {
    put_images(folder / "data", 5, 4);
  }
  static std::string images(std::uint32_t count) { return idx_images(count, 5, 4); }
  Ended run(const Arguments& arguments) const {
    const int code = wait_for(start(folder, arguments, outer.path / "out", outer.path / "err"));
    return {code, get(outer.path / "out"), get(outer.path / "err")};
  }
  /// The line of `vae train` on the tiny data.
  static Arguments training(const std::string& out, const Arguments& more) {
    Arguments arguments = {"train", "--data",       "data", "--hidden", "8,6", "--latent",
                           "2",     "--batch-size", "7",    "--out",    out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Ended train(const std::string& out, const Arguments& more) const { return run(training(out, more)); }
  /// A training of "run" that goes on until it is killed, its first epoch done.
  pid_t train_for_ever() const {
    const pid_t child = start(folder,
                              {"train", "--data", "data", "--hidden", "8", "--latent", "2", "--epochs", "1000000",
                               "--out", "run", "--threads", "1"},
                              outer.path / "endless out", outer.path / "endless err");
    for (int i = 0; i < 2000 && !fs::exists(folder / "run" / "metrics.csv"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return child;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
    return names;
  }
};

inline std::int64_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace gradus::test
