"""Reference values from PyTorch in float64, for tests/nn/test_distributions_pytorch.cpp.

Run from anywhere: /usr/bin/python3 tests/golden/make_distributions.py   (Debian: python3-torch)
Writes distributions.safetensors beside this script: for each case its inputs, the value, the gradients of the value's
weighted sum, and the gradients of those gradients' sum weighted with the inputs.
"""

import torch
from torch import distributions as D

from make_golden import HERE, as_float, normal, uniform, write_safetensors

out = {}


def case(name, f, *inputs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = f(*inputs)
    weight = normal(*y.shape)
    first = torch.autograd.grad((y * weight).sum(), inputs, create_graph=True, allow_unused=True)
    first = [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, first)]
    slope = sum((g * x.detach()).sum() for g, x in zip(first, inputs))
    second = [None] * len(inputs)
    if slope.requires_grad:
        second = torch.autograd.grad(slope, inputs, allow_unused=True)
    out[f"{name}/value"], out[f"{name}/weight"] = y, weight
    for i, x in enumerate(inputs):
        out[f"{name}/in.{i}"], out[f"{name}/gradient.{i}"] = x, first[i]
        g = torch.zeros_like(x) if second[i] is None else second[i]
        out[f"{name}/second.{i}"] = torch.where(g.abs() < 1e-14, 0.0, g)  # what rounding leaves of zeros


def gaussian(loc, log_variance):
    return D.Normal(loc, torch.exp(log_variance / 2))


def laplace(loc, log_scale):
    return D.Laplace(loc, torch.exp(log_scale))


def logistic(loc, log_scale):
    base = D.Uniform(torch.zeros(()), torch.ones(()), validate_args=False)
    transforms = [D.SigmoidTransform().inv, D.AffineTransform(loc, torch.exp(log_scale))]
    return D.TransformedDistribution(base, transforms, validate_args=False)


def bernoulli(logits):
    return D.Bernoulli(logits=logits, validate_args=False)


def continuous_bernoulli(logits):
    return D.ContinuousBernoulli(logits=logits)


def categorical(logits):
    return D.Categorical(logits=logits, validate_args=False)


def levels(*shape):  # of grey, the first and the last among them
    count = torch.Size(shape).numel()
    return (torch.arange(count).reshape(shape) * 85 % 256) / 255


def masses(loc, log_scale):  # of all levels along a last axis, as the definition has them
    borders = (torch.arange(255) + 0.5) / 255
    below = torch.sigmoid((borders - loc[..., None]) / torch.exp(log_scale)[..., None])
    below = torch.cat([torch.zeros_like(below[..., :1]), below, torch.ones_like(below[..., :1])], -1)
    return below[..., 1:] - below[..., :-1]


def discretized_log_prob(loc, log_scale):
    loc, log_scale = torch.broadcast_tensors(loc, log_scale)
    x = levels(*loc.shape)
    return masses(loc, log_scale).gather(-1, torch.round(255 * x).long()[..., None])[..., 0].log()


def discretized_entropy(loc, log_scale):
    p = masses(*torch.broadcast_tensors(loc, log_scale))
    return -(p * p.log()).sum(-1)


def discretized_mean(loc, log_scale):
    return (masses(*torch.broadcast_tensors(loc, log_scale)) * torch.arange(256) / 255).sum(-1)


def discretized_kl(*parameters):
    q_loc, q_scale, p_loc, p_scale = torch.broadcast_tensors(*parameters)
    q, p = masses(q_loc, q_scale), masses(p_loc, p_scale)
    return (q * (q.log() - p.log())).sum(-1)


def anywhere(*shape):
    return normal(*shape)


def near(*shape):  # a location
    return uniform(*shape, low=-0.5, high=0.5)


def far(*shape):  # off every location by more than gradcheck's steps
    return as_float(torch.where(uniform(*shape) < 0.5, -1.0, 1.0) * uniform(*shape, low=0.8, high=2.0))


def farther(*shape):
    return as_float(far(*shape) * 2)


def logits(*shape):
    return as_float(2 * far(*shape))


def grey(*shape):
    return uniform(*shape)


def wide(*shape):  # the logarithm of a scale that is wide beside a level
    return uniform(*shape, low=-1.5, high=0.0)


