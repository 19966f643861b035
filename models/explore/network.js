// A network is the list of its steps, as in models/networks/network.h; one sample goes through it at a time.

// Φ(x) = ½ (1 + erf(x/√2)): a series near 0, a continued fraction far from it. Abramowitz, Stegun 1964, 26.2.11 and .14.
const normalCdf = (x) => {
  const a = Math.abs(x), density = Math.exp(-a * a / 2) / Math.sqrt(2 * Math.PI);
  if (a < 2.5) {  // x + x³/3 + x⁵/(3·5) + …
    let term = a, sum = a;
    for (let n = 3; n < 60; n += 2) sum += term *= a * a / n;
    return 0.5 + Math.sign(x) * sum * density;
  }
  let fraction = a;  // 1/(x + 1/(x + 2/(x + …))), from behind
  for (let n = 40; n > 0; --n) fraction = a + n / fraction;
  return x > 0 ? 1 - density / fraction : density / fraction;
};
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const activations = {
  relu: (x) => Math.max(x, 0),
  elu: (x) => x > 0 ? x : Math.expm1(x),
  leaky_relu: (x) => x > 0 ? x : 0.01 * x,
  silu: (x) => x * sigmoid(x),
  gelu: (x) => x * normalCdf(x),
  tanh: Math.tanh,
  sigmoid,
  softplus,
};

const linear = (x, {weight, bias}) => {
  const y = new Float32Array(bias.length), n = x.length;
  for (let row = 0, at = 0; row < y.length; ++row) {
    let sum = bias[row];
    for (let i = 0; i < n; ++i, ++at) sum += weight[at] * x[i];
    y[row] = sum;
  }
  return y;
};

// Both kinds of convolution pair a pixel (v, u) of the small map with (v·stride + i·dilation - padding, …) of the large
// one, for each place (i, j) of the window: conv gathers into the small, conv_transpose scatters into the large.
const convolution = (x, step, from, scatters) => {
  const {weight, bias, stride, padding, dilation, groups, shape} = step;
  const [inner, outer] = scatters ? [from, step.out] : [step.out, from];
  const y = new Float32Array(step.out[0] * step.out[1] * step.out[2]), size = step.out[1] * step.out[2];
  for (let c = 0; c < bias.length; ++c) y.fill(bias[c], c * size, (c + 1) * size);
  const [, , high, wide] = shape, [, h, w] = inner, [, H, W] = outer;
  const others = shape[1], each = shape[0] / groups;  // outer channels of a group, inner ones of it
  for (let a = 0; a < inner[0]; ++a)
    for (let b = 0; b < others; ++b) {
      const small = a * h * w, large = (Math.floor(a / each) * others + b) * H * W;
      for (let i = 0; i < high; ++i)
        for (let j = 0; j < wide; ++j) {
          const by = weight[((a * others + b) * high + i) * wide + j];
          const left = j * dilation[1] - padding[1];
          const first = Math.max(0, Math.ceil(-left / stride[1]));
          const last = Math.min(w - 1, Math.floor((W - 1 - left) / stride[1]));
          for (let v = 0; v < h; ++v) {
            const row = v * stride[0] + i * dilation[0] - padding[0];
            if (row < 0 || row >= H) continue;
            let s = small + v * w + first, l = large + row * W + first * stride[1] + left;
            if (scatters) for (let u = first; u <= last; ++u, ++s, l += stride[1]) y[l] += by * x[s];
            else for (let u = first; u <= last; ++u, ++s, l += stride[1]) y[s] += by * x[l];
          }
        }
    }
  return y;
};

// Each channel of x by its own scale and shift, after what normalise(channel) gives: [mean, variance].
const normalised = (x, {weight, bias, epsilon}, moments) => {
  const each = x.length / weight.length;
  return x.map((v, i) => {
    const c = Math.floor(i / each), [mean, variance] = moments[c];
    return (v - mean) / Math.sqrt(variance + epsilon) * weight[c] + bias[c];
  });
};
const groupMoments = (x, {weight, groups}) => {
  const size = x.length / groups, moments = [];
  for (let g = 0; g < groups; ++g) {
    const part = x.subarray(g * size, (g + 1) * size);
    const mean = part.reduce((sum, v) => sum + v, 0) / size;
    const of = [mean, part.reduce((sum, v) => sum + (v - mean) ** 2, 0) / size];
    for (let c = 0; c < weight.length / groups; ++c) moments.push(of);
  }
  return moments;
};

