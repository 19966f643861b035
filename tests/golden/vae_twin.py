"""PyTorch's twin of the models that models/model.h puts together, in float64: networks by the names of their tensors,
a Gaussian latent whose noise is given, a loss, and ten steps of Adam. For make_likelihoods.py and make_networks.py.
"""

import torch
import torch.nn.functional as F

from make_golden import normal

STEPS, LR, EPS = 10, 1e-2, 1e-3  # the large epsilon: gradients that vanish by symmetry stay so


class Tensors:
    """Parameters and buffers, made when they are first asked for."""

    def __init__(self):
        self.parameters, self.buffers = {}, {}

    def parameter(self, name, *shape, scale=0.1, around=0.0):
        if name not in self.parameters:
            self.parameters[name] = around + normal(*shape, scale=scale)
        return self.parameters[name]

    def buffer(self, name, value):
        return self.buffers.setdefault(name, value.clone())


class Networks:
    """Encoder and decoder as models/networks/ builds them; settings by the names of models/networks/kind.h."""

    def __init__(self, tensors, sample, hidden, channels=(), latent=2, numbers=1, norm="none", residual=False):
        self.t, self.sample, self.hidden, self.channels = tensors, sample, hidden, channels
        self.latent, self.numbers, self.norm, self.residual = latent, numbers, norm, residual

    def layer(self, name, h, out, f=F.linear, window=(), transposed=False, **settings):
        into = h.shape[1]
        shape = (into, out, *window) if transposed else (out, into, *window)
        fan = into * (window[0] * window[1] if window else 1)
        weight = self.t.parameter(name + ".weight", *shape, scale=fan**-0.5)
        return f(h, weight, self.t.parameter(name + ".bias", out), **settings)

    def conv(self, name, h, out, stride):
        return self.layer(name, h, out, F.conv2d, (3, 3), stride=stride, padding=1)

    def finish(self, name, h):
        units, name = h.shape[1], name + ".norm"
        if self.norm != "none":
            weight = self.t.parameter(name + ".weight", units, scale=0.2, around=1.0)
            bias = self.t.parameter(name + ".bias", units)
        if self.norm == "batch":
            running = [self.t.buffer(name + ".running_mean", torch.zeros(units)),
                       self.t.buffer(name + ".running_var", torch.ones(units))]
            h = F.batch_norm(h, *running, weight, bias, training=True)
        if self.norm in ("layer", "group"):
            fitting = [g for g in range(1, 9) if g == 1 or units % g == 0 and units // g >= 4]
            h = F.group_norm(h, max(fitting) if self.norm == "group" else 1, weight, bias)
        return F.elu(h)

    def dense(self, half, h, widths):
        for i, width in enumerate(widths):
            name = f"{half}.hidden.{i}"
            y = self.finish(name, self.layer(name, h, width))
            h = h + y if self.residual and h.shape[1] == width else y
        return h

    def block(self, half, i, h):
        if not self.residual:
            return h
        first = f"{half}.blocks.{i}.0"
        y = self.finish(first, self.conv(first, h, h.shape[1], 1))
        return h + self.conv(f"{half}.blocks.{i}.1", y, h.shape[1], 1)

    def encoder(self, x, condition):
        if self.channels:
            h = x.reshape(-1, *self.sample)
            if condition is not None:
                planes = condition[:, :, None, None].expand(-1, -1, *self.sample[1:])
                h = torch.cat([h, planes], 1)
            for i, out in enumerate(self.channels):
                name = f"encoder.convolutions.{i}"
                h = self.block("encoder", i, self.finish(name, self.conv(name, h, out, 2)))
            h = h.flatten(1)
        else:
            h = x if condition is None else torch.cat([x, condition], 1)
        return self.dense("encoder", h, self.hidden)

    def decoder(self, z, condition):
        h = z if condition is None else torch.cat([z, condition], 1)
        h = self.dense("decoder", h, self.hidden[::-1])
        size = self.sample[0] * self.sample[1] * self.sample[2]
        if not self.channels:
            return self.layer("decoder.output", h, self.numbers * size)
        sizes = [self.sample]
        for out in self.channels:
            sizes.append((out, (sizes[-1][1] + 1) // 2, (sizes[-1][2] + 1) // 2))
        deepest = sizes[-1]
        h = self.finish("decoder.output", self.layer("decoder.output", h, deepest[0] * deepest[1] * deepest[2]))
        h = h.reshape(-1, *deepest)
        for i, (out, height, width) in enumerate(sizes[-2::-1]):
            last, name = i + 1 == len(self.channels), f"decoder.convolutions.{i}"
            h = self.layer(name, self.block("decoder", i, h), out * (self.numbers if last else 1), F.conv_transpose2d,
                           (3, 3), transposed=True, stride=2, padding=1,
                           output_padding=(1 - height % 2, 1 - width % 2))
            h = h if last else self.finish(name, h)
        return h.flatten(1)

    def bound(self, x, noise, log_prob, condition=None):
        """The loss; log_prob takes x (B, D) and y (B, numbers, D), and gives (B, D)."""
        h = self.encoder(x, condition)
        mean, log_variance = (self.layer("encoder." + head, h, self.latent) for head in ("mean", "log_variance"))
        y = self.decoder(mean + torch.exp(log_variance / 2) * noise, condition)
        log_likelihood = log_prob(x, y.reshape(len(x), self.numbers, -1)).sum(-1)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1)
        return (kl - log_likelihood).mean()


def follow(out, name, tensors, latent, x, loss, condition=None):
    """Ten steps of Adam on loss(noise): weights before, noise, the first gradients, losses, and the state after."""
    noise = normal(STEPS, len(x), latent)
    with torch.no_grad():
        loss(noise[0])  # makes the tensors …
    for key, value in tensors.buffers.items():
        value.copy_(torch.zeros_like(value) if "mean" in key else torch.ones_like(value))  # … and has moved these
    for key, value in {**tensors.parameters, **tensors.buffers}.items():
        out[f"{name}/weights/{key}"] = value.clone()
    out[f"{name}/x"], out[f"{name}/noise"] = x, noise
    if condition is not None:
        out[f"{name}/condition"] = condition
    for value in tensors.parameters.values():
        value.requires_grad_()
    optimizer = torch.optim.Adam(tensors.parameters.values(), lr=LR, eps=EPS)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        value = loss(noise[step])
        value.backward()
        if step == 0:
            for key, parameter in tensors.parameters.items():
                out[f"{name}/gradients/{key}"] = parameter.grad.clone()
        losses.append(value.detach())
        optimizer.step()
    out[f"{name}/losses"] = torch.stack(losses)
    for key, value in {**tensors.parameters, **tensors.buffers}.items():
        out[f"{name}/trained/{key}"] = value.detach().clone()
