#!/usr/bin/env python3
"""PyTorch's twins of the family's models, by the same recipes as bench/models.py, for which no published figure is known.

  /usr/bin/python3 tests/golden/train_family.py MNIST NAME [--seed S]     (Debian: python3-torch)

MNIST is a folder with the four gzip'ed files, NAME a row of bench/models.py. Prints what that row shows: the
importance-sampled log-likelihood by 100 draws, the ELBO, or an autoencoder's reconstruction, nats per test image.
"""

import argparse
import gzip
import math
import pathlib

import torch
import torch.nn.functional as F
from torch import distributions as D
from torch import nn


def images(folder, name):
    data = gzip.decompress((pathlib.Path(folder) / f"{name}-images-idx3-ubyte.gz").read_bytes())
    return torch.frombuffer(bytearray(data[16:]), dtype=torch.uint8).reshape(-1, 784).float() / 255


def stack(sizes, activation):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), activation()]
    return nn.Sequential(*layers)


def standard(z):
    return -0.5 * (z**2 + math.log(2 * math.pi))


class GaussianCode(nn.Module):
    def __init__(self, features, latent):
        super().__init__()
        self.mean, self.log_variance = nn.Linear(features, latent), nn.Linear(features, latent)

    def q(self, h):
        return D.Normal(self.mean(h), torch.exp(self.log_variance(h) / 2))

    def draw(self, h, draws):
        """z (K, B, Z), log q(z|x) - log p(z) (K, B), the KL divergence where it is known (B), a penalty."""
        q = self.q(h)
        z = q.rsample((draws,))
        kl = D.kl_divergence(q, D.Normal(0.0, 1.0)).sum(-1)
        return z, (q.log_prob(z) - standard(z)).sum(-1), kl, 0


class LaplaceCode(GaussianCode):
    def draw(self, h, draws):
        q, p = D.Laplace(self.mean(h), torch.exp(self.log_variance(h))), D.Laplace(0.0, 1.0)
        z = q.rsample((draws,))
        return z, (q.log_prob(z) - p.log_prob(z)).sum(-1), D.kl_divergence(q, p).sum(-1), 0


class PlanarCode(GaussianCode):
    STEPS = 10

    def __init__(self, features, latent):
        super().__init__(features, latent)
        self.u, self.w = nn.Linear(features, self.STEPS * latent), nn.Linear(features, self.STEPS * latent)
        self.b = nn.Linear(features, self.STEPS)

    def draw(self, h, draws):
        q = self.q(h)
        z = q.rsample((draws,))
        log_q = q.log_prob(z).sum(-1)
        for u, w, b in zip(self.u(h).chunk(self.STEPS, -1), self.w(h).chunk(self.STEPS, -1),
                           self.b(h).chunk(self.STEPS, -1)):
            along = (w * u).sum(-1, keepdim=True)
            push = u + (F.softplus(along) - 1 - along) * w / (w * w).sum(-1, keepdim=True)
            t = torch.tanh((w * z).sum(-1, keepdim=True) + b)
            log_q = log_q - torch.log(1 + (1 - t**2) * (w * push).sum(-1, keepdim=True)).squeeze(-1)
            z = z + push * t
        cost = log_q - standard(z).sum(-1)
        return z, cost, cost.mean(0), 0


class TwoLayerCode(GaussianCode):
    UPPER, HIDDEN = 50, 100

    def __init__(self, features, latent):
        super().__init__(features, latent)
        self.up, self.down = stack([latent, self.HIDDEN], nn.Tanh), stack([self.UPPER, self.HIDDEN], nn.Tanh)
        self.upper, self.conditional = GaussianCode(self.HIDDEN, self.UPPER), GaussianCode(self.HIDDEN, latent)

    def draw(self, h, draws):
        q1 = self.q(h)
        z1 = q1.rsample((draws,))
        q2 = self.upper.q(self.up(z1))
        z2 = q2.rsample()
        lower = (q1.log_prob(z1) - self.conditional.q(self.down(z2)).log_prob(z1)).sum(-1)
        cost = lower + (q2.log_prob(z2) - standard(z2)).sum(-1)
        return z1, cost, (lower + D.kl_divergence(q2, D.Normal(0.0, 1.0)).sum(-1)).mean(0), 0


class PointCode(nn.Module):
    def __init__(self, features, latent):
        super().__init__()
        self.code = nn.Linear(features, latent)

    def draw(self, h, draws):
        return self.code(h).unsqueeze(0), None, 0, 0


