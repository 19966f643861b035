// The program `vae`: signals, exit codes, and one sentence for whatever goes wrong.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "models/cli/parse.h"
#include "models/cli/print.h"
#include "models/cli/run_command.h"
#include "nn/files/atomic_file.h"
#include "nn/files/checkpoint.h"
#include "nn/files/quote.h"

namespace {

enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kData = 3, kNumeric = 4 };

gradus::StopRequest stop;
volatile std::sig_atomic_t stop_signal = 0;
static_assert(std::atomic<bool>::is_always_lock_free, "written by a signal handler");

/// A training ends in order, unless it is asked twice; everything else ends at once.
extern "C" void on_signal(int signal) {
  stop_signal = signal;  // before the request, which another thread may see at once
  if (stop.heeded && !stop.made.exchange(true)) return;
  gradus::remove_unfinished();
  _exit(128 + signal);
}

void prepare_process() {
  // With a standard stream closed, the next file opened would take its place and be written to by it.
  for (int stream = 0; stream <= 2; ++stream)
    if (::fcntl(stream, F_GETFD) < 0 && ::open("/dev/null", stream == 0 ? O_RDONLY : O_WRONLY) < 0) _exit(kData);
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  struct sigaction inherited{};
  ::sigaction(SIGHUP, nullptr, &inherited);
  if (inherited.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);  // nohup is heeded
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away does not end a training
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit becomes an error with a sentence
}

/// What a person types to start this program. A script that starts it in its place says what that is.
std::string command(const char* name) {
  const char* told = std::getenv("GRADUS_COMMAND");
  return told ? told : gradus::shell_path(name);
}

int fail(ExitCode code, const char* sentence) {
  std::fprintf(stderr, "vae: %s\n", sentence);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  prepare_process();
  try {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    const bool finished = gradus::run_command(command(argc > 0 ? argv[0] : "vae"), arguments, stop);
    if (!finished) return 128 + stop_signal;
    if (gradus::printing_failed()) return fail(kData, "cannot write to the standard output");
    return kDone;
  } catch (const gradus::UsageError& error) {
    return fail(kUsage, error.what());
  } catch (const gradus::CheckFailed& error) {
    return fail(kFailed, error.what());
  } catch (const gradus::NumericError& error) {
    return fail(kNumeric, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kData, "there is not enough memory\nhelp: fewer images at once, or a smaller model, take less");
  } catch (const std::exception& error) {
    return fail(kData, error.what());
  }
}
