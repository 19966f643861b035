"""Reference numbers from PyTorch in float64, for tests/models/test_golden.cpp and tests/nn/test_pytorch.cpp.

Run from anywhere: /usr/bin/python3 tests/golden/make_golden.py   (Debian: python3-torch)
Writes vae.safetensors and ops.safetensors beside this script. All inputs are numbers that a float holds exactly, so
that both builds of Gradus start from the same ones.
"""

import json
import math
import pathlib
import struct

import torch
import torch.nn.functional as F
from torch import distributions

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name in sorted(tensors):
        x = tensors[name].detach().contiguous()
        numbers = struct.pack(f"<{x.numel()}d", *x.flatten().tolist())
        header[name] = {"dtype": "F64", "shape": list(x.shape), "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    print(path.name, len(tensors), "tensors,", path.stat().st_size, "bytes")


generator = torch.Generator().manual_seed(20)


def as_float(x):
    return x.to(torch.float32).to(torch.float64)


def normal(*shape, scale=1.0):
    return as_float(scale * torch.randn(shape, generator=generator))


def uniform(*shape, low=0.0, high=1.0):
    return as_float(low + (high - low) * torch.rand(shape, generator=generator))


# ---- the VAE ----

DATA, HIDDEN, LATENT, BATCH, STEPS = 13, (11, 7), 3, 6, 10


def vae_weights(spread):
    weights = {}

    def layer(name, fan_in, fan_out):
        weights[name + ".weight"] = normal(fan_out, fan_in, scale=fan_in**-0.5)
        weights[name + ".bias"] = normal(fan_out, scale=0.1)

    layer("encoder.hidden.0", DATA, HIDDEN[0])
    layer("encoder.hidden.1", HIDDEN[0], HIDDEN[1])
    layer("encoder.mean", HIDDEN[1], LATENT)
    layer("encoder." + spread, HIDDEN[1], LATENT)
    layer("decoder.hidden.0", LATENT, HIDDEN[1])
    layer("decoder.hidden.1", HIDDEN[1], HIDDEN[0])
    layer("decoder.output", HIDDEN[0], DATA)
    return weights


def vae_loss(w, x, noise, spread, activation, likelihood, beta):
    def layer(name, h):
        return F.linear(h, w[name + ".weight"], w[name + ".bias"])

    h = x
    for i in range(len(HIDDEN)):
        h = activation(layer(f"encoder.hidden.{i}", h))
    mean, s = layer("encoder.mean", h), layer("encoder." + spread, h)
    sigma = torch.exp(s / 2) if spread == "log_variance" else F.softplus(s)
    h = mean + sigma * noise
    for i in range(len(HIDDEN)):
        h = activation(layer(f"decoder.hidden.{i}", h))
    y = layer("decoder.output", h)
    if likelihood == "bernoulli":
        log_likelihood = -F.binary_cross_entropy_with_logits(y, x, reduction="none").sum(-1)
    else:
        log_likelihood = distributions.Normal(y, torch.ones(())).log_prob(x).sum(-1)
    q, p = distributions.Normal(mean, sigma), distributions.Normal(torch.zeros(()), torch.ones(()))
    kl = distributions.kl_divergence(q, p).sum(-1)
    return -(log_likelihood - beta * kl).mean()


def vae_golden(name, spread, activation, likelihood, beta, out):
    weights = vae_weights(spread)
    x = uniform(BATCH, DATA)
    noise = normal(STEPS, BATCH, LATENT)  # of each step; the first is that of loss and gradients as well
    for key, value in weights.items():
        out[f"{name}/weights/{key}"] = value.clone()
        value.requires_grad_()
    out[f"{name}/x"], out[f"{name}/noise"] = x, noise
    optimizer = torch.optim.Adam(weights.values(), lr=1e-2)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = vae_loss(weights, x, noise[step], spread, activation, likelihood, beta)
        loss.backward()
        if step == 0:
            for key, value in weights.items():
                out[f"{name}/gradients/{key}"] = value.grad.clone()
        losses.append(loss.detach())
        optimizer.step()
    out[f"{name}/losses"] = torch.stack(losses)
    for key, value in weights.items():
        out[f"{name}/trained/{key}"] = value.detach().clone()


# ---- ops, distributions, losses: a value and the gradients of its weighted sum ----


def op_golden(out, name, f, *inputs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = f(*inputs)
    weight = normal(*y.shape)
    for i, x in enumerate(inputs):
        out[f"{name}/in.{i}"] = x
    out[f"{name}/weight"], out[f"{name}/value"] = weight, y
    for i, gradient in enumerate(torch.autograd.grad((y * weight).sum(), inputs, allow_unused=True)):
        out[f"{name}/gradient.{i}"] = torch.zeros_like(inputs[i]) if gradient is None else gradient


def ops_golden(out):
    def op(name, f, *inputs):
        op_golden(out, name, f, *inputs)

    def anywhere(*shape):
        return normal(*shape)

    def positive(*shape):
        return uniform(*shape, low=0.3, high=2.5)

    def off_zero(*shape):
        return as_float(torch.where(uniform(*shape) < 0.5, -1.0, 1.0) * positive(*shape))

    def distinct(*shape):
        order = torch.randperm(math.prod(shape), generator=generator)
        return as_float(0.3 * order.reshape(shape).double() - 1.5)

    def whole(*shape):
        return torch.round(2 * normal(*shape))

    pairs = {"same": ((5, 4), (5, 4)), "outer": ((3, 1), (1, 4)), "grow": ((3,), (2, 1, 1))}
    for shapes, (a, b) in pairs.items():
        op(f"add:{shapes}", lambda x, y: x + y, anywhere(*a), anywhere(*b))
        op(f"sub:{shapes}", lambda x, y: x - y, anywhere(*a), anywhere(*b))
        op(f"mul:{shapes}", lambda x, y: x * y, anywhere(*a), anywhere(*b))
        op(f"div:{shapes}", lambda x, y: x / y, anywhere(*a), positive(*b))
        op(f"pow:{shapes}", torch.pow, positive(*a), anywhere(*b))
        op(f"min:{shapes}", torch.minimum, anywhere(*a), anywhere(*b))
        op(f"max:{shapes}", torch.maximum, anywhere(*a), anywhere(*b))
        op(f"where:{shapes}", lambda x, y: torch.where(x > 0, x, y), off_zero(*a), anywhere(*b))
        for name, compare in {"lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge, "eq": torch.eq}.items():
            op(f"{name}:{shapes}", lambda x, y: compare(x, y) * x, whole(*a), whole(*b))

    functions = {
        "neg": (torch.neg, anywhere), "add_number": (lambda x: x + 1.25, anywhere),
        "sub_number": (lambda x: x - 1.25, anywhere), "mul_number": (lambda x: x * 1.25, anywhere),
        "div_number": (lambda x: x / 1.25, anywhere), "number_add": (lambda x: 1.25 + x, anywhere),
        "number_sub": (lambda x: 1.25 - x, anywhere), "number_mul": (lambda x: 1.25 * x, anywhere),
        "number_div": (lambda x: 1.25 / x, positive), "exp": (torch.exp, anywhere), "log": (torch.log, positive),
        "log1p": (torch.log1p, positive), "expm1": (torch.expm1, anywhere), "sqrt": (torch.sqrt, positive),
        "tanh": (torch.tanh, anywhere), "sigmoid": (torch.sigmoid, anywhere), "softplus": (F.softplus, anywhere),
        "erf": (torch.erf, anywhere), "pow_number": (lambda x: x**-1.5, positive), "square": (lambda x: x**2, anywhere),
        "abs": (torch.abs, off_zero), "clamp": (lambda x: x.clamp(-0.5, 0.75), anywhere), "relu": (F.relu, off_zero),
        "elu": (F.elu, off_zero), "elu_alpha": (lambda x: F.elu(x, 0.25), off_zero),
        "leaky_relu": (F.leaky_relu, off_zero), "leaky_relu_slope": (lambda x: F.leaky_relu(x, 0.25), off_zero),
        "silu": (F.silu, anywhere), "gelu": (F.gelu, anywhere), "sum": (torch.sum, anywhere),
        "mean": (torch.mean, anywhere), "max_all": (torch.max, distinct),
        "logsumexp": (lambda x: torch.logsumexp(x.flatten(), 0), anywhere),
    }
    for name, (f, domain) in functions.items():
        op(f"{name}:one", f, domain(1))
        op(f"{name}:odd", f, domain(19))

    shape = (2, 3, 4)
    for axes in (0, 1, 2, -1):
        op(f"sum_axis:{axes}", lambda x: x.sum(axes), anywhere(*shape))
        op(f"mean_axis:{axes}", lambda x: x.mean(axes), anywhere(*shape))
        op(f"max_axis:{axes}", lambda x: x.amax(axes, keepdim=True), distinct(*shape))
        op(f"logsumexp_axis:{axes}", lambda x: torch.logsumexp(x, axes, keepdim=True), anywhere(*shape))
        op(f"softmax:{axes}", lambda x: torch.softmax(x, axes), anywhere(*shape))
        op(f"log_softmax:{axes}", lambda x: torch.log_softmax(x, axes), anywhere(*shape))
    op("sum_axes", lambda x: x.sum((0, 2)), anywhere(*shape))
    op("mean_axes", lambda x: x.mean((0, 2)), anywhere(*shape))
    op("max_axes", lambda x: x.amax((0, 2)), distinct(*shape))
    op("logsumexp_axes", lambda x: torch.logsumexp(x, (0, 2)), anywhere(*shape))
    op("argmax", lambda x: x.gather(1, x.argmax(1, keepdim=True)), distinct(4, 3))

    op("transpose", lambda x: x.transpose(-1, -2), anywhere(*shape))
    op("permute", lambda x: x.permute(2, 0, 1), anywhere(*shape))
    op("reshape", lambda x: x.permute(2, 0, 1).reshape(6, 4), anywhere(*shape))
    op("slice", lambda x: x[:, 1:3], anywhere(*shape))
    op("pad", lambda x: F.pad(x, (0, 0, 2, 1)), anywhere(*shape))
    op("concat", lambda x, y: torch.cat([x, y, x], 1), anywhere(2, 3), anywhere(2, 1))
    op("broadcast_to", lambda x: x.expand(2, 3, 4), anywhere(3, 1))
    op("sum_to", lambda x: x.sum_to_size(3, 1), anywhere(*shape))
    rows = torch.tensor([[3, 0, 1], [3, 2, 1]])
    op("gather", lambda x: x.gather(0, rows), anywhere(4, 3))
    op("scatter_add", lambda x: torch.zeros(5, 3).scatter_add(0, rows, x), anywhere(2, 3))
    op("matmul", torch.matmul, anywhere(5, 7), anywhere(7, 19))
    op("matmul_transposed", lambda a, b: a.T @ b.T, anywhere(7, 5), anywhere(19, 7))
    op("linear", F.linear, anywhere(6, 5), anywhere(17, 5), anywhere(17))
    op("linear_rank3", F.linear, anywhere(2, 3, 5), anywhere(4, 5), anywhere(4))

    def gaussian(mean, log_variance):
        return distributions.Normal(mean, torch.exp(log_variance / 2))

    for shapes, (a, b) in pairs.items():
        op(f"normal_log_prob:{shapes}", lambda x, mean, lv: gaussian(mean, lv).log_prob(x), anywhere(*a), anywhere(*b),
           anywhere(*b))
        op(f"normal_rsample:{shapes}", lambda mean, lv, noise: mean + torch.exp(lv / 2) * noise, anywhere(*a),
           anywhere(*a), anywhere(*b))
        op(f"unit_normal_log_prob:{shapes}", lambda x, mean: distributions.Normal(mean, torch.ones(())).log_prob(x),
           anywhere(*a), anywhere(*b))
        op(f"bernoulli_log_prob:{shapes}",
           lambda x, logits: distributions.Bernoulli(logits=logits, validate_args=False).log_prob(x), uniform(*a),
           as_float(4 * anywhere(*b)))
        op(f"kl_normal:{shapes}",
           lambda m, lv, pm, plv: distributions.kl_divergence(gaussian(m, lv), gaussian(pm, plv)), anywhere(*a),
           anywhere(*a), anywhere(*b), anywhere(*b))
    op("bernoulli_mean", lambda logits: distributions.Bernoulli(logits=logits).mean, anywhere(4, 5))
    standard = distributions.Normal(torch.zeros(()), torch.ones(()))
    op("kl_standard", lambda m, lv: distributions.kl_divergence(gaussian(m, lv), standard), anywhere(4, 5),
       anywhere(4, 5))
    op("bce_with_logits", lambda l, t: F.binary_cross_entropy_with_logits(l, t, reduction="sum") / 6, anywhere(6, 5),
       uniform(6, 5))
    op("mse", F.mse_loss, anywhere(6, 5), anywhere(6, 5))
    op("cross_entropy", lambda l: F.cross_entropy(l, torch.tensor([2, 0, 3, 3])), anywhere(4, 5))


# ---- optimisers: five steps of given gradients ----


def optimizer_golden(out, name, make):
    x = [normal(19), normal(3, 4)]
    for i, value in enumerate(x):
        out[f"{name}/start.{i}"] = value.clone()
        value.requires_grad_()
    optimizer = make(x)
    for step in range(5):
        for i, value in enumerate(x):
            value.grad = normal(*value.shape)
            out[f"{name}/gradient.{step}.{i}"] = value.grad.clone()
        optimizer.step()
        for i, value in enumerate(x):
            out[f"{name}/after.{step}.{i}"] = value.detach().clone()


if __name__ == "__main__":
    vae, ops = {}, {}
    vae_golden("bernoulli", "log_variance", F.elu, "bernoulli", 1.0, vae)
    vae_golden("gaussian", "sigma", torch.tanh, "gaussian", 0.7, vae)
    ops_golden(ops)
    optimizer_golden(ops, "sgd", lambda x: torch.optim.SGD(x, lr=0.1))
    optimizer_golden(ops, "sgd_momentum", lambda x: torch.optim.SGD(x, lr=0.1, momentum=0.9))
    optimizer_golden(ops, "adam", lambda x: torch.optim.Adam(x, lr=1e-2))
    optimizer_golden(ops, "adam_other", lambda x: torch.optim.Adam(x, lr=0.1, betas=(0.5, 0.75), eps=1e-3))
    write_safetensors(HERE / "vae.safetensors", vae)
    write_safetensors(HERE / "ops.safetensors", ops)
