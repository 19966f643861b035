// Two trainings at once, and trainings that are killed as they begin: whose folder it is, and what is left in it.
#include <sys/resource.h>

#include "tests/models/program.h"

using namespace gradus;
using namespace gradus::test;
using namespace std::chrono_literals;

namespace {

/// A disk, and memory where the system has a file system of it.
std::vector<fs::path> places() {
  std::vector<fs::path> all{fs::temp_directory_path()};
  std::error_code error;
  if (fs::is_directory("/dev/shm", error)) all.emplace_back("/dev/shm");
  return all;
}

struct Both {
  Ended first, second;
};
/// Starts the second line some time after the first. `limit`: bytes a file of the first's may have.
Both both(const Place& place, const Arguments& first, const Arguments& second, std::chrono::microseconds after,
          rlim_t limit = RLIM_INFINITY) {
  const auto file = [&](const char* name) { return place.outer.path / name; };
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{limit, before.rlim_max};
  if (limit != RLIM_INFINITY) setrlimit(RLIMIT_FSIZE, &small);
  const pid_t a = start(place.folder, first, file("out a"), file("err a"));
  setrlimit(RLIMIT_FSIZE, &before);
  std::this_thread::sleep_for(after);
  const pid_t b = start(place.folder, second, file("out b"), file("err b"));
  const int code_a = wait_for(a), code_b = wait_for(b);
  return {{code_a, get(file("out a")), get(file("err a"))}, {code_b, get(file("out b")), get(file("err b"))}};
}

bool is_whole(const Place& place, const std::string& run) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(place.folder / run)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names == std::vector<std::string>{"config.json", "curves.svg",          "last.safetensors",
                                           "metrics.csv", "reconstructions.png", "samples.png"} &&
         place.run({"info", run}).code == 0;
}

bool has_leftovers(const Place& place) {
  for (const std::string& name : place.names())
    if (contains(name, ".gradus.tmp.")) return true;
  return false;
}

}  // namespace

TEST_CASE("run folder: of two trainings that begin in one folder, one leaves a whole run and the other says why not") {
  for (const fs::path& where : places())
    for (const bool there : {false, true})
      for (auto after = 0us; after <= 5000us; after += 500us) {
        const Place place(where);
        if (there) fs::create_directory(place.folder / "s");
        const Arguments line = Place::training("s", {"--epochs", "1", "--threads", "1"});
        const auto ended = both(place, line, line, after);
        const Ended &a = ended.first, &b = ended.second;
        INFO(a.err, b.err);
        CHECK(std::min(a.code, b.code) == 0);
        CHECK(std::max(a.code, b.code) == 3);
        const std::string& said = a.code == 3 ? a.err : b.err;
        CHECK((contains(said, "vae: another training is at work in \"s\"\n") ||
               contains(said, "vae: there is a run in \"s\"\nhelp: ")));
        CHECK(is_whole(place, "s"));
      }
}

TEST_CASE("run folder: a training that fails takes nothing away from one that begins beside it") {
  for (const fs::path& where : places())
    for (auto after = 0us; after <= 5000us; after += 1000us) {
      const Place place(where);
      // Without data, before it has made a folder; and with files that may not be long enough, when it has.
      const Arguments good = {"train", "--data", "data", "--hidden", "8", "--latent", "2", "--epochs", "1"};
      const Arguments bad = {"train", "--data", "nowhere"};
      for (const auto& ended : {both(place, bad, good, after), both(place, good, good, after, 1000)}) {
        const Ended &a = ended.first, &b = ended.second;
        INFO(a.err, b.err);
        CHECK(a.code == 3);
        CHECK(b.code == 0);
        CHECK(is_whole(place, b.out.substr(1, b.out.find('"', 1) - 1)));
      }
      const Arguments line = Place::training("s/t", {"--epochs", "1", "--threads", "1"});
      const auto ended = both(place, line, line, after, 1000);
      const Ended &a = ended.first, &b = ended.second;
      INFO(a.err, b.err);
      CHECK(a.code == 3);
      if (b.code == 0)
        CHECK(is_whole(place, "s/t"));
      else
        CHECK(contains(b.err, "another training is at work"));
      CHECK(fs::exists(place.folder / "s") == (b.code == 0));
      CHECK_FALSE(has_leftovers(place));
    }
}

