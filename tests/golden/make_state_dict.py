"""A state dict as PyTorch saves one, for tests/nn/test_load_state.cpp.

Run from anywhere: /usr/bin/python3 tests/golden/make_state_dict.py   (Debian: python3-torch)
Writes state_dict.safetensors beside this script, laid out as safetensors.torch.save_file lays it out: a network of five
modules after some training, in float32, bfloat16 and float16, with BatchNorm's count of batches (int64) and a buffer
that holds -inf; beside them, in float64, an input and what the network makes of it in evaluation.
"""

import json
import struct

import torch
from torch import nn

from make_golden import HERE, normal

DTYPES = {torch.float64: "F64", torch.int64: "I64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
torch.manual_seed(3)


def bytes_of(x):
    x = x.detach().contiguous().flatten()
    if x.dtype == torch.bfloat16:
        x = x.view(torch.int16)
    return x.numpy().tobytes()


def write(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name in sorted(tensors, key=lambda name: (-tensors[name].element_size(), name)):  # the widest come first
        x = tensors[name]
        begin, data = len(data), data + bytes_of(x)
        header[name] = {"dtype": DTYPES[x.dtype], "shape": list(x.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    print(path.name, len(tensors), "tensors,", path.stat().st_size, "bytes")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))
        self.register_buffer("mask", torch.triu(torch.full((4, 4), -torch.inf), diagonal=1))

    def forward(self, x):
        y = self.body(x)  # (B, 4)
        return torch.softmax(y.unsqueeze(1) + self.mask, -1)  # (B, 4, 4): causal, row by row


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
x = normal(64, 5)
for _ in range(20):
    loss = (net(x).square().sum((1, 2)) - x[:, 0]).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    saved = {}
    for name, value in net.state_dict().items():
        narrow = torch.bfloat16 if name.startswith("body.1") else torch.float16 if "body.3" in name else torch.float32
        saved[name] = value.to(narrow) if value.is_floating_point() else value
    saved["body.3.weight"][0, :2] = torch.tensor([6e-8, -6.1e-5], dtype=torch.float16)  # subnormal ones
    net.load_state_dict({name: value.double() if value.is_floating_point() else value for name, value in saved.items()})
    net.eval()
    test = normal(6, 5)
    write(HERE / "state_dict.safetensors", {**saved, "test.input": test, "test.output": net(test)})
