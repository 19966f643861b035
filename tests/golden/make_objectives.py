"""Reference numbers from PyTorch in float64, for tests/models/test_objective.cpp.

Run from anywhere: /usr/bin/python3 tests/golden/make_objectives.py   (Debian: python3-torch)
Writes objectives.safetensors beside this script: the VAE of make_golden.py under every objective with four draws of z,
the loss, the gradients of all parameters and ten steps of Adam. DReG and STL are written here as their papers have them,
by surrogate losses and a hook on z, and not as Gradus has them.
"""

import math

import torch
import torch.nn.functional as F
from torch import distributions

from make_golden import BATCH, DATA, HERE, HIDDEN, LATENT, STEPS, normal, uniform, vae_weights, write_safetensors

DRAWS = 4
NORMAL = distributions.Normal(torch.zeros(()), torch.ones(()))


def parts(w, x, noise, stopped):
    """log p(x|z) + log p(z), log q(z|x), each (K, B); z."""

    def layer(name, h):
        return F.linear(h, w[name + ".weight"], w[name + ".bias"])

    h = x
    for i in range(len(HIDDEN)):
        h = torch.tanh(layer(f"encoder.hidden.{i}", h))
    mean, sigma = layer("encoder.mean", h), torch.exp(layer("encoder.log_variance", h) / 2)
    z = mean + sigma * noise  # (K, B, Z)
    q = distributions.Normal(mean.detach(), sigma.detach()) if stopped else distributions.Normal(mean, sigma)
    h = z
    for i in range(len(HIDDEN)):
        h = torch.tanh(layer(f"decoder.hidden.{i}", h))
    y = layer("decoder.output", h)
    log_p = -F.binary_cross_entropy_with_logits(y, x.expand_as(y), reduction="none").sum(-1)
    return log_p + NORMAL.log_prob(z).sum(-1), q.log_prob(z).sum(-1), z


def elbo(w, x, noise):
    """The KL divergence in closed form, the likelihood's mean over the draws."""
    joint, log_q, z = parts(w, x, noise, stopped=False)

    def layer(name, h):
        return F.linear(h, w[name + ".weight"], w[name + ".bias"])

    h = x
    for i in range(len(HIDDEN)):
        h = torch.tanh(layer(f"encoder.hidden.{i}", h))
    q = distributions.Normal(layer("encoder.mean", h), torch.exp(layer("encoder.log_variance", h) / 2))
    log_p = joint - NORMAL.log_prob(z).sum(-1)
    value = (log_p.mean(0) - distributions.kl_divergence(q, NORMAL).sum(-1)).mean()
    return -value, -value


def stl(w, x, noise):
    joint, log_q, _ = parts(w, x, noise, stopped=True)
    value = (joint - log_q).mean()
    return -value, -value


def iwae(w, x, noise):
    joint, log_q, _ = parts(w, x, noise, stopped=False)
    value = (torch.logsumexp(joint - log_q, 0) - math.log(DRAWS)).mean()
    return -value, -value


def dreg(w, x, noise):
    """The surrogate: decoder by the normalised weights, encoder by their squares, through a hook on z."""
    joint, log_q, z = parts(w, x, noise, stopped=True)
    log_w = joint - log_q
    weights = torch.softmax(log_w, 0).detach()
    if z.requires_grad:
        z.register_hook(lambda gradient: weights.unsqueeze(-1) * gradient)
    value = (torch.logsumexp(log_w, 0) - math.log(DRAWS)).mean()
    return -value, -(weights * log_w).sum(0).mean()


def follow(name, objective, out):
    weights = vae_weights("log_variance")
    x, noise = uniform(BATCH, DATA), normal(STEPS, DRAWS, BATCH, LATENT)
    for key, value in weights.items():
        out[f"{name}/weights/{key}"] = value.clone()
        value.requires_grad_()
    out[f"{name}/x"], out[f"{name}/noise"] = x, noise
    optimizer = torch.optim.Adam(weights.values(), lr=1e-2)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss, surrogate = objective(weights, x, noise[step])
        surrogate.backward()
        if step == 0:
            for key, value in weights.items():
                out[f"{name}/gradients/{key}"] = value.grad.clone()
        losses.append(loss.detach())
        optimizer.step()
    out[f"{name}/losses"] = torch.stack(losses)
    for key, value in weights.items():
        out[f"{name}/trained/{key}"] = value.detach().clone()


out = {}
for name, objective in (("elbo", elbo), ("stl", stl), ("iwae", iwae), ("dreg", dreg)):
    follow(name, objective, out)
write_safetensors(HERE / "objectives.safetensors", out)
