// The verbs that use a trained model, as a person would type them: what they write, what they refuse, in one sentence,
// and that nothing is lost when they do.
#include <cmath>
#include <sstream>

#include "models/data/npy.h"
#include "tests/models/picture_files.h"
#include "tests/models/program.h"

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

namespace {

/// A place with labelled images and a table, and a run of each kind that verbs tell apart.
struct Workshop : Place {
  Workshop() {
    for (const auto& [name, count] : {std::pair("train-labels-idx1-ubyte", 40U), {"t10k-labels-idx1-ubyte", 10U}}) {
      std::string labels = idx_header({count});
      for (std::uint32_t i = 0; i < count; ++i) labels += static_cast<char>(i % 3);
      put(folder / "data" / name, labels);
    }
    std::string table = "a,b,c,kind\n";
    for (int i = 0; i < 40; ++i)
      table += fmt::format("{},{},{},{}\n", i % 7, i * i % 11 * 0.5, i % 5 - 2, i % 4 == 0 ? "odd" : "even");
    put(folder / "table.csv", table);
    put(folder / "small.png",
        png_head(4, 5, 8, kPngGrey) + png_rows({std::string(4, '\x10'), std::string(4, '\x80'), std::string(4, '\xf0'),
                                                std::string(4, '\x20'), std::string(4, '\x40')}));
    put(folder / "hole.png",
        png_head(4, 5, 8, kPngGrey) + png_rows({std::string(4, '\0'), std::string("\0\xff\xff\0", 4),
                                                std::string(4, '\0'), std::string(4, '\0'), std::string(4, '\0')}));
    put(folder / "black.png",
        png_head(4, 5, 8, kPngGrey) + png_rows(std::vector<std::string>(5, std::string(4, '\0'))));
    put(folder / "white.png",
        png_head(4, 5, 8, kPngGrey) + png_rows(std::vector<std::string>(5, std::string(4, '\xff'))));
    for (const auto& [run, more] : std::initializer_list<std::pair<std::string, Arguments>>{
             {"vae", {}},
             {"point", {"--code", "point"}},
             {"codebook", {"--code", "codebook", "--codebook-size", "4"}},
             {"told", {"--condition", "label"}},
             {"no2", {"--without", "2", "--binarize", "static"}},
             {"flow", {"--code", "flow", "--latent", "3"}}}) {
      Arguments line = {"--epochs", "1"};
      line.insert(line.end(), more.begin(), more.end());
      Arguments all = {"train", "--data", "data", "--hidden", "8", "--batch-size", "7", "--out", run};
      if (run != "flow") all.insert(all.end(), {"--latent", "2"});
      all.insert(all.end(), line.begin(), line.end());
      const Ended trained = this->run(all);
      INFO(trained.err);
      REQUIRE(trained.code == 0);
    }
    const Ended trained =
        run({"train", "--data", "table.csv", "--label-column", "kind", "--likelihood", "gaussian", "--hidden", "8",
             "--latent", "2", "--epochs", "1", "--batch-size", "7", "--out", "rows"});
    INFO(trained.err);
    REQUIRE(trained.code == 0);
    REQUIRE(run({"encode", "vae", "data", "--out", "codes.npy"}).code == 0);
    REQUIRE(run({"encode", "told", "data", "--out", "told.csv"}).code == 0);
  }
  std::vector<Real> numbers(const std::string& file) const {
    const NpyArray array = read_npy(folder / file);
    return std::visit([](const auto& values) { return std::vector<Real>(values.begin(), values.end()); }, array.values);
  }
};

Arguments words(const std::string& line) {
  std::istringstream stream(line);
  Arguments all;
  for (std::string word; stream >> word;) all.push_back(word);
  return all;
}

}  // namespace

