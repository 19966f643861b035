// A run is checked against itself: what config.json, metrics.csv and checkpoints say must be what a training writes, and
// of one and the same training.
#include <random>

#include "models/training/metrics.h"
#include "tests/models/program.h"

using namespace gradus;
using namespace gradus::test;

namespace {

bool has_control_characters(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\n') || c == 0x7f; });
}

/// A change as accidents and editors make them: bytes changed, put in, taken out, lines doubled, swapped and cut.
std::string mutated(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  std::vector<std::string> rows;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    rows.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  const auto joined = [&] {
    std::string all;
    for (const std::string& row : rows) all += row;
    return all;
  };
  const std::size_t at = below(text.size()), row = below(rows.size());
  const std::string bytes = std::string("0123456789-+.,eE\"{}[]:x \t\r\x1b\xff\0", 29);
  switch (below(8)) {
    case 0: return text.replace(at, 1, 1, bytes[below(bytes.size())]);
    case 1: return text.insert(at, 1, bytes[below(bytes.size())]);
    case 2: return text.erase(at, 1 + below(6));
    case 3: return text.substr(0, at);
    case 4: rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(row), rows[row]); return joined();
    case 5: std::swap(rows[row], rows[below(rows.size())]); return joined();
    case 6: rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(row)); return joined();
    default: text[at] = static_cast<char>(text[at] ^ (1 << below(8))); return text;
  }
}

std::vector<double> fields(const std::string& row) {
  std::vector<double> all;
  for (std::size_t at = 0; at != std::string::npos && at < row.size(); at = row.find_first_of(",\n", at) + 1)
    all.push_back(row[at] == ',' || row[at] == '\n' ? NAN : std::stod(row.substr(at)));
  return all;
}

}  // namespace

TEST_CASE("read back: a config.json with any accident is refused in a sentence, or means what it meant") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "2", "--validation", "5"}).code == 0);
  const Run run{place.folder / "run"};
  const std::string good = get(run.config());
  const Checkpoint checkpoint = read_checkpoint(run, "last");
  const auto settings = [](Config config) {  // without what a run may change
    config.data = "";
    config.epochs = 1;
    return to_json(config);
  };
  const std::string original = settings(read_config(run));
  std::mt19937 random(1);
  int refused = 0, meant = 0;
  for (int i = 0; i < 600; ++i) {
    const std::string bytes = mutated(good, random);
    std::string as_read;
    const std::string says = error_of([&] {
      const Config config = config_from_json(bytes, "config.json");
      read_position(config, checkpoint);
      as_read = settings(config);
    });
    INFO(bytes, says);
    CHECK_FALSE(has_control_characters(says));
    if (says == "no error") CHECK(as_read == original);
    ++(says == "no error" ? meant : refused);
  }
  MESSAGE(refused, " refused, ", meant, " harmless");
  CHECK(refused > 300);
  // The same by way of the program, which prints what it reads.
  const std::string told = place.run({"info", "run"}).out;
  for (int i = 0; i < 40; ++i) {
    put(run.config(), mutated(good, random));
    const Ended ended = place.run({"info", "run"});
    INFO(get(run.config()), ended.err);
    CHECK((ended.code == 0 || ended.code == 3));
    CHECK_FALSE(has_control_characters(ended.out + ended.err));
    CHECK(contains(ended.err, "run") == (ended.code == 3));
  }
  put(run.config(), good);
  CHECK(place.run({"info", "run"}).out == told);
}

