#include "models/data/digits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <string_view>

#include "tensor/parallel.h"
#include "tensor/random.h"

namespace GRADUS {

// Only +, -, ·, / and square roots of floats are used on the way to a pixel: IEEE 754 rounds these exactly, so every
// compiler, mathematics library and instruction set draws the same images.

constexpr int kSide = 28;       // pixels; MNIST: a box of 20 in a field of 28, the ink's centre in the middle
constexpr float kBox = 20;      // pixels
constexpr float kUnit = 0.01f;  // the numbers in the table are hundredths of a digit's height
constexpr int kSteps = 4;       // line segments per span of a curve

// ---- How digits are written ----------------------------------------------------------------------------------------

/// One habit of writing a digit, at its two extremes; a writer is somewhere between them (and a little beyond). Points
/// are x,y with y downwards; a smooth curve passes through them, with a corner at each point marked *. A slash lifts
/// the pen, and an o before a stroke closes it.
struct Style {
  int digit;
  int weight;  // how often, among the styles of its digit
  std::string_view from, to;
};

constexpr Style kStyles[] = {
    // an oval; one whose ends cross, or stay apart
    {0, 3, "o 36,0 12,16 0,50 12,84 34,100 58,84 70,50 60,16", "o 36,0 20,14 10,46 12,80 28,100 46,86 56,54 53,16"},
    {0, 2, "44,4 20,6 4,36 6,78 32,100 58,82 66,46 52,12 34,3 22,10",
     "48,8 26,3 6,34 4,76 28,100 54,84 62,48 54,18 46,8 38,8"},
    // a line; with a serif; with a serif and a base
    {1, 5, "14,0 11,33 8,66 6,100", "6,0 10,33 11,66 10,100"},
    {1, 3, "5,26 15,15 24,0* 24,33 23,66 23,100", "12,15 17,10 22,0* 24,33 25,66 24,100"},
    {1, 1, "5,23 16,14 26,0* 26,33 26,66 25,98 / 4,99 26,98 48,98",
     "8,16 16,10 24,0* 24,33 23,66 22,98 / 6,99 22,98 40,99"},
    // with a sharp heel; with a loop at the heel
    {2, 4, "4,22 16,6 36,0 56,9 58,30 44,55 22,80 2,98* 34,98 68,97",
     "0,30 10,8 36,0 60,14 56,40 38,64 20,84 0,99* 32,94 66,100"},
    {2, 3, "6,18 24,2 46,4 56,24 46,52 26,82 10,98 1,90 12,80 30,88 48,97 70,90",
     "8,16 26,0 50,6 56,30 42,58 24,84 8,96 0,86 14,76 32,86 48,96 66,98"},
    // with a sharp waist; with a looped waist; with a flat top
    {3, 4, "6,12 26,0 48,5 54,22 42,38 22,46* 46,50 60,72 48,93 24,100 2,88",
     "2,16 26,0 54,8 52,30 38,42 24,45* 52,54 62,76 44,98 20,99 0,84"},
    {3, 2, "6,10 28,0 50,8 50,28 34,42 19,47 20,40 34,44 54,58 58,80 40,98 16,99 0,88",
     "8,6 30,0 54,10 52,28 36,44 22,54 18,46 34,46 54,60 58,80 38,99 16,98 2,90"},
    {3, 1, "4,3 30,3 56,2* 42,20 26,40* 50,48 60,70 46,94 22,100 2,88",
     "8,6 32,4 54,3* 40,20 24,40* 46,46 58,68 46,92 22,100 0,92"},
    // open; cup-shaped; closed
    {4, 3, "12,3 8,30 4,56* 34,57 66,55 / 52,6 50,53 47,100", "22,0 14,26 0,60* 32,61 66,58 / 46,28 43,64 40,100"},
    {4, 3, "8,6 4,32 10,54 30,58 50,46 / 56,2 52,50 48,100", "16,2 6,28 8,50 28,54 50,48 / 52,4 50,52 44,100"},
    {4, 2, "46,100 47,50 48,0* 24,34 0,68* 34,68 68,67", "42,100 46,52 52,4* 28,30 4,60* 34,60 66,57"},
    // a bar added last; in one line
    {5, 3, "16,3 13,23 10,43* 32,37 54,47 60,70 46,93 22,100 0,89 / 15,4 38,3 62,1",
     "10,5 11,26 12,47* 36,42 56,54 56,78 38,97 18,99 2,90 / 10,5 34,4 56,7"},
    {5, 3, "58,3 38,3 18,4* 14,23 11,42* 32,38 54,50 58,74 42,95 20,100 1,91",
     "66,2 46,3 28,3* 20,22 12,41* 32,42 50,54 54,76 38,96 18,100 0,94"},
    // a bowl closed at the stem; a straight stem
    {6, 3, "46,1 24,18 8,46 4,76 20,98 44,96 56,76 46,57 26,57 8,76",
     "36,0 16,24 5,52 5,82 24,100 48,93 54,72 40,57 20,63 6,82"},
    {6, 2, "30,0 18,26 6,54 2,82 18,100 40,96 50,78 38,64 18,68 4,84",
     "54,4 32,16 12,42 2,72 16,98 42,97 56,78 48,58 28,56 6,72"},
    // plain; barred; with a serif
    {7, 5, "0,6 32,4 66,2* 50,34 34,66 24,100", "0,10 33,2 66,5* 52,32 36,62 28,100"},
    {7, 2, "2,5 32,4 62,2* 48,34 34,66 24,100 / 18,54 37,51 58,49",
     "0,8 31,3 62,4* 49,34 35,66 26,100 / 17,48 39,50 61,48"},
    {7, 1, "0,18 3,4* 33,4 66,2* 44,36 32,66 26,100", "2,20 4,6* 32,4 64,4* 48,36 32,66 22,100"},
    // a figure of eight; begun at the top right and left open; two rings
    {8, 3, "o 32,0 12,10 12,31 32,47 53,66 51,90 30,100 9,90 8,68 30,47 51,30 51,10",
     "o 38,0 20,9 16,29 32,48 48,68 44,91 24,100 5,88 7,68 30,48 54,29 56,8"},
    {8, 2, "54,12 36,0 14,8 12,28 34,46 54,66 50,90 28,100 7,88 12,66 34,47 52,28 56,8",
     "58,10 38,2 18,10 16,30 34,48 50,68 44,92 24,100 5,86 14,66 36,46 52,30 60,14"},
    {8, 1, "o 32,0 14,8 12,28 32,46 51,30 51,9 / o 32,46 10,58 8,86 31,100 56,88 56,60",
     "o 36,2 20,10 16,30 32,44 50,32 54,12 / o 32,45 12,60 8,86 26,100 50,90 52,62"},
    // a straight stem; a curled tail
    {9, 4, "54,14 34,0 10,10 6,36 26,50 46,40 55,14* 54,42 53,70 52,100",
     "56,10 38,2 14,14 4,40 20,54 44,40 57,9* 50,42 42,70 34,100"},
    {9, 2, "56,14 36,0 12,8 4,32 20,48 44,42 57,12* 58,46 52,80 32,100 8,92",
     "52,16 34,2 12,12 8,34 24,46 44,38 54,14* 52,46 44,78 26,99 8,96"},
};

struct Point {
  float x = 0, y = 0;
  bool corner = false;
};
static Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
static Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
static Point operator*(float s, Point a) { return {s * a.x, s * a.y}; }
static float squared_length(Point a) { return a.x * a.x + a.y * a.y; }

struct Stroke {
  bool closed = false;
  std::vector<Point> points;
};

/// A style after reading: both extremes have the same strokes, with as many points in each.
struct Script {
  int weight;
  std::vector<Stroke> from, to;
};

static std::vector<Stroke> read_strokes(std::string_view text) {
  std::vector<Stroke> strokes(1);
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (word == "/") {
      strokes.emplace_back();
    } else if (word == "o") {
      strokes.back().closed = true;
    } else {
      const int x = std::stoi(word), y = std::stoi(word.substr(word.find(',') + 1));
      const bool corner = word.back() == '*';
      strokes.back().points.push_back({kUnit * static_cast<float>(x), kUnit * static_cast<float>(y), corner});
    }
  }
  return strokes;
}