class SparseCode(PointCode):
    TARGET, WEIGHT = 0.1, 0.05

    def draw(self, h, draws):
        z = torch.sigmoid(self.code(h))
        active, p = z.mean(0), self.TARGET
        penalty = (p * torch.log(p / active) + (1 - p) * torch.log((1 - p) / (1 - active))).sum()
        return z.unsqueeze(0), None, 0, self.WEIGHT * penalty


class CodebookCode(nn.Module):
    """Eight places, whose codes follow the vectors that come to them by moving averages; idle codes begin anew."""

    PLACES, LATENT, SIZE, DECAY, REVIVE, COMMITMENT = 8, 16, 128, 0.99, 0.01, 0.25

    def __init__(self, features, _):
        super().__init__()
        self.head = nn.Linear(features, self.PLACES * self.LATENT)
        for name in ("codes", "sums"):
            self.register_buffer(name, torch.empty(0))
        self.register_buffer("counts", torch.ones(self.SIZE))

    def draw(self, h, draws):
        z = self.head(h).view(len(h) * self.PLACES, self.LATENT)
        if not len(self.codes):
            self.codes = z.detach()[torch.randperm(len(z))[: self.SIZE]]
            self.sums = self.codes.clone()
        nearest = torch.cdist(z, self.codes).argmin(-1)
        e = self.codes[nearest]
        if self.training:
            self.learn(z.detach(), nearest)
        penalty = self.COMMITMENT * ((z - e) ** 2).sum() / len(h)
        seen = (z + (e - z).detach()).view(len(h), -1)
        return seen.unsqueeze(0), None, self.PLACES * math.log(self.SIZE), penalty

    def learn(self, z, nearest):
        chosen = F.one_hot(nearest, self.SIZE).float()
        self.counts = self.DECAY * self.counts + (1 - self.DECAY) * chosen.sum(0)
        self.sums = self.DECAY * self.sums + (1 - self.DECAY) * chosen.T @ z
        average = self.counts.mean()
        self.codes = self.sums / (self.counts + 1e-5).unsqueeze(-1)
        idle = self.counts < self.REVIVE * average
        if idle.any():
            self.codes[idle] = z[torch.randint(len(z), (int(idle.sum()),))]
            self.counts[idle] = average
            self.sums[idle] = self.codes[idle] * average


class Shared(nn.Module):
    """The optimal σ: the mean squared error of the batch, its running mean in evaluation."""

    numbers = 1

    def __init__(self):
        super().__init__()
        self.register_buffer("variance", torch.ones(()))

    def forward(self, y, x):
        variance = self.variance
        if self.training:
            variance = ((x - y) ** 2).mean() + LEAST_SCALE**2
            self.variance = (0.9 * self.variance + 0.1 * variance).detach()
        return D.Normal(y, torch.sqrt(variance)).log_prob(x)


LEAST_SCALE = 0.0025


def softly_above(x, least):
    return least + F.softplus(x - least)


def bins(y, x, loc, log_scale):
    """log P of the 256 levels under a logistic."""
    up, low = (x + 1 / 510 - loc) * torch.exp(-log_scale), (x - 1 / 510 - loc) * torch.exp(-log_scale)
    middle = torch.log(-torch.expm1(low - up)) - F.softplus(-up) - F.softplus(low)
    return torch.where(x < 1e-3, F.logsigmoid(up), torch.where(x > 1 - 1e-3, F.logsigmoid(-low), middle))


class Likelihood(nn.Module):
    def __init__(self, numbers, log_prob):
        super().__init__()
        self.numbers, self.log_prob = numbers, log_prob

    def forward(self, y, x):
        return self.log_prob(y, x)


def planes(y, numbers):
    return y.unflatten(-1, (numbers, -1)).unbind(-2)


def bernoulli():
    return Likelihood(1, lambda y, x: -F.binary_cross_entropy_with_logits(y, x.expand_as(y), reduction="none"))


def unit_gaussian():
    return Likelihood(1, lambda y, x: D.Normal(y, 1.0).log_prob(x))


def of_two(make):
    def log_prob(y, x):
        loc, raw = planes(y, 2)
        return make(loc, softly_above(raw, math.log(LEAST_SCALE))).log_prob(x)

    return lambda: Likelihood(2, log_prob)


def logistic(loc, log_scale):
    base = D.TransformedDistribution(D.Uniform(0.0, 1.0), [D.transforms.SigmoidTransform().inv])
    return D.TransformedDistribution(base.expand(loc.shape), [D.transforms.AffineTransform(loc, torch.exp(log_scale))])


def discretized():
    def log_prob(y, x):
        loc, raw = planes(y, 2)
        return bins(y, x, loc, softly_above(raw, -7 - math.log(2)))

    return Likelihood(2, log_prob)