pairs = {"same": ((5, 4), (5, 4)), "outer": ((3, 1), (1, 4)), "grow": ((3,), (2, 1, 1)), "number": ((7,), ()),
         "empty": ((0, 4), (4,)), "no_columns": ((3, 0), (3, 1))}
for shapes, (a, b) in pairs.items():

    def pair(name, f, *domains):  # shapes in turns
        case(f"{name}:{shapes}", f, *(domain(*(a, b)[i % 2]) for i, domain in enumerate(domains)))

    def divergence(name, q, p, *domains):
        half = len(domains) // 2

        def kl(*x):  # not all of PyTorch's broadcast
            x = torch.broadcast_tensors(*x)
            return D.kl_divergence(q(*x[:half]), p(*x[half:]))

        pair("kl_" + name, kl, *domains)

    pair("normal_log_prob", lambda x, *p: gaussian(*p).log_prob(x), anywhere, anywhere, anywhere)
    pair("normal_entropy", lambda *p: gaussian(*p).entropy() + 0 * p[0], anywhere, anywhere)
    pair("normal_mean", lambda *p: gaussian(*p).mean, anywhere, anywhere)
    pair("unit_normal_log_prob", lambda x, loc: D.Normal(loc, 1.0).log_prob(x), anywhere, anywhere)
    pair("unit_normal_entropy", lambda loc: D.Normal(loc, 1.0).entropy() + 0 * loc, anywhere)
    pair("standard_normal_log_prob", lambda x: D.Normal(0.0, 1.0).log_prob(x), anywhere)
    pair("bernoulli_log_prob", lambda x, l: bernoulli(l).log_prob(x), grey, logits)
    pair("bernoulli_entropy", lambda l: bernoulli(l).entropy(), logits)
    pair("bernoulli_mean", lambda l: bernoulli(l).mean, logits)
    pair("continuous_bernoulli_log_prob", lambda x, l: continuous_bernoulli(l).log_prob(x), grey, logits)
    pair("continuous_bernoulli_entropy", lambda l: continuous_bernoulli(l).entropy(), logits)
    pair("continuous_bernoulli_mean", lambda l: continuous_bernoulli(l).mean, logits)
    pair("continuous_bernoulli_variance", lambda l: continuous_bernoulli(l).variance, logits)
    pair("laplace_log_prob", lambda x, *p: laplace(*p).log_prob(x), far, near, near)
    pair("laplace_entropy", lambda *p: laplace(*p).entropy() + 0 * p[0], near, near)
    pair("laplace_mean", lambda *p: laplace(*p).mean, near, near)
    pair("logistic_log_prob", lambda x, *p: logistic(*p).log_prob(x), anywhere, anywhere, near)
    pair("discretized_logistic_log_prob", discretized_log_prob, grey, wide)
    pair("discretized_logistic_entropy", discretized_entropy, grey, wide)
    pair("discretized_logistic_mean", discretized_mean, grey, wide)
    pair("kl_discretized_logistic", discretized_kl, grey, wide, grey, wide)
    divergence("normal", gaussian, gaussian, anywhere, anywhere, anywhere, anywhere)
    divergence("bernoulli", bernoulli, bernoulli, logits, logits)
    divergence("continuous_bernoulli", continuous_bernoulli, continuous_bernoulli, logits, logits)
    divergence("laplace", laplace, laplace, far, near, near, near)
    divergence("normal_laplace", gaussian, laplace, anywhere, anywhere, anywhere, anywhere)
    divergence("laplace_normal", laplace, gaussian, anywhere, anywhere, anywhere, anywhere)
    pair("kl_standard_normal", lambda *q: D.kl_divergence(gaussian(*q), D.Normal(0.0, 1.0)), anywhere, anywhere)
    pair("kl_unit_normal", lambda q, p: D.kl_divergence(D.Normal(q, 1.0), D.Normal(p, 1.0)), anywhere, anywhere)
    pair("kl_continuous_bernoulli_normal",
         lambda l, *p: D.kl_divergence(continuous_bernoulli(l), gaussian(*p)), logits, anywhere, anywhere)

