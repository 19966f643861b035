#!/usr/bin/env python3
"""Writes bits.bb and grey.bb: images compressed as models/compression does it, by a program of its own.

Python's floats are IEEE doubles, whose + - * / and sqrt give the same bits everywhere; so this twin, in the same order of
operations, must write the same files byte for byte as every build of Gradus does. Weights and images come from formulas.
"""

import math
import pathlib
import struct
import zlib

# ---- functions ------------------------------------------------------------------------------------------------------

INVERSE = [1 / math.factorial(n) for n in range(19)]


def exp_series(x, first):
    total = INVERSE[18]
    for n in range(17, first - 1, -1):
        total = total * x + INVERSE[n]
    return total


def exp(x):
    if x < -708:
        return 0.0
    x = min(x, 709.0)
    high, low = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
    n = int(x * float.fromhex("0x1.71547652b82fep+0") + (-0.5 if x < 0 else 0.5))
    rest = (x - n * high) - n * low
    return (1 + rest * exp_series(rest, 1)) * 2.0**n


def expm1(x):
    return x * exp_series(x, 1) if -0.5 < x < 0.5 else exp(x) - 1


def softplus(x):
    u = exp(x if x < 0 else -x)
    f = u / (2 + u)
    square, total = f * f, 1.0 / 37
    for odd in range(35, 0, -2):
        total = total * square + 1.0 / odd
    return (x if x > 0 else 0.0) + 2 * f * total


def sigmoid(x):
    u = exp(x if x < 0 else -x)
    return (u if x < 0 else 1.0) / (1 + u)


def erf(x):
    if abs(x) > 6:
        return math.copysign(1.0, x)
    twice_square, term, total, odd = 2 * x * x, x, x, 1.0
    while abs(term) > 2.0**-60 * abs(total):
        odd += 2
        term = term * twice_square / odd
        total += term
    return float.fromhex("0x1.20dd750429b6dp+0") * exp(-x * x) * total


def normal_cdf(x):
    if abs(x) > 8.5:
        return 0.0 if x < 0 else 1.0
    return 0.5 * (1 + erf(x * float.fromhex("0x1.6a09e667f3bcdp-1")))


def normal_quantile(p):
    if p > 0.5:
        return -normal_quantile(1 - p)
    x = 0.0
    while True:
        density = float.fromhex("0x1.9884533d43651p-2") * exp(-0.5 * x * x)
        after = x - (normal_cdf(x) - p) / density
        if not after < x:
            return x
        x = after


# ---- the stack ------------------------------------------------------------------------------------------------------

MASK = (1 << 64) - 1


def word(n):
    z = (n + 1) * 0x9E3779B97F4A7C15 & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return (z ^ z >> 31) >> 32


