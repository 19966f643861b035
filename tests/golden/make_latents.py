"""Reference numbers from PyTorch in float64 for every kind of code, for tests/models/test_latents_pytorch.cpp.

Run from anywhere: /usr/bin/python3 tests/golden/make_latents.py   (Debian: python3-torch)
Writes latents.safetensors beside this script: of tiny models the weights, and by these the loss, its gradient and the
losses of ten steps of Adam. The noise is that of tensor/random.h, written here a second time from its description: one
for each build of Gradus, for float and double take different words for a number.
"""

import math

import torch
import torch.nn.functional as F
from make_golden import HERE, as_float, normal, uniform, write_safetensors
from torch.distributions import Laplace, Normal, kl_divergence

DATA, HIDDEN, LATENT, BATCH, STEPS = 7, 6, 3, 5, 10

# ---- the noise: Philox 4x32-10, and what is made of its words ----

WORD = 2**32 - 1


def philox(counter, key):
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        p, q = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (q >> 32) ^ b ^ k0, q & WORD, (p >> 32) ^ d ^ k1, p & WORD
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return a, b, c, d


class Noise:
    """The stream 0 of a seed, in one of the two builds."""

    def __init__(self, seed, build):
        self.key, self.build, self.counter = (seed & WORD, seed >> 32), build, 0
        self.per_block = 4 if build == "float" else 2

    def blocks(self, n):
        count = -(-n // self.per_block)
        found = [philox((i & WORD, i >> 32, 0, 0), self.key) for i in range(self.counter, self.counter + count)]
        self.counter += count
        return found

    def normal(self, *shape):
        numbers = []
        for w in self.blocks(math.prod(shape)):
            if self.build == "float":
                pairs = [(((w[k] >> 1) + 0.5) * 2**-31, (w[k + 1] >> 8) * 2**-24) for k in (0, 2)]
            else:
                u, v = [((w[k] >> 5) * 2**26 + (w[k + 1] >> 6)) * 2**-53 for k in (0, 2)]
                pairs = [(u + 2**-54, v)]
            for u, v in pairs:
                radius, angle = math.sqrt(-2 * math.log(u)), 2 * math.pi * v - math.pi / 4
                numbers += [radius * math.cos(angle), radius * math.sin(angle)]
        return torch.tensor(numbers[: math.prod(shape)]).reshape(shape)

    def signed_uniform(self, *shape):
        numbers = []
        for words in self.blocks(math.prod(shape)):
            for k in range(self.per_block):
                if self.build == "float":
                    at, last, bits, more, digits = k, k, 31, 32, 24
                    n = words[k] >> 1
                else:
                    at, last, bits, more, digits = 2 * k, 2 * k + 1, 58, 10, 53
                    n = (words[at] >> 5) << 31 | words[last] >> 1
                again = words
                while n >> digits == 0:
                    again = philox(again, self.key)
                    n, bits = n << more | again[at] >> (32 - more), bits + more
                numbers.append((-1 if words[last] & 1 else 1) * n * 2.0**-bits)
        return torch.tensor(numbers[: math.prod(shape)]).reshape(shape)


# ---- the models ----


def linear_weights(name, fan_in, fan_out):
    return {name + ".weight": normal(fan_out, fan_in, scale=fan_in**-0.5), name + ".bias": normal(fan_out, scale=0.1)}


class Model:
    """Weights by their names in Gradus, and draws of the code with their price."""

    latent = LATENT  # numbers that the decoder sees

    def __init__(self, heads):
        self.buffers = {}
        self.weights = linear_weights("encoder.hidden.0", DATA, HIDDEN)
        for head, width in heads.items():
            self.weights |= linear_weights("encoder." + head, HIDDEN, width)
        self.weights |= linear_weights("decoder.hidden.0", self.latent, HIDDEN)
        self.weights |= linear_weights("decoder.output", HIDDEN, DATA)

    def layer(self, name, x):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def features(self, x):
        return F.elu(self.layer("encoder.hidden.0", x))

    def gaussian(self, h, at="encoder"):
        return Normal(self.layer(at + ".mean", h), torch.exp(self.layer(at + ".log_variance", h) / 2))

    def log_likelihood(self, x, z):
        y = self.layer("decoder.output", F.elu(self.layer("decoder.hidden.0", z)))
        return -F.binary_cross_entropy_with_logits(y, x.expand(y.shape), reduction="none").sum(-1)

    def step(self, x):  # after a draw in training
        pass


STANDARD = Normal(torch.tensor(0.0), torch.tensor(1.0))


class Gaussian(Model):
    def __init__(self):
        super().__init__({"mean": LATENT, "log_variance": LATENT})

    def draw(self, x, K, exact, noise):
        q = self.gaussian(self.features(x))
        z = q.mean + q.stddev * noise.normal(K, BATCH, LATENT)
        return z, (kl_divergence(q, STANDARD) if exact else q.log_prob(z) - STANDARD.log_prob(z)).sum(-1), 0


class LaplaceCodes(Model):
    def __init__(self):
        super().__init__({"mean": LATENT, "log_scale": LATENT})

    def draw(self, x, K, exact, noise):
        h = self.features(x)
        q = Laplace(self.layer("encoder.mean", h), torch.exp(self.layer("encoder.log_scale", h)))
        p = Laplace(torch.tensor(0.0), torch.tensor(1.0))
        n = noise.signed_uniform(K, BATCH, LATENT)
        z = q.mean - q.scale * torch.sign(n) * torch.log(torch.abs(n))  # |log u| with a sign of its own
        return z, (kl_divergence(q, p) if exact else q.log_prob(z) - p.log_prob(z)).sum(-1), 0


class Point(Model):
    def __init__(self):
        super().__init__({"code": LATENT})
        self.buffers = {"encoder.fitted.mean": torch.zeros(LATENT), "encoder.fitted.factor": torch.eye(LATENT)}

    def draw(self, x, K, exact, noise):
        return self.layer("encoder.code", self.features(x)).expand(K, BATCH, LATENT), 0, 0


class Sparse(Point):
    def draw(self, x, K, exact, noise):
        z = torch.sigmoid(self.layer("encoder.code", self.features(x)))
        active, target = z.mean(0), torch.tensor(0.2)
        penalty = target * torch.log(target / active) + (1 - target) * torch.log((1 - target) / (1 - active))
        return z.expand(K, BATCH, LATENT), 0, 0.3 * penalty.sum()


class Vamp(Gaussian):
    def __init__(self):
        super().__init__()
        self.weights["encoder.pseudo_inputs"] = uniform(4, DATA, low=-0.2, high=1.2)

    def draw(self, x, K, exact, noise):
        q = self.gaussian(self.features(x))
        z = q.mean + q.stddev * noise.normal(K, BATCH, LATENT)
        u = self.gaussian(self.features(self.weights["encoder.pseudo_inputs"].clamp(0, 1)))
        one_by_one = [Normal(m, s).log_prob(z).sum(-1) for m, s in zip(u.mean, u.stddev)]
        log_prior = torch.logsumexp(torch.stack(one_by_one), 0) - math.log(4)
        return z, q.log_prob(z).sum(-1) - log_prior, 0


class TwoLayer(Gaussian):
    UPPER, BETWEEN = 2, 4

    def __init__(self):
        super().__init__()
        for name, fan_in, out in (("upper", LATENT, self.UPPER), ("conditional", self.UPPER, LATENT)):
            self.weights |= linear_weights(f"encoder.{name}.hidden", fan_in, self.BETWEEN)
            self.weights |= linear_weights(f"encoder.{name}.mean", self.BETWEEN, out)
            self.weights |= linear_weights(f"encoder.{name}.log_variance", self.BETWEEN, out)

    def between(self, name, z):
        return self.gaussian(F.elu(self.layer(f"encoder.{name}.hidden", z)), "encoder." + name)

    def draw(self, x, K, exact, noise):
        q1 = self.gaussian(self.features(x))
        z1 = q1.mean + q1.stddev * noise.normal(K, BATCH, LATENT)
        q2 = self.between("upper", z1)
        z2 = q2.mean + q2.stddev * noise.normal(K, BATCH, self.UPPER)
        p1 = self.between("conditional", z2)
        upper = kl_divergence(q2, STANDARD) if exact else q2.log_prob(z2) - STANDARD.log_prob(z2)
        return z1, (q1.log_prob(z1) - p1.log_prob(z1)).sum(-1) + upper.sum(-1), 0


class Flow(Gaussian):
    """The determinant is taken of the Jacobian itself."""

    def draw(self, x, K, exact, noise):
        h = self.features(x)
        q0 = self.gaussian(h)
        z0 = q0.mean + q0.stddev * noise.normal(K, BATCH, LATENT)
        z, log_det = [], []
        for k in range(K):
            for b in range(BATCH):
                carry = lambda one: self.carry(one, h[b])
                z.append(carry(z0[k, b]))
                J = torch.autograd.functional.jacobian(carry, z0[k, b], create_graph=True)
                log_det.append(torch.log(torch.abs(torch.det(J))))
        z, log_det = torch.stack(z).reshape(z0.shape), torch.stack(log_det).reshape(K, BATCH)
        return z, q0.log_prob(z0).sum(-1) - log_det - STANDARD.log_prob(z).sum(-1), 0


class Planar(Flow):
    COUNT = 3

    def __init__(self):
        super().__init__()
        for name, width in (("u", self.COUNT * LATENT), ("w", self.COUNT * LATENT), ("b", self.COUNT)):
            self.weights |= linear_weights("encoder.flow." + name, HIDDEN, width)

    def carry(self, z, h):
        us, ws, bs = [self.layer("encoder.flow." + name, h).reshape(self.COUNT, -1) for name in "uwb"]
        for u, w, b in zip(us, ws, bs):
            u = u + (-1 + F.softplus(w @ u) - w @ u) * w / (w @ w)
            z = z + u * torch.tanh(w @ z + b)
        return z


class Autoregressive(Flow):
    COUNT, UNITS = 2, 5

    def __init__(self):
        super().__init__()
        for i in range(self.COUNT):
            at = f"encoder.flow.steps.{i}."
            self.weights[at + "input"] = normal(self.UNITS, LATENT, scale=LATENT**-0.5)
            self.weights |= linear_weights(at + "features", HIDDEN, self.UNITS)
            self.weights |= linear_weights(at + "output", self.UNITS, 2 * LATENT)

    def carry(self, z, h):
        for i in range(self.COUNT):
            at = f"encoder.flow.steps.{i}."
            if i > 0:
                z = z.flip(-1)
            degree = [j % LATENT for j in range(self.UNITS)]
            sees = torch.tensor([[float(d > j) for j in range(LATENT)] for d in degree])
            shows = torch.tensor([[float(d <= j % LATENT) for d in degree] for j in range(2 * LATENT)])
            hidden = F.elu(F.linear(z, sees * self.weights[at + "input"]) + self.layer(at + "features", h))
            out = F.linear(hidden, shows * self.weights[at + "output.weight"], self.weights[at + "output.bias"])
            keep = torch.sigmoid(out[LATENT:] + 2)
            z = keep * z + (1 - keep) * out[:LATENT]
        return z


class Codebook(Model):
    SIZE, PLACES, DECAY = 5, 8, 0.9
    latent = LATENT * PLACES

    def __init__(self, by_loss):
        super().__init__({"head": LATENT * self.PLACES})
        self.by_loss, codes = by_loss, normal(self.SIZE, LATENT, scale=0.7)
        self.buffers = {"encoder.codebook.counts": as_float(torch.full((self.PLACES, self.SIZE), 1 / self.PLACES))}
        if by_loss:
            self.weights["encoder.codebook.codes"] = codes
        else:
            self.buffers |= {"encoder.codebook.codes": codes, "encoder.codebook.sums": codes.clone()}

    def draw(self, x, K, exact, noise):
        at = "encoder.codebook.codes"
        codes = self.weights[at] if self.by_loss else self.buffers[at]
        z = self.layer("encoder.head", self.features(x)).reshape(BATCH, self.PLACES, LATENT)
        self.seen, self.chosen = z.detach(), torch.cdist(z.detach(), codes.detach()[None]).argmin(-1)
        e = codes[self.chosen]
        penalty = 0.25 * ((z - e.detach()) ** 2).sum((1, 2))
        if self.by_loss:
            penalty = penalty + ((z.detach() - e) ** 2).sum((1, 2))
        straight = (z + (e - z).detach()).transpose(1, 2).reshape(BATCH, -1)
        return straight.expand(K, BATCH, -1), self.PLACES * math.log(self.SIZE), penalty.mean()

    def step(self, x):
        counts, keep = self.buffers["encoder.codebook.counts"], self.DECAY
        one_hot = F.one_hot(self.chosen, self.SIZE).double()  # (B, P, S)
        counts = keep * counts + (1 - keep) * one_hot.sum(0)
        self.buffers["encoder.codebook.counts"] = counts
        if self.by_loss:
            return
        new = torch.einsum("bps,bpz->sz", one_hot, self.seen)
        sums = keep * self.buffers["encoder.codebook.sums"] + (1 - keep) * new
        n = counts.sum(0)
        smoothed = (n + 1e-5) / (n.sum() + self.SIZE * 1e-5) * n.sum()
        self.buffers |= {"encoder.codebook.sums": sums, "encoder.codebook.codes": sums / smoothed[:, None]}


# ---- what is stored ----


def loss_of(model, x, K, weighs, noise):
    z, kl, penalty = model.draw(x, K, not weighs, noise)
    log_p = model.log_likelihood(x, z)  # (K, B)
    if weighs:
        return -(torch.logsumexp(log_p - kl, 0) - math.log(K)).mean()
    return -(log_p - kl).mean() + penalty


def golden(out, name, make, K, weighs=False):
    model = make()
    x = uniform(BATCH, DATA)
    out[f"{name}/x"] = x
    begin = {key: value.clone() for key, value in (model.weights | model.buffers).items()}
    for key, value in begin.items():
        out[f"{name}/weights/{key}"] = value
    for build in ("float", "double"):
        for key in model.weights:
            model.weights[key] = begin[key].clone().requires_grad_()
        for key in model.buffers:
            model.buffers[key] = begin[key].clone()
        noise, losses = Noise(7, build), []
        optimizer = torch.optim.Adam(model.weights.values(), lr=1e-2)
        for step in range(STEPS):
            optimizer.zero_grad()
            loss = loss_of(model, x, K, weighs, noise)
            loss.backward()
            if step == 0:
                for key, value in model.weights.items():
                    out[f"{name}/{build}/gradients/{key}"] = value.grad.clone()
            losses.append(loss.detach())
            optimizer.step()
            model.step(x)
        out[f"{name}/{build}/losses"] = torch.stack(losses)
        for key, value in model.buffers.items():
            out[f"{name}/{build}/buffers/{key}"] = value.clone()


if __name__ == "__main__":
    out = {}
    golden(out, "gaussian", Gaussian, 2)
    golden(out, "gaussian-iwae", Gaussian, 3, weighs=True)
    golden(out, "laplace", LaplaceCodes, 2)
    golden(out, "laplace-iwae", LaplaceCodes, 3, weighs=True)
    golden(out, "point", Point, 1)
    golden(out, "sparse", Sparse, 1)
    golden(out, "planar", Planar, 2)
    golden(out, "planar-iwae", Planar, 3, weighs=True)
    golden(out, "iaf", Autoregressive, 2)
    golden(out, "iaf-iwae", Autoregressive, 3, weighs=True)
    golden(out, "vamp", Vamp, 2)
    golden(out, "vamp-iwae", Vamp, 3, weighs=True)
    golden(out, "two-layer", TwoLayer, 2)
    golden(out, "two-layer-iwae", TwoLayer, 3, weighs=True)
    golden(out, "codebook-averages", lambda: Codebook(False), 1)
    golden(out, "codebook-loss", lambda: Codebook(True), 1)
    write_safetensors(HERE / "latents.safetensors", out)