TEST_CASE(
    "read back: a metrics.csv with any accident is refused in a sentence that names the line, or tells the same") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "3"}).code == 0);
  const Run run{place.folder / "run"};
  const Config config = read_config(run);
  const std::string good = get(run.metrics());
  std::vector<std::string> rows;
  for (std::size_t at = good.find('\n') + 1; at < good.size(); at = good.find('\n', at) + 1)
    rows.push_back(good.substr(at, good.find('\n', at) + 1 - at));
  std::mt19937 random(2);
  int refused = 0, same = 0;
  for (int i = 0; i < 600; ++i) {
    const std::string bytes = mutated(good, random);
    put(run.metrics(), bytes);
    std::string table;
    const std::string says = error_of([&] { table = read_metrics(run, config, 3); });
    INFO(bytes, says);
    CHECK_FALSE(has_control_characters(says));
    CHECK(error_of([&] { bound_after(3, run, config); }).substr(0, 20) ==
          (contains(says, " line ") ? says : "no error").substr(0, 20));
    ++(says == "no error" ? same : refused);
    if (says != "no error") {
      CHECK(contains(says, "metrics.csv\" "));
      CHECK(contains(says, "help: without that file the run goes on"));
      continue;
    }
    // Rows at the beginning may be missing, and nothing tells what the training bound and the time were.
    std::size_t row = rows.size();
    for (std::size_t end = table.size(), begin = 0; (begin = table.rfind('\n', end - 2) + 1) > 0; end = begin) {
      REQUIRE(row-- > 0);
      const std::vector<double> now = fields(table.substr(begin, end - begin)), then = fields(rows[row]);
      REQUIRE(now.size() == 8);
      CHECK(now[0] == then[0]);
      for (const int column : {2, 3, 4}) CHECK(std::abs(now[column] - then[column]) <= 3e-4);
    }
  }
  MESSAGE(refused, " refused, ", same, " taken");
  CHECK(refused > 300);
}

TEST_CASE("read back: rows that no training writes, by way of the program") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "2"}).code == 0);
  const Run run{place.folder / "run"};
  const std::string good = get(run.metrics()), config = get(run.config()), last = get(run.checkpoint("last"));
  const std::size_t first = good.find("\n1,") + 1, second = good.find("\n2,") + 1;
  const std::string heading = good.substr(0, first), one = good.substr(first, second - first),
                    two = good.substr(second);
  const std::pair<std::string, const char*> kTables[] = {
      {heading + "7\n", "line 2"},
      {heading + one + "2", "line 3"},
      {heading + one + one + two, "line 3"},
      {heading + two + one, "line 3"},
      {heading + one + "\n" + two, "line 3"},
      {heading + one + "2,\x1b[31m,1,1,1,1,1,1\n", "line 3"},
      {heading + one + "2,nan,-1.0000,0.0000,1.0000,0.10,2,1\n", "line 3"},
      {heading + one + "2,-1.0000,-5.0000,-1.0000,1.0000,0.10,2,1\n", "line 3"},
      {heading + one + "2,-1.0000,-2.0000,-1.0000,1.0000,0.10,2,1,\n", "line 3"},
      {heading + one + "2,-1,-2,-1,1,0.1,2,1\n", "line 3"},
      {heading + one + "2,-1.0000,-2.0000,-1.0000,1.0000,0.10,2,-1\n", "line 3"},
      {heading + one + "2,-1.0000,-2.0000,-1.0000,1.0000,0.10,2,inf\n", "line 3"},
      {one + two, "line 1"},
      {"", "line 1"},
      {heading + one, "ends with epoch 1, but 2 are done"},
  };
  for (const auto& entry : kTables) {
    const std::string& table = entry.first;
    const auto& where = entry.second;
    put(run.metrics(), table);
    const Ended resumed = place.run({"resume", "run", "--epochs", "3"});
    INFO(table, resumed.err);
    CHECK(resumed.code == 3);
    CHECK(contains(resumed.err, "metrics.csv\" " + std::string(where)));
    CHECK_FALSE(has_control_characters(resumed.err));
    CHECK(get(run.metrics()) == table);
    CHECK(get(run.config()) == config);
    CHECK(get(run.checkpoint("last")) == last);
    const Ended told = place.run({"info", "run"});
    CHECK(told.code == (contains(where, "line") ? 3 : 0));
    CHECK_FALSE(has_control_characters(told.out + told.err));
  }
}

