"""Jacobian-vector and Hessian-vector products from PyTorch in float64, for tests/nn/test_autodiff.cpp.

Run from anywhere: /usr/bin/python3 tests/golden/make_autodiff.py   (Debian: python3-torch)
Writes autodiff.safetensors beside this script, from inputs that a float holds exactly.
"""

import torch
import torch.nn.functional as F

from make_golden import HERE, generator, normal, uniform, write_safetensors

generator.manual_seed(31)
out = {}


def product(name, take, f, *inputs):
    v = tuple(normal(*x.shape) for x in inputs)
    value, products = take(f, inputs, v)
    for i, x in enumerate(inputs):
        out[f"{name}/in.{i}"], out[f"{name}/v.{i}"] = x, v[i]
    for i, p in enumerate(products if isinstance(products, tuple) else (products,)):
        out[f"{name}/product.{i}"] = p
    out[f"{name}/value"] = value


def jvp(name, f, *inputs):
    product("jvp " + name, torch.autograd.functional.jvp, f, *inputs)


def hvp(name, f, *inputs):
    product("hvp " + name, torch.autograd.functional.hvp, f, *inputs)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def perceptron(x, w, b, u):
    return F.linear(torch.tanh(F.linear(x, w, b)), u)


def perceptron_shapes(batch):
    return normal(batch, 5), normal(7, 5, scale=0.4), normal(7), normal(3, 7, scale=0.4)


for batch in (0, 1, 6):
    jvp(f"perceptron:{batch}", perceptron, *perceptron_shapes(batch))
    hvp(f"perceptron:{batch}", lambda *p: (perceptron(*p) ** 2).sum(), *perceptron_shapes(batch))
for name, (a, b) in {"same": ((5, 4), (5, 4)), "outer": ((3, 1), (1, 4)), "grow": ((3,), (2, 1, 1))}.items():
    jvp(f"quotient:{name}", lambda x, y: torch.exp(x) / y, normal(*a), uniform(*b, low=0.5, high=2))
    hvp(f"quotient:{name}", lambda x, y: (torch.exp(x) / y).sum(), normal(*a), uniform(*b, low=0.5, high=2))
jvp("transposed", lambda x, y: x.T @ torch.sigmoid(y).T, normal(4, 3), normal(5, 4))
jvp("softmax", lambda x: torch.softmax(x, 1), normal(4, 6))
jvp("number", lambda x: torch.logsumexp(x.flatten(), 0), normal(3, 4))
hvp("rosenbrock", rosenbrock, normal(9))
hvp("logsumexp", lambda x: torch.logsumexp(x, 1).sum(), normal(4, 6))
hvp("bce", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="sum"), normal(4, 6), uniform(4, 6))
write_safetensors(HERE / "autodiff.safetensors", out)