static const std::vector<Script>& scripts(int digit) {
  static const auto all = [] {
    std::array<std::vector<Script>, 10> scripts;
    for (const Style& style : kStyles)
      scripts[style.digit].push_back({style.weight, read_strokes(style.from), read_strokes(style.to)});
    return scripts;
  }();
  return all[digit];
}

// ---- One writer -----------------------------------------------------------------------------------------------------

/// The random numbers of one image, or of one group of ten.
class Draws {
 public:
  enum Use : std::uint32_t { kOrder, kImage };
  Draws(Use use, std::uint64_t stream, std::int64_t index)
      : counter_{0, use, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32)},
        key_{static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)} {}

  std::uint32_t bits() {
    if (used_ == block_.size()) {
      block_ = philox(counter_, key_);
      ++counter_[0];
      used_ = 0;
    }
    return block_[used_++];
  }
  /// Uniform in [low, high).
  float uniform(float low, float high) {
    constexpr float kStep = 1.0f / (1 << 24);
    return low + (high - low) * (kStep * static_cast<float>(bits() >> 8));
  }
  /// Uniform in 0 … n-1 (n is small: the bias of the remainder is below 10⁻⁸).
  int below(int n) { return static_cast<int>(bits() % static_cast<std::uint32_t>(n)); }
  /// Mean 0 and the given standard deviation, bell-shaped and never beyond 3.5 of them: a sum of four uniforms.
  float bell(float deviation) {
    const std::uint32_t a = bits(), b = bits();
    const auto sum = static_cast<float>((a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16));  // 0 … 4·65535
    constexpr float kScale = 1.7320508f / 65535;  // the sum of four has a variance of 1/3
    return deviation * (kScale * (sum - 2 * 65535.0f));
  }

 private:
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> block_{};
  std::size_t used_ = 4;
};