# The last axis is that of the classes, or of the components.
for shapes, (a, b) in {"same": ((3, 4, 5), (3, 4, 5)), "fewer": ((4, 5), (5,)), "outer": ((3, 1, 5), (4, 5)),
                       "single": ((4, 1), (4, 1)), "vector": ((5,), (5,)), "empty": ((0, 5), (5,))}.items():
    classes = torch.arange(torch.Size(a[:-1]).numel()).reshape(a[:-1]) * 2 % a[-1]
    case(f"categorical_log_prob:{shapes}", lambda l: categorical(l).log_prob(classes), anywhere(*a))
    case(f"categorical_one_hot_log_prob:{shapes}",
         lambda x, l: (x * torch.log_softmax(l, -1)).sum(-1), uniform(*b, low=0.5), anywhere(*a))
    case(f"categorical_entropy:{shapes}", lambda l: categorical(l).entropy(), anywhere(*a))
    case(f"categorical_mean:{shapes}", lambda l: categorical(l).probs, anywhere(*a))
    case(f"kl_categorical:{shapes}", lambda *x: D.kl_divergence(*map(categorical, torch.broadcast_tensors(*x))),
         anywhere(*a), anywhere(*b))

    def mixture(component, l, *parameters):
        loc, scale = torch.broadcast_tensors(*parameters)
        return D.MixtureSameFamily(categorical(l.expand(loc.shape)), component(loc, scale), validate_args=False)

    x = a[:-1]
    case(f"mixture_normal_log_prob:{shapes}", lambda x, *p: mixture(gaussian, *p).log_prob(x), anywhere(*x),
         anywhere(*b), anywhere(*a), anywhere(*b))
    case(f"mixture_laplace_log_prob:{shapes}", lambda x, *p: mixture(laplace, *p).log_prob(x), farther(*x),
         anywhere(*b), near(*a), near(*b))
    case(f"mixture_normal_mean:{shapes}", lambda *p: mixture(gaussian, *p).mean, anywhere(*b), anywhere(*a),
         anywhere(*b))



def gamma(log_concentration, log_rate):
    return D.Gamma(torch.exp(log_concentration), torch.exp(log_rate))


def student(log_df, loc, log_scale):
    return D.StudentT(torch.exp(log_df), loc, torch.exp(log_scale))


def counts(*shape):
    return torch.floor(uniform(*shape, low=1.0, high=40.0))


def positive(*shape):
    return uniform(*shape, low=0.2, high=4.0)


def beyond(*shape):  # the logarithm of degrees of freedom for which there is a variance, or a large number of them
    return as_float(uniform(*shape, low=1.0, high=5.0))


def freedom(*shape):  # the same from one degree of freedom on
    return uniform(*shape, low=0.0, high=4.0)


for shapes, (a, b) in pairs.items():
    for name, f, *domains in (
        ("poisson_log_prob", lambda x, l: D.Poisson(torch.exp(l)).log_prob(x), counts, anywhere),
        ("poisson_mean", lambda l: D.Poisson(torch.exp(l)).mean, anywhere),
        ("kl_poisson", lambda q, p: D.kl_divergence(D.Poisson(torch.exp(q)), D.Poisson(torch.exp(p))), anywhere, anywhere),
        ("gamma_log_prob", lambda x, *p: gamma(*p).log_prob(x), positive, logits, anywhere),
        ("gamma_entropy", lambda *p: gamma(*p).entropy(), logits, anywhere),
        ("gamma_mean", lambda *p: gamma(*p).mean, logits, anywhere),
        ("gamma_variance", lambda *p: gamma(*p).variance, anywhere, anywhere),
        ("kl_gamma", lambda *p: D.kl_divergence(gamma(*p[:2]), gamma(*p[2:])), anywhere, anywhere, anywhere, anywhere),
        ("student_t_log_prob", lambda x, *p: student(*p).log_prob(x), anywhere, freedom, anywhere, near),
        ("student_t_entropy", lambda *p: student(*p).entropy() + 0 * p[1], logits, anywhere, anywhere),
        ("student_t_mean", lambda *p: student(*p).mean + 0 * p[2] + 0 * p[0], beyond, anywhere, anywhere),
        ("student_t_variance", lambda *p: student(*p).variance + 0 * p[1], beyond, anywhere, anywhere),
    ):
        case(f"{name}:{shapes}", f, *(domain(*(a, b)[i % 2]) for i, domain in enumerate(domains)))

write_safetensors(HERE / "distributions.safetensors", out)
