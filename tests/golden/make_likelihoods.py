"""Reference numbers from PyTorch in float64 for tests/models/test_likelihoods.cpp: a small VAE with each likelihood.

Run from anywhere: /usr/bin/python3 tests/golden/make_likelihoods.py   (Debian: python3-torch)
Writes likelihoods.safetensors beside this script. Of each model: the loss of ten steps of Adam, the first gradients, and
the state after; and of its first decoder's output the mean that pictures show.
"""

import math

import torch
import torch.nn.functional as F
from torch import distributions

from make_golden import HERE, as_float, uniform, write_safetensors
from vae_twin import Networks, Tensors, follow

BATCH, DATA, HIDDEN, LATENT = 4, 5, (6,), 2
K = torch.arange(256.0)
FLOOR = 0.0025
LEAST_LOG_SCALE = -7 - math.log(2)


def levels(*shape):
    """Grey levels, the first and the last among them often."""
    k = torch.floor(256 * uniform(*shape, low=-0.3, high=1.3)).clamp(0, 255)
    return as_float(k / 255)


def above(y, low):
    return low + F.softplus(y - low)


def continuous_bernoulli(clip):
    def log_prob(x, y):
        eta = y[:, 0] if clip == 0 else torch.logit(torch.sigmoid(y[:, 0]).clamp(clip, 1 - clip))
        return eta * x - torch.log(torch.expm1(eta) / eta)

    return log_prob


def shared_gaussian(tensors):
    def log_prob(x, y):
        variance = (x - y[:, 0]).square().mean() + FLOOR**2
        running = tensors.buffer("decoder.likelihood.variance", torch.ones(()))
        running.mul_(0.9).add_(0.1 * variance.detach())
        return distributions.Normal(y[:, 0], variance.sqrt()).log_prob(x)

    return log_prob


def logistic(x, y):
    a, log_scale = (x - y[:, 0]) / above(y[:, 1], math.log(FLOOR)).exp(), above(y[:, 1], math.log(FLOOR))
    return -a - 2 * F.softplus(-a) - log_scale


def discretized(x, loc, log_scale):
    upper, lower = ((x - loc + side / 510) / log_scale.exp() for side in (1, -1))
    middle = torch.log(-torch.expm1(lower - upper)) - F.softplus(-upper) - F.softplus(lower)
    return torch.where(x < 1 / 510, -F.softplus(-upper), torch.where(x > 1 - 1 / 510, -F.softplus(lower), middle))


def mixture(components):
    def log_prob(x, y):
        logits, loc, log_scale = y.reshape(len(y), 3, components, -1).unbind(1)  # (B, K, D)
        loc = loc + ((torch.arange(components) + 0.5) / components)[:, None]
        each = discretized(x[:, None], loc, above(log_scale, LEAST_LOG_SCALE))
        return torch.logsumexp(each + F.log_softmax(logits, 1), 1)

    return log_prob


def categorical(x, y):
    chosen = torch.round(255 * x).long()[:, None]
    return F.log_softmax(y, 1).gather(1, chosen)[:, 0]


def by_levels(log_prob, y):
    """The mean of what is 256 levels, by its definition."""
    mass = torch.stack([log_prob(torch.full((len(y), y.shape[2]), k / 255), y).exp() for k in K.tolist()])
    assert torch.allclose(mass.sum(0), torch.ones(()), atol=1e-12), mass.sum(0)
    return (mass * K[:, None, None] / 255).sum(0)


CONTINUOUS = {
    "bernoulli": (1, lambda t: lambda x, y: -F.binary_cross_entropy_with_logits(y[:, 0], x, reduction="none")),
    "continuous-bernoulli": (1, lambda t: continuous_bernoulli(1e-4)),
    "continuous-bernoulli, clipped": (1, lambda t: continuous_bernoulli(0.3)),
    "gaussian": (1, lambda t: lambda x, y: distributions.Normal(y[:, 0], torch.ones(())).log_prob(x)),
    "shared-gaussian": (1, shared_gaussian),
    "free-gaussian": (2, lambda t: lambda x, y: distributions.Normal(
        y[:, 0], above(y[:, 1], math.log(FLOOR)).exp()).log_prob(x)),
    "laplace": (2, lambda t: lambda x, y: distributions.Laplace(
        y[:, 0], above(y[:, 1], math.log(FLOOR)).exp()).log_prob(x)),
    "logistic": (2, lambda t: logistic),
}
LEVELS = {
    "discretized-logistic": (2, lambda x, y: discretized(x, y[:, 0], above(y[:, 1], LEAST_LOG_SCALE))),
    "mixture": (9, mixture(3)),
    "categorical": (256, categorical),
}


def model(out, name, numbers, x, log_prob_of):
    tensors = Tensors()
    networks = Networks(tensors, (1, 1, DATA), HIDDEN, latent=LATENT, numbers=numbers)
    log_prob = log_prob_of(tensors)
    follow(out, name, tensors, LATENT, x, lambda noise: networks.bound(x, noise, log_prob))


if __name__ == "__main__":
    out = {}
    for name, (numbers, log_prob_of) in CONTINUOUS.items():
        model(out, name, numbers, uniform(BATCH, DATA, low=0.01, high=0.99), log_prob_of)
    for name, (numbers, log_prob) in LEVELS.items():
        model(out, name, numbers, levels(BATCH, DATA), lambda t: log_prob)
        y = uniform(3, numbers, DATA, low=-2, high=2)
        out[f"{name}/y"], out[f"{name}/mean"] = y, by_levels(log_prob, y)
    write_safetensors(HERE / "likelihoods.safetensors", out)
