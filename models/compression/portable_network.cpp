#include "models/compression/portable_network.h"

#include <bit>
#include <cmath>
#include <memory>

#include "models/compression/portable.h"
#include "models/settings.h"
#include "nn/files/checkpoint.h"
#include "tensor/parallel.h"

namespace GRADUS::portable {

void Hash::add(double number) { add(std::bit_cast<std::uint64_t>(number)); }

// ----- products --------------------------------------------------------------------------------------------------

Matrix::Matrix(std::int64_t in, std::int64_t out, const std::function<double(std::int64_t, std::int64_t)>& weight,
               const std::function<double(std::int64_t)>& bias, Hash& hash)
    : in_(in), out_(out), weight_(ceil_div(out, kSide) * kSide * in), bias_(ceil_div(out, kSide) * kSide) {
  for (std::int64_t o = 0; o < out; ++o) {
    hash.add(bias_[o] = bias(o));
    for (std::int64_t i = 0; i < in; ++i) hash.add(weight_[(o / kSide * in + i) * kSide + o % kSide] = weight(o, i));
  }
}

Matrix::Matrix(const Tensor& weight, const Tensor& bias, Hash& hash)
    : Matrix(
          weight.numel() / bias.numel(), bias.numel(),
          [w = weight.values(), in = weight.numel() / bias.numel()](std::int64_t o, std::int64_t i) {
            return w[o * in + i];
          },
          [b = bias.values()](std::int64_t o) { return b[o]; }, hash) {}

void Matrix::apply(const double* x, double* y) const {
  for (std::int64_t first = 0; first < out_; first += kSide) {
    double sum[kSide];
    for (std::int64_t o = 0; o < kSide; ++o) sum[o] = bias_[first + o];
    const double* w = &weight_[first * in_];
    for (std::int64_t i = 0; i < in_; ++i, w += kSide)
      for (std::int64_t o = 0; o < kSide; ++o) sum[o] += w[o] * x[i];
    for (std::int64_t o = 0; o < std::min(kSide, out_ - first); ++o) y[first + o] = sum[o];
  }
}

// ----- steps -----------------------------------------------------------------------------------------------------

namespace {

double activated(Activation::Kind kind, double x) {
  switch (kind) {
    case Activation::relu: return x < 0 ? 0 : x;  // NaN stays NaN, and is refused
    case Activation::elu: return x > 0 ? x : expm1(x);
    case Activation::leaky_relu: return x > 0 ? x : 0.01 * x;
    case Activation::silu: return x * sigmoid(x);
    case Activation::gelu: return x * normal_cdf(x);
    case Activation::tanh: return tanh(x);
    case Activation::sigmoid: return sigmoid(x);
    case Activation::softplus: return softplus(x);
  }
  throw Error("[compress] unknown activation");
}

// Float and double builds have another 1e-5, but the same model.
double same_in_both(Real x) { return static_cast<double>(static_cast<float>(x)); }

struct Affine {
  std::vector<double> scale, shift;  // (C)
};

Affine affine(const Tensor& weight, const Tensor& bias, Hash& hash) {
  const auto doubles = [&](const Tensor& t) {
    const std::vector<Real> values = t.values();
    for (const Real value : values) hash.add(static_cast<double>(value));
    return std::vector<double>(values.begin(), values.end());
  };
  return {doubles(weight), doubles(bias)};
}

void add(const ConvSettings& settings, const char* step, Hash& hash) {
  for (const Pair& pair : {settings.stride, settings.padding, settings.output_padding})
    for (const std::int64_t number : {pair.h, pair.w}) hash.add(static_cast<std::uint64_t>(number));
  if (settings.groups != 1 || settings.dilation.h != 1 || settings.dilation.w != 1)
    throw SettingError(fmt::format("`network`: the portable kernel knows no {} with groups or dilation", step));
}

// A window of the input, (in, kh, kw), zeros beyond its edges, by the matrix: a pixel of every output channel.
auto convolution(const Conv2d& layer, const Shape& in, const Shape& out, Hash& hash) {
  add(layer.settings, "convolution", hash);
  const Pair kernel{layer.weight.shape()[2], layer.weight.shape()[3]};
  return [matrix = std::make_shared<Matrix>(layer.weight, layer.bias, hash), in, out, kernel,
          s = layer.settings](std::vector<double>& x) {
    std::vector<double> window(matrix->in()), pixel(matrix->out()), y(out.numel());
    for (std::int64_t row = 0; row < out[1]; ++row)
      for (std::int64_t column = 0; column < out[2]; ++column) {
        double* to = window.data();
        for (std::int64_t c = 0; c < in[0]; ++c)
          for (std::int64_t i = 0; i < kernel.h; ++i)
            for (std::int64_t j = 0; j < kernel.w; ++j) {
              const std::int64_t h = row * s.stride.h - s.padding.h + i, w = column * s.stride.w - s.padding.w + j;
              const bool inside = h >= 0 && h < in[1] && w >= 0 && w < in[2];
              *to++ = inside ? x[(c * in[1] + h) * in[2] + w] : 0;
            }
        matrix->apply(window.data(), pixel.data());
        for (std::int64_t c = 0; c < out[0]; ++c) y[(c * out[1] + row) * out[2] + column] = pixel[c];
      }
    x = std::move(y);
  };
}

// A pixel of every input channel by the matrix: a window, (out, kh, kw), which is added to the output.
auto transposed_convolution(const ConvTranspose2d& layer, const Shape& in, const Shape& out, Hash& hash) {
  add(layer.settings, "transposed convolution", hash);
  const Pair kernel{layer.weight.shape()[2], layer.weight.shape()[3]};
  const std::int64_t window = out[0] * kernel.h * kernel.w;
  const auto weight = [w = layer.weight.values(), window](std::int64_t o, std::int64_t i) { return w[i * window + o]; };
  std::vector<double> bias;
  for (const Real value : layer.bias.values()) hash.add(bias.emplace_back(value));
  return [matrix = std::make_shared<Matrix>(
              in[0], window, weight, [](std::int64_t) { return 0.0; }, hash),
          in, out, kernel, bias, s = layer.settings](std::vector<double>& x) {
    std::vector<double> pixel(matrix->in()), spread(matrix->out()), y(out.numel());
    for (std::int64_t c = 0; c < out[0]; ++c) std::fill_n(&y[c * out[1] * out[2]], out[1] * out[2], bias[c]);
    for (std::int64_t row = 0; row < in[1]; ++row)
      for (std::int64_t column = 0; column < in[2]; ++column) {
        for (std::int64_t c = 0; c < in[0]; ++c) pixel[c] = x[(c * in[1] + row) * in[2] + column];
        matrix->apply(pixel.data(), spread.data());
        const double* from = spread.data();
        for (std::int64_t c = 0; c < out[0]; ++c)
          for (std::int64_t i = 0; i < kernel.h; ++i)
            for (std::int64_t j = 0; j < kernel.w; ++j, ++from) {
              const std::int64_t h = row * s.stride.h - s.padding.h + i, w = column * s.stride.w - s.padding.w + j;
              if (h >= 0 && h < out[1] && w >= 0 && w < out[2]) y[(c * out[1] + h) * out[2] + w] += *from;
            }
      }
    x = std::move(y);
  };
}

auto batch_norm(const BatchNorm& layer, Hash& hash) {
  const Affine learnt = affine(layer.weight, layer.bias, hash);
  const Affine running = affine(layer.running_mean.value, layer.running_var.value, hash);
  return [learnt, running, epsilon = same_in_both(layer.epsilon)](std::vector<double>& x) {
    const std::size_t channels = learnt.scale.size(), places = x.size() / channels;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i / places;
      x[i] = (x[i] - running.scale[c]) / std::sqrt(running.shift[c] + epsilon) * learnt.scale[c] + learnt.shift[c];
    }
  };
}

auto group_norm(const GroupNorm& layer, Hash& hash) {
  const auto groups = static_cast<std::size_t>(layer.groups);
  hash.add(std::uint64_t{groups});
  const Affine learnt = affine(layer.weight, layer.bias, hash);
  return [learnt, groups, epsilon = same_in_both(layer.epsilon)](std::vector<double>& x) {
    const std::size_t each = x.size() / groups, places = x.size() / learnt.scale.size();
    for (std::size_t first = 0; first < x.size(); first += each) {
      double sum = 0, squares = 0;
      for (std::size_t i = first; i < first + each; ++i) sum += x[i];
      const double mean = sum / static_cast<double>(each);
      for (std::size_t i = first; i < first + each; ++i) squares += (x[i] - mean) * (x[i] - mean);
      const double deviation = std::sqrt(squares / static_cast<double>(each) + epsilon);
      for (std::size_t i = first; i < first + each; ++i)
        x[i] = (x[i] - mean) / deviation * learnt.scale[i / places] + learnt.shift[i / places];
    }
  };
}

}  // namespace

