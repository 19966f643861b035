"""Reference numbers from PyTorch in float64 for tests/models/test_networks.cpp: a small VAE with each kind of network
and what its settings add to it.

Run from anywhere: /usr/bin/python3 tests/golden/make_networks.py   (Debian: python3-torch)
Writes networks.safetensors beside this script. Of each model: the loss of ten steps of Adam, the first gradients, and
the state after.
"""

import torch
import torch.nn.functional as F

from make_golden import HERE, generator, uniform, write_safetensors
from vae_twin import Networks, Tensors, follow

BATCH, LATENT, CLASSES = 4, 2, 3
ROW, ODD, COLOUR = (1, 1, 13), (1, 5, 7), (3, 5, 4)

DENSE, CONV = {"hidden": (12, 12, 8)}, {"hidden": (6,), "channels": (8, 4)}
CASES = {
    "dense": (ROW, DENSE), "dense, batch": (ROW, {**DENSE, "norm": "batch"}),
    "dense, layer": (ROW, {**DENSE, "norm": "layer"}), "dense, group": (ROW, {**DENSE, "norm": "group"}),
    "dense, residual": (ROW, {**DENSE, "residual": True}), "dense, colour": (COLOUR, DENSE),
    "dense, condition": (ROW, DENSE),
    "conv": (ODD, CONV), "conv, batch": (ODD, {**CONV, "norm": "batch"}),
    "conv, layer": (ODD, {**CONV, "norm": "layer"}), "conv, group": (ODD, {**CONV, "norm": "group"}),
    "conv, residual": (ODD, {**CONV, "residual": True}), "conv, colour": (COLOUR, CONV),
    "conv, condition": (COLOUR, CONV),
    "conv, all": (COLOUR, {**CONV, "norm": "group", "residual": True, "hidden": (6, 6)}),
}


def bernoulli(x, y):
    return -F.binary_cross_entropy_with_logits(y[:, 0], x, reduction="none")


if __name__ == "__main__":
    out = {}
    for name, (sample, settings) in CASES.items():
        tensors = Tensors()
        networks = Networks(tensors, sample, latent=LATENT, **settings)
        x = uniform(BATCH, sample[0] * sample[1] * sample[2])
        condition = None
        if "condition" in name or "all" in name:
            condition = F.one_hot(torch.randint(CLASSES, (BATCH,), generator=generator), CLASSES).double()
        follow(out, name, tensors, LATENT, x, lambda noise: networks.bound(x, noise, bernoulli, condition), condition)
    write_safetensors(HERE / "networks.safetensors", out)