class Stack:
    def __init__(self):
        self.state, self.words, self.drawn = 1 << 31, [], 0

    def push(self, start, count, bits):
        if self.state >= count << 63 - bits:
            self.words.append(self.state & 0xFFFFFFFF)
            self.state >>= 32
        self.state = (self.state // count << bits) + self.state % count + start

    def pop(self, start_of, levels, bits):
        slot = self.state & (1 << bits) - 1
        symbol = max(k for k in range(levels) if start_of(k) <= slot)
        start, end = start_of(symbol), start_of(symbol + 1)
        self.state = (end - start) * (self.state >> bits) + slot - start
        if self.state < 1 << 31:
            if self.words:
                after = self.words.pop()
            else:
                after = word(self.drawn)
                self.drawn += 1
            self.state = self.state << 32 | after
        return symbol


def starts(below, levels, bits):
    def start(k):
        if k == 0 or k == levels:
            return 0 if k == 0 else 1 << bits
        return int(min(max(below(k), 0.0), 1.0) * float((1 << bits) - 2 * levels)) + 2 * k
    return start


# ---- networks -------------------------------------------------------------------------------------------------------

class Hash:
    def __init__(self):
        self.sum = 0xCBF29CE484222325

    def add(self, number):
        for byte in struct.pack("<d", number) if isinstance(number, float) else struct.pack("<Q", number):
            self.sum = (self.sum ^ byte) * 0x100000001B3 & MASK


class Weights:
    """Tensor t of a model has ((37 i + 11 t) mod 101 - 50) / 128 at place i: numbers that a float holds."""

    def __init__(self):
        self.tensors = 0

    def take(self, size):
        self.tensors += 1
        return [((37 * i + 11 * (self.tensors - 1)) % 101 - 50) / 128 for i in range(size)]


def matrix(weight, bias, key):
    """weight[o][i]"""
    for row, b in zip(weight, bias):
        for number in [b, *row]:
            key.add(number)

    def apply(x):
        y = []
        for row, total in zip(weight, bias):
            for w, number in zip(row, x):
                total += w * number
            y.append(total)
        return y
    return apply


def linear(inputs, outputs, weights, key):
    flat, bias = weights.take(inputs * outputs), weights.take(outputs)
    return matrix([flat[o * inputs:(o + 1) * inputs] for o in range(outputs)], bias, key)


def begin(key, index, *out):
    key.add(index)
    for extent in out:
        key.add(extent)


def dense(sizes, activation, number, weights, key, last=False):
    """Linear layers with an activation after each, or each but the last."""
    steps = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        begin(key, 0, b)
        steps.append(linear(a, b, weights, key))
        if last and i + 2 == len(sizes):
            break
        begin(key, 3, b)
        key.add(number)
        steps.append(lambda x: [activation(v) for v in x])
    return steps


def settings(key, output_padding):
    for number in (2, 2, 1, 1, *output_padding):  # stride, padding
        key.add(number)


def convolution(shape, channels, weights, key):
    """3 x 3 with stride 2 and padding 1."""
    c, h, w = shape
    rows, columns = (h + 1) // 2, (w + 1) // 2
    begin(key, 1, channels, rows, columns)
    settings(key, (0, 0))
    product = linear(c * 9, channels, weights, key)

    def apply(x):
        y = [0.0] * (channels * rows * columns)
        for r in range(rows):
            for s in range(columns):
                window = []
                for k in range(c):
                    for i in range(2 * r - 1, 2 * r + 2):
                        for j in range(2 * s - 1, 2 * s + 2):
                            window.append(x[(k * h + i) * w + j] if 0 <= i < h and 0 <= j < w else 0.0)
                for k, number in enumerate(product(window)):
                    y[(k * rows + r) * columns + s] = number
        return y
    return apply, (channels, rows, columns)


def transposed_convolution(shape, out, weights, key):
    c, h, w = shape
    channels, rows, columns = out
    begin(key, 2, *out)
    settings(key, (1 - rows % 2, 1 - columns % 2))
    flat, bias = weights.take(c * channels * 9), weights.take(channels)
    for number in bias:
        key.add(number)
    window = channels * 9
    product = matrix([[flat[i * window + o] for i in range(c)] for o in range(window)], [0.0] * window, key)

    def apply(x):
        y = [b for b in bias for _ in range(rows * columns)]
        for r in range(h):
            for s in range(w):
                spread = product([x[(k * h + r) * w + s] for k in range(c)])
                for at, number in enumerate(spread):
                    k, i, j = at // 9, 2 * r - 1 + at // 3 % 3, 2 * s - 1 + at % 3
                    if 0 <= i < rows and 0 <= j < columns:
                        y[(k * rows + i) * columns + j] += number
        return y
    return apply


def layer_norm(size, places, weights, key, *out):
    begin(key, 8, *out)
    key.add(1)  # one group
    scale, shift = weights.take(size), weights.take(size)
    for number in scale + shift:
        key.add(number)
    (epsilon,) = struct.unpack("<f", struct.pack("<f", 1e-5))

    def apply(x):
        total, squares = 0.0, 0.0
        for number in x:
            total += number
        mean = total / len(x)
        for number in x:
            squares += (number - mean) * (number - mean)
        deviation = math.sqrt(squares / len(x) + epsilon)
        return [(v - mean) / deviation * scale[i // places] + shift[i // places] for i, v in enumerate(x)]
    return apply


def run(steps, x):
    for step in steps:
        x = step(x)
    return x


# ---- models ---------------------------------------------------------------------------------------------------------

def elu(x):
    return x if x > 0 else expm1(x)


def gelu(x):
    return x * normal_cdf(x)


def bits_model():
    """5 x 4 bits, dense, 6 ELU units, codes of 2; the encoder's head is log σ²."""
    key, weights = Hash(), Weights()
    key.add(2)
    encoder = dense([20, 6], elu, 1, weights, key)
    mean, spread = linear(6, 2, weights, key), linear(6, 2, weights, key)
    key.add(0)
    decoder = dense([2, 6, 20], elu, 1, weights, key, last=True)
    return key, encoder, mean, spread, lambda s: exp(-0.5 * s), decoder


def grey_model():
    """5 x 4 grey levels, a convolution to 3 channels with layer norm and GELU, 6 units, codes of 2; the head is σ."""
    key, weights = Hash(), Weights()
    key.add(256)

    def activation(*out):
        begin(key, 3, *out)
        key.add(4)
        return lambda x: [gelu(v) for v in x]

    def norm(*out):
        return layer_norm(out[0], out[1] * out[2] if len(out) > 1 else 1, weights, key, *out)

    begin(key, 4, 1, 5, 4)
    inward, deep = convolution((1, 5, 4), 3, weights, key)
    encoder = [inward, norm(*deep), activation(*deep)]
    begin(key, 5, 18)
    begin(key, 0, 6)
    encoder += [linear(18, 6, weights, key), norm(6), activation(6)]
    mean, spread = linear(6, 2, weights, key), linear(6, 2, weights, key)
    key.add(1)
    begin(key, 0, 6)
    decoder = [linear(2, 6, weights, key), norm(6), activation(6)]
    begin(key, 0, 18)
    decoder += [linear(6, 18, weights, key), norm(18), activation(18)]
    begin(key, 4, *deep)
    decoder.append(transposed_convolution(deep, (2, 5, 4), weights, key))
    begin(key, 5, 40)
    return key, encoder, mean, spread, lambda s: min(1 / softplus(s), 1e300), decoder


BUCKETS = 1 << 12
EDGES = [None] + [normal_quantile(k / BUCKETS) for k in range(1, BUCKETS)]


def bernoulli(y, j):
    black = sigmoid(-y[j])
    return starts(lambda k: black, 2, 16), 255, 16


def logistic(y, j):
    least = -7 - 0.69314718055994531
    loc, inverse = y[j], exp(-(least + softplus(y[len(y) // 2 + j] - least)))
    return starts(lambda k: sigmoid(((k - 0.5) / 255 - loc) * inverse), 256, 20), 1, 20


def push(stack, model, likelihood, image):
    _, encoder, mean, spread, inverse_deviation, decoder = model
    features = run(encoder, [pixel / 255 for pixel in image])
    code = []
    for m, s in zip(mean(features), spread(features)):
        inverse = inverse_deviation(s)
        code.append(stack.pop(starts(lambda k: normal_cdf((EDGES[k] - m) * inverse), BUCKETS, 24), BUCKETS, 24))
    y = run(decoder, [normal_quantile((k + 0.5) / BUCKETS) for k in code])
    for j, pixel in enumerate(image):
        start, step, bits = likelihood(y, j)
        level = pixel // step
        stack.push(start(level), start(level + 1) - start(level), bits)
    for bucket in code:
        stack.push(bucket, 1, 12)


def write(path, model, likelihood, images, are_bits):
    body = b"gradusbb" + struct.pack("<IIQQIIII", 1, are_bits, model[0].sum, len(images), 1, 5, 4, 1000)
    total = zlib.crc32(body)
    data = body + struct.pack("<I", total)
    for first in range(0, len(images), 1000):
        stack = Stack()
        for image in images[first:first + 1000]:
            push(stack, model, likelihood, image)
        body = struct.pack(f"<IIQ{len(stack.words)}I", len(stack.words), stack.drawn, stack.state, *stack.words)
        total = zlib.crc32(body, total)
        data += body + struct.pack("<I", total)
    path.write_bytes(data)


def bytes_of(count):
    return [[(i * i * 7 + i * n) % 256 for i in range(20)] for n in range(count)]


folder = pathlib.Path(__file__).parent
write(folder / "bits.bb", bits_model(), bernoulli, [[255 if x > 127 else 0 for x in i] for i in bytes_of(1003)], False)
write(folder / "grey.bb", grey_model(), logistic, bytes_of(30), False)
