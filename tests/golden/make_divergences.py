"""KL divergences of nearly equal and of unlike pairs to 60 digits, for tests/nn/test_distribution_divergences.cpp.

Run from anywhere: /usr/bin/python3 tests/golden/make_divergences.py   (Debian: python3-torch, python3-mpmath)
Writes divergences.safetensors beside this script: for each kind the parameters of q and p as numbers that floats hold,
the divergences by their definitions, and the gradients by differences of step 1e-20.
"""

import mpmath as mp
import torch

from make_golden import HERE, as_float, normal, write_safetensors

mp.mp.dps = 60
out = {}


def softplus(x):
    return mp.log1p(mp.exp(x))


def bernoulli(a, b):
    q = 1 / (1 + mp.exp(-a))
    return q * (softplus(-b) - softplus(-a)) + (1 - q) * (softplus(b) - softplus(a))


def categorical(*logits):
    a, b = logits[: len(logits) // 2], logits[len(logits) // 2 :]
    log_a, log_b = (mp.log(mp.fsum(mp.exp(x) for x in l)) for l in (a, b))
    return mp.fsum(mp.exp(x - log_a) * (x - log_a - y + log_b) for x, y in zip(a, b))


def gaussian(m, v, n, w):
    return ((m - n) ** 2 * mp.exp(-w) + mp.exp(v - w) - 1 - (v - w)) / 2


def laplace(m, s, n, t):
    d = abs(m - n)
    return t - s + mp.exp(s - t - d * mp.exp(-s)) + d * mp.exp(-t) - 1


def continuous_bernoulli(a, b):
    def log_normalizer(x):
        return mp.log(mp.expm1(x) / x)

    mean = 1 / -mp.expm1(-a) - 1 / a
    return (a - b) * mean - log_normalizer(a) + log_normalizer(b)


def discretized_logistic(m, s, n, t):
    def masses(loc, log_scale):
        below = [1 / (1 + mp.exp((loc - (k + mp.mpf(1) / 2) / 255) * mp.exp(-log_scale))) for k in range(255)]
        return [y - x for x, y in zip([0, *below], [*below, 1])]

    return mp.fsum(x * mp.log(x / y) for x, y in zip(masses(m, s), masses(n, t)))


def poisson(a, b):
    return mp.exp(a) * (a - b) - mp.exp(a) + mp.exp(b)


def gamma(a, r, b, s):  # logarithms of shapes and rates
    a, r, b, s = (mp.exp(x) for x in (a, r, b, s))
    return (a - b) * mp.digamma(a) - mp.loggamma(a) + mp.loggamma(b) + b * mp.log(r / s) + a * (s - r) / r


STEPS = [2.0**-k for k in (20, 16, 12, 8, 4, 2, 0, -1)]


def cases(name, f, *parameters, per_step=6):
    """`parameters`: functions from a number of cases to that many values of one of q's; p's are a step away."""
    q, p = [], []
    for step in STEPS:
        values = [as_float(draw(per_step)) for draw in parameters]
        q.append(torch.stack(values))
        p.append(torch.stack([as_float(v + step * normal(per_step)) for v in values]))
    inputs = torch.cat([torch.cat(q, 1), torch.cat(p, 1)])  # (parameters of both, cases)
    values, gradients = [], []
    for case in inputs.T.tolist():
        at = [mp.mpf(x) for x in case]
        values.append(float(f(*at)))
        h = mp.mpf(10) ** -20

        def moved(i, by):
            return f(*(x + by if i == j else x for j, x in enumerate(at)))

        gradients.append([float((moved(i, h) - moved(i, -h)) / (2 * h)) for i in range(len(at))])
    out[f"{name}/in"] = inputs
    out[f"{name}/value"] = torch.tensor(values, dtype=torch.float64)
    out[f"{name}/gradient"] = torch.tensor(gradients, dtype=torch.float64).T.contiguous()


def around(middle, spread):
    return lambda n: middle + spread * normal(n)


cases("bernoulli", bernoulli, around(0, 4))
cases("categorical", categorical, *[around(0, 3)] * 5)
cases("collapsed", categorical, around(20, 1), around(0, 3), around(0, 3))
cases("normal", gaussian, around(0, 2), around(0, 2))
cases("laplace", laplace, around(0, 2), around(0, 1))
cases("continuous_bernoulli", continuous_bernoulli, around(0, 3))
cases("continuous_bernoulli_far", continuous_bernoulli, around(0, 60))
cases("discretized_logistic", discretized_logistic, around(0.5, 0.3), around(-3, 1), per_step=3)
cases("poisson", poisson, around(0, 3))
cases("gamma", gamma, around(0, 2), around(0, 1))
cases("gamma_large", gamma, around(9, 2), around(0, 1))

write_safetensors(HERE / "divergences.safetensors", out)