TEST_CASE("run folder: what a training left that was killed as it began is taken over, and anything else is not") {
  const Place place;
  const fs::path folder = place.folder / "s";
  REQUIRE(place.train("s", {"--epochs", "1"}).code == 0);
  const std::string trained = get(folder / "last.safetensors");
  fs::remove_all(folder);
  REQUIRE(place.train("s", {"--epochs", "1", "--lr", "1e12", "--optimizer", "sgd"}).code == 4);  // in its first epoch
  const std::string first = get(folder / "last.safetensors");
  const auto begin_anew = [&](const char* name, const std::string& bytes) {
    fs::remove_all(folder);
    fs::create_directory(folder);
    put(folder / ".gradus.tmp.1.0", "half a file");
    put(folder / name, bytes);
    return place.train("s", {"--epochs", "1"});
  };
  CHECK(begin_anew("last.safetensors", first).code == 0);
  CHECK(is_whole(place, "s"));
  CHECK(begin_anew("last.safetensors", trained).code == 3);
  CHECK(get(folder / "last.safetensors") == trained);
  CHECK(begin_anew("letter.txt", "dear").err == "vae: the folder \"s\" is not empty\nhelp: name a new one\n");
  CHECK(get(folder / "letter.txt") == "dear");
  // Without --out the first folder is taken that is free.
  fs::create_directories(place.folder / "runs" / "1");
  put(place.folder / "runs" / "1" / "letter.txt", "dear");
  put(place.folder / "runs" / "2", "not a folder");
  fs::create_directories(place.folder / "runs" / "3");
  put(place.folder / "runs" / "3" / ".gradus.tmp.1.0", "half a file");
  CHECK(place.run({"train", "--data", "data", "--hidden", "8", "--epochs", "1"}).out.starts_with("\"runs/3\""));
  CHECK(is_whole(place, "runs/3"));
}

TEST_CASE("run folder: after any signal at any time the next command finds its way, and the files of the dead go") {
  const auto began = std::chrono::steady_clock::now();
  CHECK(Place().run(Place::training("s", {"--epochs", "3", "--threads", "1"})).code == 0);
  const std::chrono::duration<double> undisturbed = std::chrono::steady_clock::now() - began;
  int early = 0, late = 0;
  for (const std::vector<int>& signals : {std::vector{SIGKILL}, {SIGTERM}, {SIGTERM, SIGTERM}, {SIGINT, SIGINT}})
    for (int sixth = 0; sixth <= 8; ++sixth) {
      const auto after = undisturbed * sixth / 6;  // longer than it took, for machines that have become busy
      const Place place;
      const fs::path out = place.outer.path / "out", err = place.outer.path / "err";
      const Arguments line = Place::training("s", {"--epochs", "3", "--threads", "1"});
      const auto stop = [&](const Arguments& arguments) {
        const pid_t child = start(place.folder, arguments, out, err);
        std::this_thread::sleep_for(after);
        for (const int signal : signals) kill(child, signal);
        const int code = wait_for(child);
        CHECK((code == 0 || code == 3 || code == 128 + signals[0] || code == 1000 + signals[0]));
      };
      stop(line);
      const Ended resumed = place.run({"resume", "s"});
      INFO(resumed.err);
      if (fs::exists(place.folder / "s" / "config.json")) {
        ++late;
        CHECK(resumed.code == 0);
      } else {
        ++early;
        CHECK(resumed.code == 3);
        CHECK(contains(resumed.err, "is not the folder of a run: "));
        CHECK(place.run(line).code == 0);
      }
      CHECK(is_whole(place, "s"));
      for (const Arguments& verb : {Arguments{"sample", "s"}, {"reconstruct", "s"}}) {
        stop(verb);
        CHECK(place.run({"info", "s"}).code == 0);
        CHECK_FALSE(has_leftovers(place));
      }
    }
  MESSAGE(early, " trainings ended before they had begun, ", late, " later");
  CHECK(early > 0);
  CHECK(late > 0);
}
