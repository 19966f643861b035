// The program itself, started as a person would: what it leaves, what it says, and how it ends.
#include <fmt/ranges.h>
#include <sys/file.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "nn/files/checkpoint.h"
#include "tests/models/program.h"

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

TEST_CASE("program: a training leaves what it should, and the other verbs read it") {
  const Place place;
  const Ended trained = place.train("run", {"--epochs", "2", "--validation", "5"});
  CHECK(trained.code == 0);
  CHECK(trained.err.empty());
  CHECK(contains(trained.out, "20-8-6-2-6-8-20"));
  CHECK(contains(trained.out, "samples.png"));
  CHECK(contains(trained.out, "reconstructions.png"));
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(place.folder / "run"))
    files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  CHECK(files == std::vector<std::string>{"best.safetensors", "config.json", "curves.svg", "last.safetensors",
                                          "metrics.csv", "reconstructions.png", "samples.png"});
  const std::string metrics = get(place.folder / "run" / "metrics.csv");
  CHECK(metrics.starts_with(
      "epoch,train_elbo,test_elbo,test_log_likelihood,test_kl,seconds,active_units,gradient_norm\n1,-"));
  CHECK(lines(metrics) == 3);
  const Checkpoint last = load_checkpoint(place.folder / "run" / "last.safetensors");
  CHECK(last.tensors.at("encoder.hidden.0.weight").shape() == Shape{8, 20});
  CHECK(last.tensors.at("encoder.mean.weight").shape() == Shape{2, 6});
  CHECK(last.tensors.at("encoder.log_variance.bias").shape() == Shape{2});
  CHECK(last.tensors.at("decoder.hidden.0.weight").shape() == Shape{6, 2});
  CHECK(last.tensors.at("decoder.output.weight").shape() == Shape{20, 8});
  CHECK(last.metadata.at("epoch") == "2");

  for (const std::string which : {"last", "best"}) {
    for (const Arguments& line : {Arguments{"info", "run"},
                                  {"evaluate", "run"},
                                  {"evaluate", "run", "--data", "data"},
                                  {"explain", "run", "--html", "step.html", "--dot", "step.dot"},
                                  {"sample", "run", "--seed", "3"},
                                  {"reconstruct", "run", "--out", "r.png"}}) {
      Arguments arguments = line;
      arguments.insert(arguments.end(), {"--checkpoint", which});
      const Ended ended = place.run(arguments);
      INFO(ended.err);
      CHECK(ended.code == 0);
      CHECK(lines(ended.out) >= 1);
    }
  }
  for (const char* picture : {"run/samples-3.png", "r.png"})
    CHECK(get(place.folder / picture).starts_with("\x89PNG\r\n\x1a\n"));
  const std::string measured = place.run({"evaluate", "run"}).out;
  const std::string row = metrics.substr(metrics.rfind("\n2,") + 1);
  const std::string bound = row.substr(row.find(',', 2) + 1);  // the third column
  CHECK(contains(measured, bound.substr(0, bound.find(','))));
}

TEST_CASE("program: stopped and resumed, or on other numbers of threads, it leaves the same bits") {
  const Place place;
  REQUIRE(place.train("whole", {"--epochs", "4", "--threads", "1", "--binarize", "dynamic"}).code == 0);
  REQUIRE(place.train("parts", {"--epochs", "2", "--threads", "3", "--binarize", "dynamic"}).code == 0);
  const Ended resumed = place.run({"resume", "parts", "--epochs", "4", "--threads", "2"});
  INFO(resumed.err);
  CHECK(resumed.code == 0);
  for (const char* file : {"last.safetensors", "samples.png", "reconstructions.png", "config.json"})
    CHECK(get(place.folder / "whole" / file) == get(place.folder / "parts" / file));
  CHECK(lines(get(place.folder / "parts" / "metrics.csv")) == 5);
  CHECK(contains(place.run({"resume", "parts"}).out, "nothing left to do: 4 of 4 epochs are done"));
  CHECK(place.run({"resume", "parts", "--epochs", "3"}).code == 2);
  std::string config = get(place.folder / "parts" / "config.json");
  config.replace(config.find("\"epochs\": 4"), 11, "\"epochs\": 3");
  put(place.folder / "parts" / "config.json", config);
  const Ended fewer = place.run({"resume", "parts"});  // what is wrong is in the file
  CHECK(fewer.code == 3);
  CHECK(contains(fewer.err, "config.json\" is for 3 epochs, but 4 are done"));
}