def mixture():
    components = 5

    def log_prob(y, x):
        logits, locs, raw = y.unflatten(-1, (3, components, -1)).unbind(-3)
        locs = locs + (torch.arange(components) + 0.5).unsqueeze(-1) / components
        each = bins(y, x.unsqueeze(-2), locs, softly_above(raw, -7 - math.log(2)))
        return torch.logsumexp(torch.log_softmax(logits, -2) + each, -2)

    return Likelihood(3 * components, log_prob)


SHORT = {"hidden": [200, 200], "latent": 50, "activation": nn.Tanh, "batch": 100, "epochs": 10, "bits": True}
GREY = {"hidden": [400], "latent": 20, "activation": nn.ReLU, "batch": 128, "epochs": 5, "bits": False}
DEEP = {"hidden": [300, 300], "latent": 40, "activation": nn.ReLU, "glorot": True, "batch": 100, "epochs": 5,
        "bits": True}
ROWS = {
    "Laplace codes": (SHORT, LaplaceCode, bernoulli),
    "two stochastic layers": ({**SHORT, "latent": 100}, TwoLayerCode, bernoulli),
    "planar flow": (SHORT, PlanarCode, bernoulli),
    "autoencoder": (SHORT, PointCode, bernoulli),
    "sparse autoencoder": (SHORT, SparseCode, bernoulli),
    "denoising": ({**SHORT, "mask": 0.3}, GaussianCode, bernoulli),
    "codebook": (SHORT, CodebookCode, bernoulli),
    "its Gaussian twin": (DEEP, GaussianCode, bernoulli),
    "Gaussian likelihood": (GREY, GaussianCode, unit_gaussian),
    "shared Gaussian": (GREY, GaussianCode, Shared),
    "free Gaussian": (GREY, GaussianCode, of_two(lambda loc, s: D.Normal(loc, torch.exp(s)))),
    "Laplace likelihood": (GREY, GaussianCode, of_two(lambda loc, s: D.Laplace(loc, torch.exp(s)))),
    "logistic": (GREY, GaussianCode, of_two(logistic)),
    "discretized logistic": (GREY, GaussianCode, discretized),
    "mixture of logistics": (GREY, GaussianCode, mixture),
}


class Model(nn.Module):
    def __init__(self, recipe, code, likelihood):
        super().__init__()
        hidden, latent, activation = recipe["hidden"], recipe["latent"], recipe["activation"]
        self.encoder = stack([784, *hidden], activation)
        self.code = code(hidden[-1], latent)
        self.likelihood = likelihood()
        width = CodebookCode.PLACES * CodebookCode.LATENT if code is CodebookCode else latent
        self.decoder = nn.Sequential(stack([width, *reversed(hidden)], activation),
                                     nn.Linear(hidden[0], 784 * self.likelihood.numbers))
        if activation is nn.Tanh or "glorot" in recipe:  # otherwise PyTorch's own, the recipe's fan-in
            for layer in self.modules():
                if isinstance(layer, nn.Linear):
                    nn.init.xavier_uniform_(layer.weight)
                    nn.init.zeros_(layer.bias)

    def forward(self, x, seen, draws=1):
        z, cost, kl, penalty = self.code.draw(self.encoder(seen), draws)
        return self.likelihood(self.decoder(z), x).sum(-1), cost, kl, penalty


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data")
    parser.add_argument("name", choices=ROWS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    recipe, code, likelihood = ROWS[arguments.name]
    train, test = images(arguments.data, "train"), images(arguments.data, "t10k")
    if recipe["bits"]:
        test = torch.bernoulli(test)
    model = Model(recipe, code, likelihood)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(recipe["epochs"]):
        for rows in torch.randperm(len(train)).split(recipe["batch"]):
            x = torch.bernoulli(train[rows]) if recipe["bits"] else train[rows]
            seen = x * (torch.rand_like(x) >= recipe["mask"]) if "mask" in recipe else x
            log_p, _, kl, penalty = model(x, seen)
            loss = -(log_p.mean(0) - kl).mean() + penalty
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    total_elbo = total_weights = 0.0
    with torch.no_grad():
        for x in test.split(100):
            log_p, _, kl, _ = model(x, x)
            total_elbo += float((log_p.mean(0) - kl).sum())
            if recipe["bits"] and not isinstance(model.code, (PointCode, CodebookCode)):
                log_p, cost, _, _ = model(x, x, draws=100)
                total_weights += float((torch.logsumexp(log_p - cost, 0) - math.log(100)).sum())
    print(f"{arguments.name}, seed {arguments.seed}: ELBO {total_elbo / len(test):.2f}"
          + (f", by 100 draws {total_weights / len(test):.2f}" if total_weights else ""))


main()