TEST_CASE("verbs: each writes what its name ends in, says where, and writes the same bytes again") {
  const Workshop place;
  struct Good {
    const char *line, *file, *begins;
  };
  constexpr const char *kPng = "\x89PNG\r\n\x1a\n", *kSvg = "<svg", *kNpy = "\x93NUMPY";
  for (const Good& good : {
           Good{"interpolate vae --from 0 --to 3", "vae/interpolation.png", kPng},
           {"interpolate vae --from small.png --to 3 --path sphere --out i.svg", "i.svg", kSvg},
           {"interpolate told --from 0 --to 1 --steps 4 --out i.npy", "i.npy", kNpy},
           {"interpolate rows --from 0 --to 1 --out i.csv", "i.csv", "a,b,c\n"},
           {"interpolate point --from 0 --to 1 --split train --out i.png", "i.png", kPng},
           {"manifold vae --count 3", "vae/manifold.png", kPng},
           {"manifold told --count 3 --label 1 --out m.svg", "m.svg", kSvg},
           {"manifold flow --count 3 --split all --out m.csv", "m.csv", "pixel0,pixel1,"},
           {"traverse vae", "vae/dimensions.png", kPng},
           {"traverse told --image 4 --count 1 --out t.svg", "t.svg", kSvg},
           {"traverse flow --steps 3 --out t.npy", "t.npy", kNpy},
           {"traverse point --image small.png --out t.png", "t.png", kPng},
           {"vary vae --image 2 --spread 3 --seed 5", "vae/variations.png", kPng},
           {"vary flow --image 2 --count 3 --out v.npy", "v.npy", kNpy},
           {"vary told --image small.png --label 2 --out v.png", "v.png", kPng},
           {"complete vae 1 --mask top --steps 20", "vae/completions.png", kPng},
           {"complete told small.png --label 0 --mask hole.png --steps 20 --out c.svg", "c.svg", kSvg},
           {"complete point 1 --mask left --steps 5 --out c.npy", "c.npy", kNpy},
           {"scatter vae", "vae/scatter.svg", kSvg},
           {"scatter flow --split train --out s.csv", "s.csv", "label,z0,z1\n"},
           {"scatter codebook --out s.svg", "s.svg", kSvg},
           {"scatter rows --out s.npy", "s.npy", kNpy},
           {"encode vae data --sigma sigma.csv --out e.npy", "sigma.csv", "label,z0,z1\n"},
           {"encode codebook data --out e.csv", "e.csv", "label,z0,"},
           {"encode vae data --quantize 3 --out e.tsv", "e-sprite.png", kPng},
           {"encode rows table.csv --split all --out e.csv", "e.csv", "label,z0,z1\n"},
           {"decode vae codes.npy", "vae/decoded.png", kPng},
           {"decode told told.csv --out d.npy", "d.npy", kNpy},
           {"sample vae --temperature 0.5", "vae/samples-0.png", kPng},
           {"sample point --from-aggregate yes --components 2 --count 7 --out n.npy", "n.npy", kNpy},
           {"sample told --label 1 --temperature 2 --seed 4 --out n.svg", "n.svg", kSvg},
           {"sample rows --count 5 --out n.csv", "n.csv", "a,b,c\n"},
           {"score vae data --normal 0-1 --importance 2", "vae/scores-histogram.svg", kSvg},
           {"score no2 data --out s.csv", "s.csv", "image,label,abnormal,elbo,"},
           {"score point data --normal 0 --out s.csv", "s.csv", "image,label,abnormal,log_likelihood,ink,subtracted\n"},
           {"score rows table.csv --split all --out s.csv", "s.csv",
            "image,label,abnormal,elbo,importance,log_likelihood,kl,typicality,ink\n"},
           {"score codebook data --out s.csv", "s-extremes.png", kPng},
       }) {
    const std::string line = good.line;
    CAPTURE(line);
    std::string before;
    for (const char* threads : {"1", "2"}) {
      Arguments all = words(line);
      all.insert(all.end(), {"--threads", threads});
      const Ended ended = place.run(all);
      INFO(ended.err);
      CHECK(ended.code == 0);
      CHECK(ended.err.empty());
      CHECK(ended.out.ends_with("\"\n") != contains(ended.out, "drawn from"));
      const std::string bytes = get(place.folder / good.file);
      CHECK(bytes.starts_with(good.begins));
      if (!before.empty()) CHECK(bytes == before);
      before = bytes;
    }
  }
}