TEST_CASE("program: a run without its metrics goes on, and what cannot be written is said before an epoch begins") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "2"}).code == 0);
  fs::remove(place.folder / "run" / "metrics.csv");
  CHECK(place.run({"resume", "run", "--epochs", "3"}).code == 0);
  CHECK(lines(get(place.folder / "run" / "metrics.csv")) == 2);
  CHECK(contains(get(place.folder / "run" / "metrics.csv"), "\n3,-"));
  fs::remove(place.folder / "run" / "samples.png");
  fs::create_directory(place.folder / "run" / "samples.png");
  const Ended ended = place.run({"resume", "run", "--epochs", "1000000"});
  CHECK(ended.code == 3);
  CHECK(contains(ended.err, "samples.png\": it is a folder"));
  fs::remove(place.folder / "run" / "samples.png");
  fs::create_symlink("nowhere/x.png", place.folder / "run" / "samples.png");
  CHECK(contains(place.run({"resume", "run", "--epochs", "1000000"}).err, "the symbolic link leads nowhere"));
}

TEST_CASE("program: a metrics.csv that lost its last newline keeps its last row") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "2"}).code == 0);
  const std::string metrics = get(place.folder / "run" / "metrics.csv");
  put(place.folder / "run" / "metrics.csv", metrics.substr(0, metrics.size() - 1));
  CHECK(place.run({"resume", "run", "--epochs", "3"}).code == 0);
  CHECK(get(place.folder / "run" / "metrics.csv").starts_with(metrics + "3,-"));
}

TEST_CASE("program: rows of metrics.csv for epochs that are still to come give way to theirs") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "3"}).code == 0);
  const fs::path metrics = place.folder / "run" / "metrics.csv";
  const std::string third = get(metrics).substr(get(metrics).find("\n3,") + 1);
  const std::string header = get(metrics).substr(0, get(metrics).find('\n') + 1);
  put(metrics,
      header + third +
          "4,-1.0000,-3.0000,-2.0000,1.0000,1.00,,\n");  // of a run that lost its metrics, and was killed later on
  REQUIRE(place.run({"resume", "run", "--epochs", "4"}).code == 0);
  CHECK(get(metrics).starts_with(header + third + "4,"));
  CHECK(lines(get(metrics)) == 3);
  CHECK_FALSE(contains(get(metrics), "4,-1.0000,"));
}

