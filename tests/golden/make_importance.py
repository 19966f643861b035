"""PyTorch's importance-sampled log p(x), in float64, for tests/models/test_evaluation.cpp.

Run from anywhere: /usr/bin/python3 tests/golden/make_importance.py   (Debian: python3-torch)
Writes importance.safetensors beside this script: the weights of a small VAE as a checkpoint has them, twelve images as
bytes, and for each the mean of 200,000 importance weights with its standard error, both as logarithms and in log p(x).
The noise is PyTorch's own: two programs agree here as two measurements do.

With a run: make_importance.py RUN DRAWS N prints the mean over the first N test images of MNIST ($MNIST) by the weights of
RUN/last.safetensors, of a dense tanh network trained on bits, for `vae evaluate RUN --per-sample`.
"""

import gzip
import json
import math
import os
import pathlib
import struct
import sys

import torch
import torch.nn.functional as F

from make_golden import HERE, normal, write_safetensors

DATA, HIDDEN, LATENT, IMAGES, DRAWS = 30, 12, 4, 12, 200_000


def log_weights(w, x, draws, generator):
    """log p(x|z) + log p(z) - log q(z|x) of one image, (draws)."""

    def layer(name, h):
        return F.linear(h, w[name + ".weight"], w[name + ".bias"])

    def hidden(half, h):
        i = 0
        while f"{half}.hidden.{i}.weight" in w:
            h, i = torch.tanh(layer(f"{half}.hidden.{i}", h)), i + 1
        return h

    h = hidden("encoder", x)
    mean, log_variance = layer("encoder.mean", h), layer("encoder.log_variance", h)
    noise = torch.randn((draws, len(mean)), generator=generator)
    z = mean + torch.exp(log_variance / 2) * noise
    y = layer("decoder.output", hidden("decoder", z))
    log_p = -F.binary_cross_entropy_with_logits(y, x.expand_as(y), reduction="none").sum(-1)
    # The densities' constants, -½ log 2π of each dimension, are the same above and below.
    return log_p - (z.square() - noise.square() - log_variance).sum(-1) / 2


def estimate(w, x, draws, generator):
    log_w = log_weights(w, x, draws, generator)
    ratios = torch.exp(log_w - torch.logsumexp(log_w, 0) + math.log(draws))
    return torch.logsumexp(log_w, 0) - math.log(draws), ratios.std() / math.sqrt(draws)


def golden():
    w = {}
    for name, fan_in, fan_out in [("encoder.hidden.0", DATA, HIDDEN), ("encoder.mean", HIDDEN, LATENT),
                                  ("encoder.log_variance", HIDDEN, LATENT), ("decoder.hidden.0", LATENT, HIDDEN),
                                  ("decoder.output", HIDDEN, DATA)]:
        # The heads say little, as a q that is near the posterior of so small a decoder: few weights outweigh the rest.
        w[name + ".weight"] = normal(fan_out, fan_in, scale=(0.2 if fan_out == LATENT else 0.6) * fan_in**-0.5)
        w[name + ".bias"] = normal(fan_out, scale=0.1)
    generator = torch.Generator().manual_seed(5)
    bits = (torch.rand((IMAGES, DATA), generator=generator) < 0.3).to(torch.float64)
    found = [estimate(w, x, DRAWS, generator) for x in bits]
    out = {"weights/" + name: value for name, value in w.items()}
    out |= {"pixels": 255 * bits, "log_p": torch.stack([log_p for log_p, _ in found]),
            "error": torch.stack([error for _, error in found])}
    write_safetensors(HERE / "importance.safetensors", out)


def philox(counter):
    """The block function of tensor/random.h with seed 0; stream 6 is that of test images' bits."""
    a, b, c, d = counter
    for i in range(10):
        k0, k1 = i * 0x9E3779B9 % 2**32, i * 0xBB67AE85 % 2**32
        p, q = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (q >> 32) ^ b ^ k0, q % 2**32, (p >> 32) ^ d ^ k1, p % 2**32
    return a, b, c, d


def of_run(run, draws, count):
    data = (pathlib.Path(run) / "last.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    w = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name.startswith(("encoder.", "decoder.")):
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            w[name] = torch.tensor(struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])).reshape(entry["shape"])
    images = gzip.open(os.path.join(os.environ["MNIST"], "t10k-images-idx3-ubyte.gz")).read()[16:]
    generator, total, variance = torch.Generator().manual_seed(6), 0.0, 0.0
    for i in range(count):
        x = torch.tensor(list(images[784 * i : 784 * (i + 1)])) / 255
        words = [word for block in range(784 * i, 784 * i + 196) for word in philox((block, 0, 6, 0))]
        bits = (torch.tensor([(word >> 8) * 2.0**-24 for word in words]) < x).to(torch.float64)
        log_p, error = estimate(w, bits, draws, generator)
        total, variance = total + log_p.item() / count, variance + error.item() ** 2 / count**2
    print(f"log p(x) {total:.4f} ± {math.sqrt(variance):.4f} (of the draws), {count} images, {draws} draws each")


if len(sys.argv) == 4:
    of_run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
else:
    golden()
