"""Reference numbers from PyTorch in float64 for tests/nn/test_layers.cpp: layers, and the ops that came with them.

Run from anywhere: /usr/bin/python3 tests/golden/make_layers.py   (Debian: python3-torch)
Writes layers.safetensors beside this script. Of each layer: its state before and after, the value, the gradients of
its weighted sum by the inputs and the parameters, and the gradients of the sum of their squares (second order).
"""

import torch
import torch.nn.functional as F
from torch import nn

from make_golden import HERE, as_float, normal, op_golden, uniform, write_safetensors

out = {}


def begin(layer):
    """Parameters and buffers that are neither 0 nor 1."""
    for name, x in list(layer.named_parameters()) + list(layer.named_buffers()):
        if x.dtype == torch.float64:
            x.data = uniform(*x.shape, low=0.5, high=2) if "running_var" in name else normal(*x.shape, scale=0.7)
    return layer


def renamed(name):
    return name.replace("_l0", "")


def layer_golden(name, layer, *inputs, f=None):
    inputs = [x.clone().requires_grad_(x.dtype == torch.float64) for x in inputs]
    named = [(renamed(n), p) for n, p in layer.named_parameters()]
    for n, x in layer.state_dict().items():
        if x.dtype == torch.float64:
            out[f"{name}/before/{renamed(n)}"] = x.clone()
    y = (f or layer)(*inputs)
    weight = normal(*y.shape)
    for n, x in layer.named_buffers():
        if x.dtype == torch.float64:
            out[f"{name}/after/{renamed(n)}"] = x.clone()
    by = [x for x in inputs if x.requires_grad] + [p for _, p in named]
    first = torch.autograd.grad((y * weight).sum(), by, create_graph=True)
    squares = sum((g * g).sum() for g in first) + 0 * sum(x.sum() for x in by)  # a linear layer has none of x
    second = torch.autograd.grad(squares, by)
    for i, x in enumerate(inputs):
        out[f"{name}/in.{i}"] = x.double()
    out[f"{name}/value"], out[f"{name}/weight"] = y, weight
    for i, (g, h) in enumerate(zip(first, second)):
        out[f"{name}/gradient.{i}"] = g
        out[f"{name}/second.{i}"] = h


# ---- layers; the part of a name before the colon says which one ----

for mode in ("train", "eval"):
    for shape in ((6, 3), (4, 3, 2, 5), (5, 3, 7), (0, 3, 2, 2)):
        layer = begin((nn.BatchNorm1d if len(shape) < 4 else nn.BatchNorm2d)(3)).train(mode == "train")
        layer_golden(f"batch_norm_{mode}:{len(shape)}{'' if shape[0] else 'empty'}", layer,
                     as_float(2 + 3 * normal(*shape)))

layer = begin(nn.BatchNorm2d(3))
for step in range(3):  # statistics that run
    for n, x in layer.named_buffers():
        out[f"running/{step}/before/{n}"] = x.double().clone()
    x = as_float(1 + 2 * normal(2 + step, 3, 2, 2))
    out[f"running/{step}/in.0"] = x
    layer(x)
    for n, x in layer.named_buffers():
        out[f"running/{step}/after/{n}"] = x.double().clone()

for name, own, shape in (("1", (7,), (5, 7)), ("2", (3, 4), (2, 3, 4)), ("sequence", (6,), (2, 3, 6)),
                         ("empty", (7,), (0, 7)), ("vector", (7,), (7,))):
    layer_golden(f"layer_norm:{name}", begin(nn.LayerNorm(own)), as_float(2 + 3 * normal(*shape)))

for groups, shape in ((2, (3, 6, 2, 2)), (2, (4, 6)), (1, (2, 6, 3)), (6, (2, 6, 4)), (2, (0, 6, 2, 2))):
    layer_golden(f"group_norm:{groups}.{len(shape)}{'' if shape[0] else 'empty'}", begin(nn.GroupNorm(groups, 6)),
                 as_float(2 + 3 * normal(*shape)))

for name, words in (("repeated", [[3, 0, 3], [4, 3, 1]]), ("one", 2), ("none", []), ("empty", [[], []])):
    layer_golden(f"embedding:{name}", begin(nn.Embedding(5, 3)), torch.tensor(words, dtype=torch.int64))

for name, (samples, steps) in {"steps": (2, 5), "one": (3, 1), "empty": (0, 4)}.items():
    gru = begin(nn.GRU(3, 4, batch_first=True))
    layer_golden(f"gru:{name}", gru, normal(samples, steps, 3), f=lambda x: gru(x)[0])
    state = normal(samples, 4)

    def both(x, h):  # the outputs and the last state, one below the other
        outputs, last = gru(x, h[None])
        return torch.cat([outputs.flatten(0, 1), last[0]])

    layer_golden(f"gru_state:{name}", gru, normal(samples, steps, 3), state, f=both)