/// A round pen on its way in a straight line, in pixels.
struct Segment {
  Point from, to;
  float from_radius, to_radius;
};

/// The direction of a centripetal Catmull–Rom curve at `at`, per unit of its parameter (Barry & Goldman 1988).
static Point tangent(Point before, Point at, Point after) {
  const float d0 = std::sqrt(std::sqrt(squared_length(at - before))) + 1e-6f;
  const float d1 = std::sqrt(std::sqrt(squared_length(after - at))) + 1e-6f;
  return (1 / (d0 + d1)) * ((d1 / d0) * (at - before) + (d0 / d1) * (after - at));
}

/// Appends the curve through the points of `stroke` as segments.
static void trace(const Stroke& stroke, float radius, float lean, std::vector<Segment>& segments) {
  const std::vector<Point>& points = stroke.points;
  const int n = static_cast<int>(points.size());
  const int spans = stroke.closed ? n : n - 1;
  const auto at = [&](int i) { return points[(i + n) % n]; };
  const auto smooth = [&](int i) { return !at(i).corner && (stroke.closed || (i > 0 && i < n - 1)); };
  // The pen presses harder towards one end of a stroke.
  const auto pressed = [&](float along) { return radius * (1 + lean * (2 * along / static_cast<float>(spans) - 1)); };
  for (int i = 0; i < spans; ++i) {
    const Point a = at(i), b = at(i + 1), chord = b - a;
    const float duration = std::sqrt(std::sqrt(squared_length(chord)));
    const Point leave = smooth(i) ? duration * tangent(at(i - 1), a, b) : chord;
    const Point arrive = smooth(i + 1) ? duration * tangent(a, b, at(i + 2)) : chord;
    Point last = a;
    for (int step = 1; step <= kSteps; ++step) {  // Hermite's cubic
      const float t = static_cast<float>(step) / kSteps, u = 1 - t;
      const Point ends = (u * u * (1 + 2 * t)) * a + (t * t * (3 - 2 * t)) * b;
      const Point next = ends + (t * u * u) * leave - (t * t * u) * arrive;
      const float along = static_cast<float>(i) + t;
      segments.push_back({last, next, pressed(along - 1.0f / kSteps), pressed(along)});
      last = next;
    }
  }
}