// The condition behind the sample's own numbers: of a map as planes.
const joined = (x, condition, from) => {
  const plane = from.length === 3 ? from[1] * from[2] : 1, y = new Float32Array(x.length + condition.length * plane);
  y.set(x);
  condition.forEach((v, c) => y.fill(v, x.length + c * plane, x.length + (c + 1) * plane));
  return y;
};

// The tensors of a step out of the page's bytes, once.
const loaded = (step) => {
  const own = {...step};
  for (const part of ['weight', 'bias', 'mean', 'variance']) if (step[part]) own[part] = tensor(step[part]);
  if (step.weight) own.shape = step.weight.shape;
  return own;
};

// (numbers of a sample, condition) -> numbers
const network = (described) => {
  const steps = described.map(loaded);
  return (x, condition) => {
    let kept = null, from = [x.length];
    for (const step of steps) {
      switch (step.kind) {
        case 'linear': x = linear(x, step); break;
        case 'conv': x = convolution(x, step, from, false); break;
        case 'conv_transpose': x = convolution(x, step, from, true); break;
        case 'batch_norm': x = normalised(x, step, Array.from(step.mean, (m, c) => [m, step.variance[c]])); break;
        case 'group_norm': x = normalised(x, step, groupMoments(x, step)); break;
        case 'join': x = joined(x, condition, from); break;
        case 'keep': kept = x; break;
        case 'add_kept': x = x.map((v, i) => v + kept[i]); break;
        case 'reshape': break;
        default: x = x.map(activations[step.kind]);
      }
      from = step.out;
    }
    return x;
  };
};

// ----- the mean of p(x|z) out of what the decoder says, as in models/likelihoods/ -----
const softlyAbove = (y, least) => least + softplus(y - least);
// Of 256 levels, each the bin of a logistic: Σ P(x > level - ½) / 255.
const meanLevel = (loc, logScale) => {
  const inverse = Math.exp(-logScale);
  let sum = 0;
  for (let level = 1; level <= 255; ++level) sum += sigmoid((loc - (level - 0.5) / 255) * inverse);
  return sum / 255;
};
const weighed = (logits, values) => {  // Σ softmax(logits)·values
  const most = Math.max(...logits), weights = logits.map((v) => Math.exp(v - most));
  return weights.reduce((sum, w, k) => sum + w * values[k], 0) / weights.reduce((sum, w) => sum + w, 0);
};
const means = {
  location: (y, D) => y.subarray(0, D),
  sigmoid: (y) => y.map(sigmoid),
  continuous_bernoulli: (y, D, {clip = Infinity}) => y.map((logit) => {
    const v = Math.min(Math.max(logit, -clip), clip), m = -Math.abs(v);
    const below = m > -0.3 ? 0.5 + m / 12 - m ** 3 / 720 : Math.exp(m) / Math.expm1(m) - 1 / m;
    return v > 0 ? 1 - below : below;
  }),
  discretized_logistic: (y, D, {least}) =>
    Float32Array.from({length: D}, (_, i) => meanLevel(y[i], softlyAbove(y[D + i], least))),
  mixture: (y, D, {least}) => {
    const K = y.length / (3 * D), part = (p, i) => Array.from({length: K}, (_, k) => y[(p * K + k) * D + i]);
    return Float32Array.from({length: D}, (_, i) => {
      const scales = part(2, i);
      return weighed(part(0, i), part(1, i).map((loc, k) => meanLevel(loc + (k + 0.5) / K, softlyAbove(scales[k], least))));
    });
  },
  levels: (y, D) => Float32Array.from({length: D}, (_, i) =>
    weighed(Array.from({length: 256}, (_, k) => y[k * D + i]), Array.from({length: 256}, (_, k) => k / 255))),
};

const pixels = data.channels * data.height * data.width;
const runDecoder = network(model.decoder), runEncoder = model.encoder ? network(model.encoder) : null;
const oneHot = (label) => Array.from({length: data.condition}, (_, c) => c === label ? 1 : 0);

// The image that a code stands for, as the model sees images; and the code that stands for an image.
const decode = (code, label) => means[model.mean.name](runDecoder(code, oneHot(label)), pixels, model.mean);
const encode = (image, label) => runEncoder(image, oneHot(label));