TEST_CASE("verbs: what has no meaning, or is not there, is refused in one sentence, and nothing is written") {
  const Workshop place;
  put(place.folder / "kept.png", "kept");
  put(place.folder / "kept.csv", "kept");
  const auto before = place.names();
  struct Bad {
    int code;
    const char *line, *sentence;
  };
  for (const Bad& bad : {
           Bad{2, "interpolate vae --from 0", "needs --from and --to"},
           {2, "interpolate vae --from 0 --to 10 --out kept.png", "--to must be from 0 to 9"},
           {2, "interpolate vae --from 0 --to -1 --out kept.png", "--to must be from 0 to 9"},
           {2, "interpolate vae --from 0 --to two --out kept.png", "a .png or .jpg file, not \"two\""},
           {3, "interpolate vae --from 0 --to none.png --out kept.png", "none.png"},
           {2, "interpolate vae --from 0 --to 1 --out kept.safetensors", "--out must end in .png, .svg, .npy or .csv"},
           {2, "interpolate rows --from 0 --to 1 --out kept.png", "--out must end in .npy or .csv"},
           {2, "interpolate rows --from small.png --to 1 --out kept.csv", "trained on numbers"},
           {2, "interpolate codebook --from 0 --to 1 --out kept.png", "no meaning with --code codebook"},
           {2, "interpolate told --from small.png --to 1 --out kept.png", "--label names it"},
           {2, "interpolate vae --from 0 --to 1 --label 1 --out kept.png", "conditional models"},
           {2, "interpolate vae --from 0 --to 1 --steps 1 --out kept.png", "--steps must be"},
           {2, "manifold told --out kept.png", "--label must say"},
           {2, "manifold told --label 3 --out kept.png", "--label must be 0 to 2"},
           {2, "manifold codebook --out kept.png", "no meaning with --code codebook"},
           {2, "traverse codebook --out kept.png", "no meaning with --code codebook"},
           {2, "traverse told --out kept.png", "--label must say"},
           {2, "vary vae --out kept.png", "needs --image"},
           {2, "vary point --image 0 --out kept.png", "no meaning with --code point"},
           {2, "complete vae 0 --out kept.png", "needs --mask"},
           {2, "complete vae 0 --mask middle --out kept.png", "--mask must be top, bottom, left or right"},
           {2, "complete vae 0 --mask black.png --out kept.png", "none of it is white"},
           {2, "complete vae 0 --mask white.png --out kept.png", "all of it is white"},
           {2, "complete rows 0 --mask top --out kept.csv", "is for images"},
           {2, "complete codebook 0 --mask top --out kept.png", "no meaning with --code codebook"},
           {2, "scatter vae --out kept.png", "--out must end in .svg, .npy or .csv"},
           {3, "scatter vae --data nowhere --out kept.csv", "nowhere"},
           {2, "encode vae data", "needs --out"},
           {2, "encode vae --out kept.csv", "needs DATA"},
           {2, "encode vae data --out kept.png", "--out must end in .npy, .csv or .tsv"},
           {2, "encode point data --sigma s.npy --out kept.csv", "--sigma has no meaning with --code point"},
           {2, "encode codebook data --quantize 4 --out kept.csv", "--quantize has no meaning"},
           {2, "encode vae data --quantize 17 --out kept.csv", "--quantize must be"},
           {3, "encode vae table.csv --out kept.csv", "table.csv"},
           {2, "decode vae data --out kept.png", "CODES must end in .npy or .csv"},
           {3, "decode flow codes.npy --out kept.png", "codes of this model are (N, 3)"},
           {2, "decode told codes.npy --out kept.png", "--label must say"},
           {2, "sample codebook --temperature 0.5 --out kept.png", "no meaning with --code codebook"},
           {2, "sample codebook --from-aggregate yes --out kept.png", "no meaning with --code codebook"},
           {2, "sample vae --from-aggregate yes --components 41 --out kept.png", "--components must be 40 at most"},
           {2, "sample vae --temperature -1 --out kept.png", "--temperature must be"},
           {2, "score codebook data --importance 2 --out kept.csv", "--importance has no meaning"},
           {2, "score vae data --normal 0-7 --out kept.csv", "--normal names"},
           {2, "score vae data --normal 0-2 --out kept.csv", "nothing to tell apart"},
           {2, "score vae data --out kept.png", "--out must end in .csv"},
       }) {
    const std::string line = bad.line;
    CAPTURE(line);
    const Ended ended = place.run(words(line));
    CAPTURE(ended.err);
    CHECK(ended.code == bad.code);
    CHECK(contains(ended.err, bad.sentence));
    CHECK(ended.err.starts_with("vae: "));
    CHECK(lines(ended.err) <= 2);
    CHECK(ended.out.empty());
  }
  CHECK(place.names() == before);
  CHECK(get(place.folder / "kept.png") == "kept");
  CHECK(get(place.folder / "kept.csv") == "kept");
}