PortableNetwork::Stage PortableNetwork::stage_of(const Step& step, const Shape& in, const char* whose,
                                                 Hash& hash) const {
  hash.add(static_cast<std::uint64_t>(step.layer.index()));
  for (const std::int64_t extent : step.out) hash.add(static_cast<std::uint64_t>(extent));
  const auto changes = [](const auto& change) { return [change](Passing& at) { change(at.x); }; };
  if (const auto* layer = std::get_if<Linear>(&step.layer))
    return [matrix = std::make_shared<Matrix>(layer->weight, layer->bias, hash)](Passing& at) {
      std::vector<double> y(matrix->out());
      matrix->apply(at.x.data(), y.data());
      at.x = std::move(y);
    };
  if (const auto* layer = std::get_if<Conv2d>(&step.layer)) return changes(convolution(*layer, in, step.out, hash));
  if (const auto* layer = std::get_if<ConvTranspose2d>(&step.layer))
    return changes(transposed_convolution(*layer, in, step.out, hash));
  if (const auto* layer = std::get_if<BatchNorm>(&step.layer)) return changes(batch_norm(*layer, hash));
  if (const auto* layer = std::get_if<GroupNorm>(&step.layer)) return changes(group_norm(*layer, hash));
  if (const auto* layer = std::get_if<Activation>(&step.layer)) {
    hash.add(static_cast<std::uint64_t>(layer->kind));
    return [kind = layer->kind](Passing& at) {
      for (double& x : at.x) x = activated(kind, x);
    };
  }
  if (std::holds_alternative<Keep>(step.layer)) return [](Passing& at) { at.kept = at.x; };
  if (std::holds_alternative<AddKept>(step.layer))
    return [](Passing& at) {
      for (std::size_t i = 0; i < at.x.size(); ++i) at.x[i] += at.kept[i];
    };
  if (std::holds_alternative<Join>(step.layer))
    throw SettingError(
        fmt::format("`network`: the portable kernel knows no step where the {} is told a condition", whose));
  return nullptr;  // a change of shape alone, or dropout, which is for training
}

PortableNetwork::PortableNetwork(const Network& network, const char* whose, Hash& hash) {
  const Shape* in = &network.in;
  for (const Step& step : network.steps) {
    if (Stage stage = stage_of(step, *in, whose, hash)) stages_.push_back(std::move(stage));
    in = &step.out;
  }
}

std::vector<double> PortableNetwork::operator()(std::vector<double> x) const {
  Passing at{.x = std::move(x), .kept = {}};
  for (const Stage& stage : stages_) stage(at);
  check_finite(at.x);
  return std::move(at.x);
}

void check_finite(const std::vector<double>& numbers) {
  for (const double number : numbers)
    if (!std::isfinite(number))
      throw NumericError("the networks' numbers are not finite: the model has overflowed in training, or it does on "
                         "these images");
}

}  // namespace GRADUS::portable