/// Chooses a script and writes it in a hand of its own, without units yet.
static std::vector<Stroke> write(int digit, Draws& draws) {
  const std::vector<Script>& choices = scripts(digit);
  int weight = 0;
  for (const Script& script : choices) weight += script.weight;
  int ticket = draws.below(weight);
  std::size_t choice = 0;
  while (ticket >= choices[choice].weight) ticket -= choices[choice++].weight;
  const Script& script = choices[choice];

  const float between = draws.uniform(-0.15f, 1.15f);
  const float aspect = 1 + draws.bell(0.14f);
  const float slant = 0.1f + draws.bell(0.17f);
  const float half = draws.bell(0.04f);  // the tangent of half the angle of rotation
  const float cosine = (1 - half * half) / (1 + half * half), sine = 2 * half / (1 + half * half);
  // A smooth bend of the whole plane, quadratic in x and y, moves what is close together alike.
  float bend[2][3];
  for (auto& row : bend)
    for (float& coefficient : row) coefficient = draws.bell(0.12f);
  const float shake = 0.023f;

  std::vector<Stroke> strokes = script.from;
  for (std::size_t s = 0; s < strokes.size(); ++s)
    for (std::size_t i = 0; i < strokes[s].points.size(); ++i) {
      Point& point = strokes[s].points[i];
      const Point wobble{draws.bell(shake), draws.bell(shake)};
      const Point p = point + between * (script.to[s].points[i] - point) + wobble;
      const float x = p.x - 0.3f, y = p.y - 0.5f;
      const auto bent = [&](const float* c) { return c[0] * x * x + c[1] * x * y + c[2] * y * y; };
      const float x1 = aspect * (x + bent(bend[0])) - slant * y, y1 = y + bent(bend[1]);
      point.x = cosine * x1 - sine * y1;
      point.y = sine * x1 + cosine * y1;
    }
  return strokes;
}

/// Scales and shifts the strokes into the middle of the image, as MNIST's digits are, give or take a little.
static void place(std::vector<Segment>& segments, float radius, Draws& draws) {
  Point low{1e9f, 1e9f}, high{-1e9f, -1e9f}, sum;
  float length = 0;
  for (const Segment& s : segments) {
    low = {std::min({low.x, s.from.x, s.to.x}), std::min({low.y, s.from.y, s.to.y})};
    high = {std::max({high.x, s.from.x, s.to.x}), std::max({high.y, s.from.y, s.to.y})};
    const float l = std::sqrt(squared_length(s.to - s.from));
    sum = sum + (0.5f * l) * (s.from + s.to);
    length += l;
  }
  const float extent = std::max(high.x - low.x, high.y - low.y);
  const float scale = (kBox * std::min(0.98f + draws.bell(0.045f), 1.1f) - 2 * radius) / extent;
  const Point centre = (1 / length) * sum;
  constexpr float kMargin = 1;
  const auto shift = [&](float low, float high, float centre) {
    const float wanted = kSide / 2.0f + draws.bell(0.6f) - scale * centre;
    return std::max(kMargin + radius - scale * low, std::min(wanted, kSide - kMargin - radius - scale * high));
  };
  const Point offset{shift(low.x, high.x, centre.x), shift(low.y, high.y, centre.y)};
  for (Segment& s : segments) {
    s.from = scale * s.from + offset;
    s.to = scale * s.to + offset;
  }
}

// ---- Ink ------------------------------------------------------------------------------------------------------------

/// The signed distance in pixels from each pixel's centre to the edge of the ink (inside: negative), where small.
struct Field {
  static constexpr int kPitch = 32;  // whole registers
  static constexpr int kBlock = 16;  // wide enough that compilers use registers, narrow enough for a stroke
  alignas(64) float distance[kSide][kPitch];