TEST_CASE("verbs: what one writes is what the other reads, and both ends of a way are the images' own") {
  const Workshop place;
  const auto run = [&](const std::string& line) {
    const Ended ended = place.run(words(line));
    INFO(ended.err);
    CHECK(ended.code == 0);
    return ended.out;
  };
  run("decode vae codes.npy --out d.npy");
  run("interpolate vae --from 2 --to 7 --steps 3 --out i.npy");
  run("encode vae data --out codes.csv");
  run("decode vae codes.csv --out again.npy");
  const auto decoded = place.numbers("d.npy"), way = place.numbers("i.npy");
  CHECK(place.numbers("again.npy") == decoded);
  REQUIRE(way.size() == 60);
  constexpr double kTight = sizeof(Real) == 4 ? 1e-5 : 1e-12;
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(std::abs(way[i] - decoded[2 * 20 + i]) <= kTight);
    CHECK(std::abs(way[40 + i] - decoded[7 * 20 + i]) <= kTight);
  }
  // The picture of reconstructions, bright to dark, is of the same numbers: their table too, of a run on rows.
  run("reconstruct rows --count 3 --out r.csv");
  run("encode rows table.csv --out c.csv");
  run("decode rows c.csv --out m.csv");
  std::istringstream pairs(get(place.folder / "r.csv")), rows(get(place.folder / "m.csv"));
  std::string pair, row;
  std::getline(pairs, pair), std::getline(rows, row);
  for (int i = 0; i < 3; ++i) {
    std::getline(pairs, pair), std::getline(pairs, pair), std::getline(rows, row);
    std::istringstream one(pair.substr(pair.find(',') + 1)), other(row);
    for (std::string x, y; std::getline(one, x, ',') && std::getline(other, y, ',');)
      CHECK(std::abs(std::stod(x) - std::stod(y)) <= 1e-4);
  }
  // A quantized code loses little at 16 bits, more at 1; both are said.
  CHECK(contains(run("encode vae data --quantize 16 --out q.npy"), "4 bytes per image"));
  const auto whole = place.numbers("codes.npy"), fine = place.numbers("q.npy");
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(std::abs(whole[i] - fine[i]) <= 1e-3);
  CHECK(contains(run("encode vae data --quantize 1 --out q.npy"), "dB"));
  // The seed chooses.
  run("vary vae --image 1 --seed 1 --out one.npy");
  run("vary vae --image 1 --seed 2 --out two.npy");
  CHECK(place.numbers("one.npy") != place.numbers("two.npy"));
  // Split: test and train are all.
  run("encode vae data --split train --out train.npy");
  run("encode vae data --split all --out all.npy");
  auto both = place.numbers("train.npy");
  both.insert(both.end(), whole.begin(), whole.end());
  const auto all = place.numbers("all.npy");
  REQUIRE(all.size() == both.size());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(std::abs(all[i] - both[i]) <= kTight);
  run("encode rows table.csv --split all --out all.csv");
  CHECK(lines(get(place.folder / "all.csv")) == 41);
  // Of its own table a run that chose by label is shown what it held out, and all that it left out: none of the rows
  // that it was trained on.
  const Ended trained =
      place.run({"train", "--data", "table.csv", "--label-column", "kind", "--classes", "even", "--likelihood",
                 "gaussian", "--hidden", "8", "--latent", "2", "--epochs", "1", "--batch-size", "7", "--out", "even"});
  REQUIRE(trained.code == 0);
  CHECK(contains(run("score even table.csv --out e.csv"), "10 of 13 images are not normal"));  // 3 of 30 held out
  run("encode even table.csv --split train --out e.csv");
  CHECK(lines(get(place.folder / "e.csv")) == 1 + 27);
  // Scores are told beside the ink, with the digits that were left out.
  const std::string told = run("score no2 data --out s.csv");
  CHECK(contains(told, "3 of 10 images are not normal"));
  CHECK(contains(told, "the amount of ink alone"));
  CHECK(contains(told, "typicality"));
  CHECK_FALSE(contains(told, "subtracted"));  // of bits nothing is
  CHECK(contains(run("score vae data --normal 0,1 --out s.csv"), "subtracted"));
}
