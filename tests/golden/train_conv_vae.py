#!/usr/bin/env python3
"""PyTorch's twin of `vae train --network conv --activation relu --init fan-in --batch-size 128 --data MNIST`: the same
network, losses and optimiser, PyTorch's own initialisation and random numbers. Prints the test ELBO after each epoch,
one draw of z per image, to compare within the noise of seeds. Not part of the tests: an epoch takes half a minute.

Run: /usr/bin/python3 tests/golden/train_conv_vae.py MNIST [--epochs 10] [--seed 0] [--threads 1]
(Debian: python3-torch)
"""

import argparse
import gzip
import pathlib
import time

import torch
import torch.nn.functional as F
from torch import nn


def images(folder, name):
    """The pixels of an IDX file, plain or gzip'ed, as (count, 1, 28, 28) in [0, 1]."""
    path = pathlib.Path(folder) / name
    packed = path.with_name(name + ".gz")
    data = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    pixels = torch.frombuffer(bytearray(data[16:]), dtype=torch.uint8)
    return pixels.reshape(-1, 1, 28, 28).float() / 255


class ConvVae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(64 * 7 * 7, 256), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(256, 20), nn.Linear(256, 20)
        self.decoder = nn.Sequential(
            nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 64 * 7 * 7), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 3, stride=2, padding=1, output_padding=1))

    def elbo(self, x):
        """Nats, the sum over the batch."""
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        logits = self.decoder(mean + torch.exp(log_variance / 2) * torch.randn_like(mean))
        kl = 0.5 * torch.sum(mean.square() + log_variance.exp() - 1 - log_variance)
        return -F.binary_cross_entropy_with_logits(logits, x, reduction="sum") - kl


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("mnist", help="the folder of the four files")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    train, test = images(options.mnist, "train-images-idx3-ubyte"), images(options.mnist, "t10k-images-idx3-ubyte")
    model = ConvVae()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(1, options.epochs + 1):
        start = time.monotonic()
        for rows in torch.randperm(len(train)).split(128):
            optimizer.zero_grad(set_to_none=True)
            (-model.elbo(train[rows]) / len(rows)).backward()
            optimizer.step()
        with torch.no_grad():
            bound = sum(model.elbo(batch).item() for batch in test.split(500)) / len(test)
        print(f"epoch {epoch:3}  test ELBO {bound:.2f}  {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