TEST_CASE("program: one training at a time in a folder, and one that fails takes nothing of another's away") {
  const Place place;
  const pid_t child = place.train_for_ever();
  const Ended resumed = place.run({"resume", "run", "--epochs", "1000000"});
  CHECK(resumed.code == 3);
  CHECK(resumed.err == "vae: another training is at work in \"run\"\n");
  CHECK(place.train("run", {}).code == 3);
  kill(child, SIGINT);
  CHECK(wait_for(child) == 130);
  CHECK(place.run({"info", "run"}).code == 0);

  // What is in the folder by the time its training fails is not the failed one's.
  fs::create_directory(place.folder / "empty");
  const int lock = open((place.folder / "empty").c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(flock(lock, LOCK_EX | LOCK_NB) == 0);
  CHECK(contains(place.train("empty", {}).err, "another training is at work"));
  CHECK(fs::exists(place.folder / "empty"));
  close(lock);
}

TEST_CASE("program: data that was moved is told to resume and reconstruct, other data is refused") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "1"}).code == 0);
  REQUIRE(place.train("held", {"--epochs", "1", "--validation", "30"}).code == 0);
  fs::create_directory(place.folder / "few");
  put(place.folder / "few" / "train-images-idx3-ubyte", Place::images(20));
  put(place.folder / "few" / "t10k-images-idx3-ubyte", Place::images(10));
  CHECK(contains(place.run({"resume", "held", "--epochs", "2", "--data", "few"}).err, "is not the data of this run"));
  fs::rename(place.folder / "data", place.folder / "moved");
  CHECK(place.run({"resume", "run", "--epochs", "2"}).code == 3);
  CHECK(place.run({"reconstruct", "run"}).code == 3);
  CHECK(place.run({"reconstruct", "run", "--data", "moved"}).code == 0);
  CHECK(place.run({"resume", "run", "--epochs", "2", "--data", "moved"}).code == 0);
  CHECK(place.run({"resume", "run", "--epochs", "3"}).code == 0);  // the run remembers it
  const auto before = get(place.folder / "run" / "config.json");
  put(place.folder / "moved" / "t10k-images-idx3-ubyte", Place::images(9));
  const Ended tested = place.run({"resume", "run", "--epochs", "4"});
  CHECK(tested.code == 3);
  CHECK(contains(tested.err, "test images"));
  put(place.folder / "moved" / "train-images-idx3-ubyte", Place::images(39));
  CHECK(contains(place.run({"resume", "run", "--epochs", "4"}).err, "is not the data of this run"));
  CHECK(get(place.folder / "run" / "config.json") == before);
  fs::rename(place.folder / "moved", place.folder / "no\xff");
  CHECK(contains(place.run({"train", "--data", "no\xff", "--out", "new"}).err, "not UTF-8"));
  CHECK(!fs::exists(place.folder / "new"));
  put(place.folder / "no\xff" / "t10k-images-idx3-ubyte", Place::images(10));
  put(place.folder / "no\xff" / "train-images-idx3-ubyte", Place::images(40));
  CHECK(contains(place.run({"resume", "run", "--epochs", "4", "--data", "no\xff"}).err, "not UTF-8"));
  CHECK(get(place.folder / "run" / "config.json") == before);

  // A run that is at its end learns of the new place too, and looks at it.
  fs::rename(place.folder / "no\xff", place.folder / "back");
  CHECK(place.run({"resume", "run", "--data", "nowhere"}).code == 3);
  CHECK(contains(place.run({"resume", "run", "--data", "back"}).out, "nothing left to do"));
  CHECK(place.run({"evaluate", "run"}).code == 0);
}

TEST_CASE("program: the training bound is a mean over images, however they fall into batches") {
  const Place place;
  const auto bound = [&](const std::string& run, const Arguments& batches) {
    Arguments arguments = {"train", "--data",      "data", "--hidden", "8,6", "--latent", "2", "--lr",
                           "1e-30", "--optimizer", "sgd",  "--out",    run,   "--epochs", "1"};
    arguments.insert(arguments.end(), batches.begin(), batches.end());
    REQUIRE(place.run(arguments).code == 0);
    const std::string metrics = get(place.folder / run / "metrics.csv");
    return std::stod(metrics.substr(metrics.find("\n1,") + 3));
  };
  // Five batches of 7 and one of 5, with the same draws, in six steps and in one.
  const double many = bound("many", {"--batch-size", "7"});
  CHECK(std::abs(bound("one", {"--batch-size", "7", "--accumulate", "6"}) - many) <= 1e-5 * std::abs(many));
}

TEST_CASE("program: info tells the bound of the checkpoint that it is asked about") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "6", "--validation", "5", "--lr", "0.3"}).code == 0);
  for (const std::string which : {"last", "best"}) {
    const std::string said = place.run({"info", "run", "--checkpoint", which}).out;
    const std::string measured = place.run({"evaluate", "run", "--checkpoint", which}).out;
    const std::string bound = measured.substr(0, measured.find(" nats")).substr(measured.find('-'));
    INFO(said, measured);
    CHECK(contains(said, "test ELBO " + bound));
  }
}

TEST_CASE("program: signals finish the step and save") {
  for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143), std::pair(SIGHUP, 129)}) {
    const Place place;
    const pid_t child = place.train_for_ever();
    kill(child, signal);
    CHECK(wait_for(child) == code);
    CHECK(contains(get(place.outer.path / "endless out"), VAE_BINARY " resume run\n"));
    CHECK(get(place.outer.path / "endless err").empty());
    const Checkpoint checkpoint = load_checkpoint(place.folder / "run" / "last.safetensors");
    const std::int64_t epochs = std::stoll(checkpoint.metadata.at("epoch"));
    CHECK(epochs >= 1);
    CHECK(place.run({"resume", "run", "--epochs", std::to_string(epochs + 2)}).code == 0);
    CHECK(lines(get(place.folder / "run" / "metrics.csv")) == epochs + 3);
  }
}