class Residual(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return x + self.layer(x)


mixed = nn.Sequential(nn.Linear(4, 12), Residual(nn.Sequential(nn.Linear(12, 12), nn.Tanh())), nn.BatchNorm1d(12),
                      nn.SiLU(), nn.GroupNorm(2, 12), nn.LayerNorm(12), nn.Linear(12, 2))
layer_golden("mixed", begin(mixed), normal(9, 4))

# ---- ops ----


def op(name, f, *inputs):
    op_golden(out, f"op/{name}", f, *inputs)


for name, f in (("lgamma", torch.lgamma), ("digamma", torch.digamma)):
    op(f"{name}:small", f, uniform(19, low=0.05, high=3.5))
    op(f"{name}:large", f, uniform(19, low=3, high=200))
    op(f"{name}:negative", f, as_float(-torch.arange(9.0) - uniform(9, low=0.2, high=0.8)))
    op(f"{name}:none", f, normal(0, 2))
op("stack:0", lambda x, y: torch.stack([x, y, x], 0), normal(2, 3), normal(2, 3))
op("stack:2", lambda x, y: torch.stack([x, y, x], 2), normal(2, 3), normal(2, 3))
op("stack:-1", lambda x, y: torch.stack([x, y, x], -1), normal(2, 3), normal(2, 3))
op("split:0", lambda x: (lambda a, b, c: a.sum() * b * c)(*torch.split(x, [2, 1, 1], 0)), normal(4, 3))
op("split:1", lambda x: (lambda a, b, c: a * b - c)(*torch.split(x, 1, 1)), normal(4, 3))
for axis in (0, 1, -1):
    op(f"cumsum:{axis}", lambda x: torch.cumsum(x * x, axis), normal(2, 3, 5))
    op(f"cumsum_reverse:{axis}", lambda x: torch.cumsum(x.flip(axis), axis).flip(axis), normal(2, 3, 5))
op("cumsum:empty", lambda x: torch.cumsum(x, 0), normal(0, 3))
op("cumsum_long:0", lambda x: torch.cumsum(x, 0), normal(300))
words = torch.tensor([[3, 0, 3], [4, 3, 1]])
op("embedding", lambda table: F.embedding(words, table), normal(5, 3))
op("scatter_rows", lambda x: torch.zeros(5, 2).index_add(0, words.flatten(), x.flatten(0, 1)), normal(2, 3, 2))

# ---- recurrent layers with several layers and lengths, attention: outputs and states as one row of numbers ----


def flat(*parts):
    return torch.cat([part.flatten() for part in parts])


def inside(lengths, steps):
    return torch.arange(steps)[None] < torch.tensor(lengths)[:, None]


def recurrent_golden(name, kind, layers, samples, steps, lengths=None):
    net = begin(kind(3, 4, num_layers=layers, batch_first=True))
    shape = (samples, 4) if layers == 1 else (layers, samples, 4)
    states = [normal(*shape) for _ in range(2 if kind is nn.LSTM else 1)]

    def f(x, *states):
        states = [state.reshape(layers, samples, 4) for state in states]
        if lengths is not None:
            x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        outputs, last = net(x, tuple(states) if kind is nn.LSTM else states[0])
        if lengths is not None:
            outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=steps)
        return flat(outputs, *(last if kind is nn.LSTM else [last]))

    layer_golden(name, net, normal(samples, steps, 3), *states, f=f)
    if lengths is not None:
        out[f"{name}/lengths"] = torch.tensor(lengths)


for kind, name in ((nn.GRU, "gru"), (nn.LSTM, "lstm")):
    for layers in (1, 2, 3):
        recurrent_golden(f"{name}_run:{layers}", kind, layers, 2, 4)
        recurrent_golden(f"{name}_run:{layers}.lengths", kind, layers, 4, 5, [3, 5, 1, 2])
    recurrent_golden(f"{name}_run:1.short", kind, 1, 2, 5, [2, 3])


def attention_golden(name, inputs, lengths=None, causal=False):
    net = begin(nn.MultiheadAttention(6, 2, batch_first=True))
    queries, keys = inputs[0].shape[1], inputs[-1].shape[1]
    mask = torch.arange(keys)[None] > torch.arange(queries)[:, None] if causal else None
    padding = None if lengths is None else ~inside(lengths, keys)

    def f(*x):
        y, _ = net(x[0], x[1 % len(x)], x[-1], key_padding_mask=padding, attn_mask=mask)
        return y * inside(lengths, queries)[..., None] if len(x) == 1 and lengths is not None else y

    layer_golden(f"attention:{name}", net, *inputs, f=f)
    if lengths is not None:
        out[f"attention:{name}/lengths"] = torch.tensor(lengths)


attention_golden("self", [normal(2, 4, 6)])
attention_golden("self_causal", [normal(2, 4, 6)], causal=True)
attention_golden("self_lengths", [normal(3, 4, 6)], [2, 4, 1])
attention_golden("self_lengths_causal", [normal(3, 4, 6)], [2, 4, 1], causal=True)
attention_golden("cross", [normal(2, 3, 6), normal(2, 5, 6), normal(2, 5, 6)])
attention_golden("cross_lengths", [normal(3, 2, 6), normal(3, 4, 6), normal(3, 4, 6)], [2, 4, 1])
attention_golden("cross_causal", [normal(2, 5, 6), normal(2, 3, 6), normal(2, 3, 6)], causal=True)

write_safetensors(HERE / "layers.safetensors", {k: v.double() for k, v in out.items()})