TEST_CASE("read back: a checkpoint of another run, or one that was edited, is refused by every verb") {
  const Place place;
  for (const auto& [run, option, value] :
       {std::tuple("run", "--lr", "0.001"), {"seeded", "--seed", "1"}, {"faster", "--lr", "0.002"}})
    REQUIRE(place.train(run, {"--epochs", "2", option, value}).code == 0);
  const fs::path file = place.folder / "run" / "last.safetensors";
  const Checkpoint good = load_checkpoint(file);
  const auto refused = [&](const char* why) {
    for (const Arguments& line : {Arguments{"info", "run"},
                                  {"sample", "run"},
                                  {"reconstruct", "run"},
                                  {"evaluate", "run"},
                                  {"resume", "run", "--epochs", "3"}}) {
      const Ended ended = place.run(line);
      INFO(line[0], ended.err);
      CHECK(ended.code == 3);
      CHECK(contains(ended.err, "last.safetensors\" "));
      CHECK(contains(ended.err, why));
    }
  };
  const auto edited = [&](const char* name, const char* text, const char* why) {
    Checkpoint checkpoint = good;
    checkpoint.metadata[name] = text;
    save_checkpoint(file, checkpoint);
    refused(why);
  };
  put(file, get(place.folder / "seeded" / "last.safetensors"));
  refused("does not fit its config.json: it was saved by a training with \"seed\": 1, not 0 (line ");
  put(file, get(place.folder / "faster" / "last.safetensors"));
  refused("does not fit its config.json: it was saved by a training with \"lr\": 0.002, not 0.001 (line ");
  edited("generator.seed", "1", "with the seed 1, but the run that it lies in with 0");
  edited("generator.stream", "2", "numbers that no training arrives at");
  edited("step", "13", "the optimiser took 13 steps, but 2 epochs of 6 and 0 more are 12");
  edited("position", "1", "the optimiser took 12 steps, but 2 epochs of 6 and 1 more are 13");
  edited("data", "40x5x4 crc32:00000000", "was trained on \"40x5x4 crc32:00000000\", but the run that it lies in on");

  // A run from before checkpoints told the settings goes on, with the same bits.
  Checkpoint old = good;
  old.metadata.erase("settings");
  save_checkpoint(file, old);
  CHECK(place.run({"resume", "run", "--epochs", "3"}).code == 0);
  REQUIRE(place.train("whole", {"--epochs", "3", "--lr", "0.001"}).code == 0);
  CHECK(get(file) == get(place.folder / "whole" / "last.safetensors"));
}

TEST_CASE("read back: test images that are not the run's own any more are measured only when they are asked for") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "1"}).code == 0);
  put(place.folder / "data" / "t10k-images-idx3-ubyte", Place::images(9));
  const Ended ended = place.run({"evaluate", "run"});
  CHECK(ended.code == 3);
  CHECK(contains(ended.err, "are not those of this run"));
  fs::remove(place.folder / "data" / "train-images-idx3-ubyte");  // which nobody needs for this
  CHECK(place.run({"evaluate", "run", "--data", "data"}).code == 0);
  CHECK(place.run({"reconstruct", "run", "--data", "data", "--transpose", "yes"}).code == 3);  // 4 x 5 pixels
  CHECK(place.run({"train", "--data", "data", "--out", "x"}).code == 3);
}

TEST_CASE("read back: a longer training whose learning rate would be 0 is refused, one that was begun is told so") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "1", "--schedule", "cosine", "--decay-factor", "0"}).code == 0);
  const std::string config = get(place.folder / "run" / "config.json");
  const Ended ended = place.run({"resume", "run", "--epochs", "2"});
  CHECK(ended.code == 2);
  CHECK(contains(ended.err, "the learning rate is 0 from step 7 of 12 on: nothing more would be learnt\nhelp: "));
  CHECK(get(place.folder / "run" / "config.json") == config);
}