TEST_CASE("program: a signal stops a resumed training too, and data named by a relative path is found from anywhere") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "1"}).code == 0);
  fs::create_directory(place.folder / "elsewhere");
  const fs::path out = place.outer.path / "resume out", err = place.outer.path / "resume err";
  const pid_t child = start(place.folder / "elsewhere", {"resume", "../run", "--epochs", "1000000"}, out, err);
  for (int i = 0; i < 2000 && lines(get(place.folder / "run" / "metrics.csv")) < 4; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  kill(child, SIGINT);
  CHECK(wait_for(child) == 130);
  CHECK(contains(get(out), "stopped and saved"));
  CHECK(std::stoll(load_checkpoint(place.folder / "run" / "last.safetensors").metadata.at("epoch")) >= 2);
}

TEST_CASE("program: an output that takes nothing, goes away or is closed") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "1"}).code == 0);
  const auto shell = [&](const std::string& line) {  // "{}" stands for the program
    const std::string text =
        fmt::format(fmt::runtime("cd '{}' && exec bash -c '" + line + "' 2>../err"), place.folder.native(), VAE_BINARY);
    return WEXITSTATUS(std::system(text.c_str()));
  };
  CHECK(shell("{} info run >/dev/full") == 3);
  CHECK(get(place.outer.path / "err") == "vae: cannot write to the standard output\n");
  CHECK(shell("{} sample run --out closed.png >&-") == 0);
  CHECK(get(place.folder / "closed.png").starts_with("\x89PNG"));
  CHECK(shell("{} resume run --epochs 3 | true; exit ${{PIPESTATUS[0]}}") == 0);  // a reader that goes ends no training
  CHECK(lines(get(place.folder / "run" / "metrics.csv")) == 4);
  CHECK(shell("ulimit -f 1; {} sample run") == 3);  // 1 KiB a file
  CHECK(contains(get(place.outer.path / "err"), "File too large"));
}

TEST_CASE("program: explain shows every op of a step by the names of its parameters, and where it cannot says so") {
  const Place place;
  CHECK(place.train("run", {}).code == 0);
  const Ended ended = place.run({"explain", "run", "--html", "step.html"});
  CHECK(ended.code == 0);
  CHECK(contains(ended.out, "= linear(x, encoder.hidden.0.weight, .bias)"));
  CHECK(contains(ended.out, "= reparameterize("));
  CHECK(contains(ended.out, "\nno path from KL to decoder\n"));
  CHECK_FALSE(contains(ended.out, "no path from log-likelihood"));
  CHECK(contains(get(place.folder / "step.html"), "Content-Security-Policy"));
  CHECK(place.run({"explain", "run", "--step", "1000000"}).code == 2);
  CHECK(place.run({"explain", "run", "--dot", "nowhere/step.dot"}).code == 3);
}

TEST_CASE("program: help") {
  const Place place;
  for (const Arguments& line : {Arguments{"--help"},
                                {"train", "--help"},
                                {"resume", "-h"},
                                {"sample", "--help"},
                                {"reconstruct", "--help"},
                                {"evaluate", "--help"},
                                {"explain", "--help"},
                                {"info", "--help"}}) {
    const Ended ended = place.run(line);
    CHECK(ended.code == 0);
    CHECK(ended.err.empty());
    CHECK(contains(ended.out, "Usage: " VAE_BINARY));
  }
}

