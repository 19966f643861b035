#!/usr/bin/env python3
"""Compresses MNIST's test images by models trained on its training images, and prints the table "Compression" beside what
gzip, bzip2, xz and PNG make of the same images.

The others may choose: bits packed into bytes or a byte each, and for PNG the filter; all images go into one file, so that
none pays for 10,000 headers. The models are kept in the folder given, so that a second call goes on where the first was
stopped; delete the folder to begin anew.
"""

import argparse
import ast
import bz2
import gzip
import json
import lzma
import math
import pathlib
import struct
import subprocess
import sys
import time
import zlib

from between import write_between

# What is compressed; how its model is trained; what others reached.
ROWS = [
    ("drawn as bits", "--binarize static --hidden 100 --latent 40 --activation relu --head sigma --init glorot "
     "--batch-size 100 --epochs 20", 1),
    ("grey", "--likelihood discretized-logistic --hidden 400 --latent 20 --activation relu --init fan-in "
     "--batch-size 128 --epochs 10", 8),
]


def run(*words):
    print("compression.py:", *words, file=sys.stderr)
    begin = time.monotonic()
    subprocess.run([str(word) for word in words], check=True, stdout=sys.stderr)
    return time.monotonic() - begin


def read_npy(path):
    """The shape and the bytes of an array of bytes."""
    data = path.read_bytes()
    (length,) = struct.unpack("<H", data[8:10])
    header = ast.literal_eval(data[10:10 + length].decode("latin1"))
    assert header["descr"] == "|u1" and not header["fortran_order"]
    return header["shape"], data[10 + length:]


def packed(pixels):
    """Eight pixels, 0 or 255, to a byte."""
    return bytes(sum((pixels[i + bit] & 1) << (7 - bit) for bit in range(8)) for i in range(0, len(pixels), 8))


def png_size(pixels, width, depth):
    """Of one picture of that width: bytes of its one IDAT, and what stands around it. The filter is none for all rows, or
    for each row the one with the least sum of absolute differences, as libpng chooses."""
    bytes_in_row = width * depth // 8 + (width * depth % 8 > 0)
    rows = [pixels[i:i + bytes_in_row] for i in range(0, len(pixels), bytes_in_row)]
    plain = b"".join(b"\0" + row for row in rows)
    best = len(zlib.compress(plain, 9))
    if depth == 8:
        above, filtered = bytes(bytes_in_row), []
        for row in rows:
            left, corner = b"\0" + row[:-1], b"\0" + above[:-1]
            choices = [row,
                       bytes((x - a) & 255 for x, a in zip(row, left)),
                       bytes((x - b) & 255 for x, b in zip(row, above)),
                       bytes((x - (a + b) // 2) & 255 for x, a, b in zip(row, left, above)),
                       bytes((x - paeth(a, b, c)) & 255 for x, a, b, c in zip(row, left, above, corner))]
            costs = [sum(min(x, 256 - x) for x in choice) for choice in choices]
            kind = costs.index(min(costs))
            filtered.append(bytes([kind]) + choices[kind])
            above = row
        best = min(best, len(zlib.compress(b"".join(filtered), 9)))
    return best + 8 + 25 + 12 + 12  # the magic, IHDR, IDAT's own, IEND


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def others(pixels, width, depth):
    """Bytes by name."""
    forms = [pixels] if depth == 8 else [pixels, packed(pixels)]
    sizes = {"gzip": min(len(gzip.compress(form, 9)) for form in forms),
             "bzip2": min(len(bz2.compress(form, 9)) for form in forms),
             "xz": min(len(lzma.compress(form, preset=9 | lzma.PRESET_EXTREME)) for form in forms)}
    if depth == 1:  # each row of a PNG begins with a byte
        pixels = b"".join(packed(pixels[i:i + width] + bytes(-width % 8)) for i in range(0, len(pixels), width))
    sizes["PNG"] = png_size(pixels, width, depth)
    return sizes


def measured(vae, data, folder, text):
    """Bytes, nats and seconds of one model; all that is compressed comes back, or this ends in an error."""
    model = folder / "run"
    if not (folder / "numbers.json").exists():
        subprocess.run(["rm", "-rf", folder], check=True)
        folder.mkdir(parents=True)
        run(vae, "train", "--data", data, *text.split(), "--out", model)
        run(vae, "evaluate", model, "--json", folder / "numbers.json")
    file, back, again = folder / "test.bb", folder / "back.npy", folder / "again.bb"
    for made in (file, back, again):
        made.unlink(missing_ok=True)
    seconds = run(vae, "compress", model, data, "--out", file), run(vae, "decompress", model, file, "--out", back)
    shape, pixels = read_npy(back)
    run(vae, "compress", model, back, "--out", again)
    assert again.read_bytes() == file.read_bytes()
    drawn = 0
    whole = file.read_bytes()
    at = 52  # behind the header: words u32, drawn u32, state u64, the words, a sum
    while at < len(whole):
        words, initial = struct.unpack_from("<II", whole, at)
        drawn += 32 * initial
        at += 20 + 4 * words
    return shape, pixels, len(whole), drawn, json.loads((folder / "numbers.json").read_text())["elbo"], seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vae", help="the program")
    parser.add_argument("runs", type=pathlib.Path, help="folder for the models and their files")
    parser.add_argument("data", type=pathlib.Path, help="MNIST")
    parser.add_argument("--write", type=pathlib.Path, help="puts the table between the markers of this file")
    arguments = parser.parse_args()
    lines = ["| MNIST's test images, bits per dimension | negative ELBO | net | file | gzip | bzip2 | xz | PNG | "
             "smallest | to the file and back |", "|---|--:|--:|--:|--:|--:|--:|--:|---|--:|"]
    for name, text, depth in ROWS:
        shape, pixels, size, drawn, elbo, seconds = measured(arguments.vae, arguments.data,
                                                             arguments.runs / name.replace(" ", "-"), text)
        if depth == 8:
            for path in arguments.data.glob("t10k-images-idx3-ubyte*"):
                original = path.read_bytes()
                original = gzip.decompress(original) if path.suffix == ".gz" else original
                assert original[16:] == pixels
        numbers = len(pixels)
        sizes = {"file": size, **others(pixels, shape[2], depth)}
        shown = {key: 8 * value / numbers for key, value in sizes.items()}
        net, bound = (8 * size - drawn) / numbers, -elbo / (numbers // shape[0] * math.log(2))
        best = min(shown, key=shown.get)
        cells = [name, *(f"{value:.4f}" for value in (bound, net, *shown.values())),
                 "the model's" if best == "file" else best, f"{seconds[0]:.0f} s, {seconds[1]:.0f} s"]
        lines.append("| " + " | ".join(cells) + " |")
    table = "\n".join(lines) + "\n"
    print(table, end="")
    if arguments.write:
        write_between(arguments.write, "compression", table)


main()