  void add(const Segment& s, float reach) {
    const Point way = s.to - s.from;
    const float inverse = 1 / (squared_length(way) + 1e-12f);
    const float swell = s.to_radius - s.from_radius;
    const auto inside = [](float pixel) { return std::clamp(static_cast<int>(pixel), 0, kSide - 1); };
    const auto first = [&](float a, float b) { return inside(std::min(a, b) - reach); };
    const auto last = [&](float a, float b) { return inside(std::max(a, b) + reach); };
    const int x1 = last(s.from.x, s.to.x), y1 = last(s.from.y, s.to.y);
    const int x0 = std::min(first(s.from.x, s.to.x), kPitch - kBlock);
    for (int row = first(s.from.y, s.to.y); row <= y1; ++row) {
      const float dy = static_cast<float>(row) + 0.5f - s.from.y;
      for (int block = x0; block <= x1; block += kBlock) {
        const int start = std::min(block, kPitch - kBlock);
        float* out = distance[row] + start;
        for (int i = 0; i < kBlock; ++i) {
          const float dx = static_cast<float>(start + i) + 0.5f - s.from.x;
          float t = (dx * way.x + dy * way.y) * inverse;
          t = t < 0 ? 0 : t;
          t = t > 1 ? 1 : t;
          const float ex = dx - t * way.x, ey = dy - t * way.y;
          const float edge = std::sqrt(ex * ex + ey * ey) - (s.from_radius + t * swell);
          out[i] = edge < out[i] ? edge : out[i];
        }
      }
    }
  }
};

static void draw(int digit, Draws& draws, std::vector<Segment>& segments, std::uint8_t* pixels) {
  const std::vector<Stroke> strokes = write(digit, draws);
  const float root = 1 + draws.bell(0.14f);
  const float radius = std::clamp(1.27f * root * root, 0.75f, 2.2f);
  const float softness = draws.uniform(0.55f, 0.85f);  // pixels on either side of the edge
  const float white = 255 - 60 * draws.uniform(0, 1) * draws.uniform(0, 1) * draws.uniform(0, 1);
  segments.clear();
  for (const Stroke& stroke : strokes) trace(stroke, radius, draws.bell(0.1f), segments);
  place(segments, radius, draws);

  Field field;
  for (auto& row : field.distance) std::fill(std::begin(row), std::end(row), 1e9f);
  for (const Segment& segment : segments) field.add(segment, 1.35f * radius + softness);
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      const float c = std::clamp(0.5f - field.distance[y][x] / (2 * softness), 0.0f, 1.0f);
      pixels[y * kSide + x] = static_cast<std::uint8_t>(white * (c * c * (3 - 2 * c)) + 0.5f);
    }
}

/// The digit that image `index` shows: its place in a shuffled group of ten.
static std::array<std::uint8_t, 10> shuffled_digits(std::uint64_t stream, std::int64_t group) {
  std::array<std::uint8_t, 10> digits{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  Draws draws(Draws::kOrder, stream, group);
  for (int i = 9; i > 0; --i) std::swap(digits[i], digits[draws.below(i + 1)]);
  return digits;
}

Images generate_digits(std::int64_t count, std::uint64_t stream) {
  check(count >= 0, "[digits] the number of images cannot be {}", count);
  Images images{.name = "digits", .count = count, .height = kSide, .width = kSide};
  images.pixels.resize(checked_mul(count, kSide * kSide));
  images.labels.resize(count);
  constexpr std::int64_t kChunk = 250;  // images: some milliseconds of work, and whole groups of ten
  parallel_for(ceil_div(count, kChunk), [&](std::int64_t chunk) {
    std::vector<Segment> segments;
    std::array<std::uint8_t, 10> order{};
    for (std::int64_t i = chunk * kChunk; i < std::min(count, (chunk + 1) * kChunk); ++i) {
      if (i % 10 == 0) order = shuffled_digits(stream, i / 10);
      images.labels[i] = order[i % 10];
      Draws draws(Draws::kImage, stream, i);
      draw(order[i % 10], draws, segments, &images.pixels[i * kSide * kSide]);
    }
  });
  return images;
}

static Images named(Images images, const char* name) {
  images.name = name;
  return images;
}

Images training_digits() { return named(generate_digits(60000, 0), "generated digits, training set"); }
Images test_digits() { return named(generate_digits(10000, 1), "generated digits, test set"); }

}  // namespace GRADUS