TEST_CASE("program: what makes no sense ends with 2, one sentence and nothing left behind") {
  const Place place;
  const auto before = place.names();
  const Arguments kLines[] = {
      {},
      {""},
      {"trian"},
      {"--epochs", "3"},
      {"train", "--epochs", "-1"},
      {"train", "--epochs", "0"},
      {"train", "--epochs", ""},
      {"train", "--epochs", "0x10"},
      {"train", "--epochs", "1e3"},
      {"train", "--epochs", "10abc"},
      {"train", "--epochs", "99999999999999999999"},
      {"train", "--epochs"},
      {"train", "--batch-size", "-1"},
      {"train", "--batch-size", "0"},
      {"train", "--seed", "18446744073709551616"},
      {"train", "--seed", "-1"},
      {"train", "--lr", "nan"},
      {"train", "--lr", "inf"},
      {"train", "--lr", "-0.1"},
      {"train", "--lr", "0"},
      {"train", "--lr", "1e-400"},
      {"train", "--lr", "1e39"},
      {"train", "--lr", "1,5"},
      {"train", "--beta", "nan"},
      {"train", "--beta", "-1"},
      {"train", "--clip", "-1"},
      {"train", "--clip", "inf"},
      {"train", "--validation", "-1"},
      {"train", "--data", "data", "--validation", "40", "--out", "new"},
      {"train", "--out", "--threads"},
      {"train", "--out="},
      {"train", "--outt", "x"},
      {"train", "--epochs", "1", "--epochs", "1"},
      {"train", "--threads", "0"},
      {"train", "--threads", "100000"},
      {"train", "--threads", "automatic"},
      {"train", "--latent", "0"},
      {"train", "--latent", "2000000000"},
      {"train", "--hidden", "99999999999"},
      {"train", "--hidden", "500,"},
      {"train", "--hidden",
       "65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,"
       "65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536,65536"},
      {"train", "--activation", "eluu"},
      {"train", "--init", "zero"},
      {"train", "--head", ""},
      {"train", "--likelihood", "poisson"},
      {"train", "--binarize", "yes"},
      {"train", "--optimizer", "lion"},
      {"train", "data"},
      {"resume"},
      {"resume", ""},
      {"resume", "a", "b"},
      {"resume", "a", "--epochs", "0"},
      {"sample"},
      {"sample", "x", "--count", "0"},
      {"sample", "x", "--count", "1000000000000"},
      {"sample", "x", "--out", "x.jpg"},
      {"sample", "x", "--checkpoint", "first"},
      {"reconstruct", "x", "--count", "-3"},
      {"evaluate", "x", "--data", ""},
      {"info", "x", "--\x1b[31m\xff\n"},
      {"train", "--help=x"},
  };
  for (const Arguments& line : kLines) {
    const Ended ended = place.run(line);
    INFO(fmt::format("{}", fmt::join(line, " ")), ": ", ended.err);
    CHECK(ended.code == 2);
    CHECK(ended.out.empty());
    CHECK(ended.err.starts_with("vae: "));
    CHECK(lines(ended.err) == (contains(ended.err, "\nhelp: ") ? 2 : 1));
  }
  CHECK(place.names() == before);
}

TEST_CASE("program: data and files that are wrong end with 3, one sentence and nothing left behind") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "1"}).code == 0);
  REQUIRE(place.train("other", {"--epochs", "1", "--head", "sigma"}).code == 0);
  fs::copy(place.folder / "run", place.folder / "cut");
  const std::string good = get(place.folder / "run" / "last.safetensors");
  put(place.folder / "cut" / "last.safetensors", good.substr(0, good.size() - 1));
  fs::copy(place.folder / "run", place.folder / "mixed");
  put(place.folder / "mixed" / "last.safetensors", get(place.folder / "other" / "last.safetensors"));
  fs::copy(place.folder / "run", place.folder / "text");
  put(place.folder / "text" / "config.json", "hidden = 500\n");
  fs::copy(place.folder / "run", place.folder / "larger");
  std::string config = get(place.folder / "run" / "config.json");
  config.replace(config.find("    8,") + 4, 1, "65535");
  put(place.folder / "larger" / "config.json", config);
  const std::string whole = get(place.folder / "run" / "config.json");
  const std::string levels(100'000, '[');
  const struct {
    const char *name, *from;
    std::string to;
  } kChanges[] = {{"deep", "\"epochs\": 1", "\"epochs\": " + levels},
                  {"twice", "\"latent\": 2", "\"latent\": 2, \"latent\": 3"},
                  {"zero", "\n}\n", std::string("\n}\n\0{{", 6)}};
  for (const auto& [name, from, to] : kChanges) {
    fs::copy(place.folder / "run", place.folder / name);
    config = whole;
    REQUIRE(contains(config, from));
    put(place.folder / name / "config.json", config.replace(config.find(from), std::strlen(from), to));
  }
  fs::copy(place.folder / "run", place.folder / "silent");
  Checkpoint silent = load_checkpoint(place.folder / "run" / "last.safetensors");
  silent.metadata.erase("epoch");
  save_checkpoint(place.folder / "silent" / "last.safetensors", silent);
  fs::create_directories(place.folder / "broken");
  put(place.folder / "broken" / "train-images-idx3-ubyte", "<html>");
  put(place.folder / "broken" / "t10k-images-idx3-ubyte", "<html>");
  fs::create_directories(place.folder / "empty");
  put(place.folder / "file", "");
  const auto before = place.names();
  const std::pair<Arguments, std::string> kLines[] = {
      {{"train", "--data", "data", "--out", "run"}, VAE_BINARY " resume run"},
      {{"train", "--data", "data", "--out", "file"}, "file"},
      {{"train", "--data", "data", "--out", "file/run"}, "file"},
      {{"train", "--data", "nowhere", "--out", "new"}, "nowhere"},
      {{"train", "--data", "nowhere", "--out", "new/and/deep/"}, "nowhere"},
      {{"train", "--data", "data", "--out", "new/" + std::string(300, 'n')}, "too long"},
      {{"train", "--data", "nowhere"}, "nowhere"},
      {{"train", "--data", "file", "--out", "new"}, "file"},
      {{"train", "--data", "empty", "--out", "new"}, "empty"},
      {{"train", "--data", "broken", "--out", "new"}, "train-images"},
      {{"resume", "nowhere"}, "nowhere"},
      {{"resume", "data"}, "config.json"},
      {{"info", "cut"}, "last.safetensors"},
      {{"resume", "cut", "--epochs", "2"}, "last.safetensors"},
      {{"info", "mixed"}, "last.safetensors"},
      {{"info", "text"}, "config.json"},
      {{"info", "larger"},
       "last.safetensors\" does not fit its config.json: it was saved by a training with \"hidden\": [8,6], not ["},
      {{"info", "deep"}, "config.json\" is not a configuration: it is nested too deeply"},
      {{"info", "twice"}, "config.json\" is not a configuration: \"latent\" stands in it twice"},
      {{"info", "zero"}, "config.json\" is not a configuration: it holds a zero byte"},
      {{"info", "silent"}, "last.safetensors\" does not say \"epoch\""},
      {{"info", "run", "--checkpoint", "best"}, "best.safetensors"},
      {{"sample", "run", "--out", "nowhere/x.png"}, "nowhere/x.png"},
      {{"sample", "run", "--out", std::string(300, 'n') + ".png"}, "too long"},
      {{"evaluate", "run", "--data", "nowhere"}, "nowhere"},
  };
  for (const auto& entry : kLines) {
    const Ended ended = place.run(entry.first);
    INFO(fmt::format("{}", fmt::join(entry.first, " ")), ": ", ended.err);
    CHECK(ended.code == 3);
    CHECK(ended.out.empty());
    CHECK(ended.err.starts_with("vae: "));
    CHECK(contains(ended.err, entry.second));
    CHECK(lines(ended.err) == (contains(ended.err, "\nhelp: ") ? 2 : 1));
  }
  CHECK(place.names() == before);
}

TEST_CASE("program: images that are not finite are no picture, though all parameters are") {
  const Place place;
  REQUIRE(place.train("run", {"--epochs", "1"}).code == 0);
  Checkpoint checkpoint = load_checkpoint(place.folder / "run" / "last.safetensors");
  const auto huge = [&](const char* name, Real number) {
    Tensor& x = checkpoint.tensors.at(name);
    x = full(x.shape(), number);
  };
  huge("decoder.hidden.0.bias", std::numeric_limits<Real>::max());
  huge("decoder.hidden.1.weight", 10);
  huge("decoder.output.weight", -10);
  checkpoint.tensors.at("decoder.output.weight").write().data[0] = 10;  // a logit of inf - inf
  save_checkpoint(place.folder / "run" / "last.safetensors", checkpoint);
  const auto before = place.names();
  CHECK(place.run({"sample", "run"}).code == 4);
  CHECK(place.run({"reconstruct", "run"}).code == 4);
  CHECK(place.names() == before);
}

TEST_CASE("program: a training that diverges ends with 4 and keeps the last good checkpoint") {
  const Place place;
  const Ended ended = place.train("run", {"--optimizer", "sgd", "--lr", "1e12"});
  INFO(ended.err);
  CHECK(ended.code == 4);
  CHECK(contains(ended.err, "help: try a smaller learning rate"));
  CHECK(load_checkpoint(place.folder / "run" / "last.safetensors").tensors.size() > 0);
}

TEST_CASE("program: a moment of the optimiser that overflows ends with 4, before anything is written") {
  if (sizeof(Real) > 4) return;  // the same numbers are within double's range
  const Place place;
  const Ended ended = place.train("run", {"--epochs", "3", "--optimizer", "adam", "--lr", "1"});
  INFO(ended.err);
  CHECK(ended.code == 4);
  CHECK(contains(ended.err, "tensor \"optimizer.v.encoder."));
  CHECK_FALSE(fs::exists(place.folder / "run" / "metrics.csv"));
  CHECK_FALSE(fs::exists(place.folder / "run" / "samples.png"));
}

TEST_CASE("program: a bound that is not finite ends with 4, though all parameters are, and replaces nothing") {
  const Place place;
  REQUIRE(place
              .run({"train", "--data", "data", "--hidden", "8", "--latent", "2", "--epochs", "1", "--batch-size", "40",
                    "--out", "run"})
              .code == 0);
  std::string config = get(place.folder / "run" / "config.json");
  config.replace(config.find("0.001"), 5, "1e+06");
  put(place.folder / "run" / "config.json", config);
  Checkpoint old = load_checkpoint(place.folder / "run" / "last.safetensors");
  old.metadata.erase("settings");  // as it was before checkpoints told them: a changed rate is not noticed
  save_checkpoint(place.folder / "run" / "last.safetensors", old);
  const std::string good = get(place.folder / "run" / "last.safetensors");
  const Ended ended = place.run({"resume", "run", "--epochs", "2"});
  INFO(ended.err);
  CHECK(ended.code == 4);
  CHECK(contains(ended.err, "the bound on the images of \"t10k-images-idx3-ubyte\" is not finite after epoch 2"));
  CHECK(get(place.folder / "run" / "last.safetensors") == good);
  CHECK(lines(get(place.folder / "run" / "metrics.csv")) == 2);
  CHECK(get(place.folder / "run" / "config.json") == config);
  CHECK_FALSE(fs::exists(place.folder / "run" / "unmeasured.safetensors"));
}

// Kills a training of these options again and again and resumes it; returns how often it was still running.
static int kill_and_resume(const Arguments& options) {
  const Place place;
  Arguments more = {"--epochs", "40", "--threads", "1", "--validation", "4"};
  more.insert(more.end(), options.begin(), options.end());
  REQUIRE(place.train("whole", more).code == 0);
  const std::string metrics = get(place.folder / "whole" / "metrics.csv");
  const std::string bound = metrics.substr(metrics.find(',', metrics.rfind("\n40,") + 4) + 1, 7);  // the third column
  CHECK(contains(place.run({"evaluate", "whole"}).out, bound));
  int killed = 0;
  for (int delay = 0; delay < 60; delay += 7) {  // milliseconds
    const std::string run = "part" + std::to_string(delay);
    Arguments arguments = {"train", "--data",       "data", "--hidden", "8,6", "--latent",
                           "2",     "--batch-size", "7",    "--out",    run};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const pid_t child = start(place.folder, arguments, place.outer.path / "out", place.outer.path / "err");
    const fs::path config = place.folder / run / "config.json";  // from here on it is a run
    for (int i = 0; i < 2000 && !fs::exists(config); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    kill(child, SIGKILL);
    killed += wait_for(child) == 1000 + SIGKILL;
    CHECK(place.run({"resume", run}).code == 0);
    for (const char* file : {"last.safetensors", "best.safetensors", "samples.png", "reconstructions.png"})
      CHECK(get(place.folder / "whole" / file) == get(place.folder / run / file));
    CHECK(lines(get(place.folder / run / "metrics.csv")) == 41);
  }
  return killed;
}

TEST_CASE("program: killed at any moment and resumed, it leaves the same bits") { CHECK(kill_and_resume({}) > 0); }

TEST_CASE("program: the same with a schedule, an average of the weights and accumulated gradients") {
  CHECK(kill_and_resume({"--optimizer", "adamw", "--schedule", "cosine", "--warmup", "5", "--decay-factor", "0.01",
                         "--ema", "0.9", "--accumulate", "2", "--binarize", "dynamic"}) > 0);
}
