#!/usr/bin/env python3
"""Writes coloured ellipses, squares and triangles on dim grounds as a .npy array (N, 32, 32, 3), to try colour pictures
without a download: colour_shapes.py colour.npy, then vae train --data colour.npy."""

import argparse
import colorsys

import numpy


def drawn(kind, rng, side=32):
    y, x = numpy.mgrid[0:side, 0:side] + 0.5
    radius, (across, down), turn = rng.uniform(6, 11), rng.uniform(12, 20, 2), rng.uniform(0, 2 * numpy.pi)
    u = (x - across) * numpy.cos(turn) + (y - down) * numpy.sin(turn)
    v = (y - down) * numpy.cos(turn) - (x - across) * numpy.sin(turn)
    if kind == 0:  # distance to the outline, below 0 inside
        outside = numpy.hypot(u, 1.6 * v) - radius
    elif kind == 1:
        outside = numpy.maximum(abs(u), abs(v)) - 0.75 * radius
    else:
        sides = [u * numpy.cos(a) + v * numpy.sin(a) for a in 2 * numpy.pi / 3 * numpy.arange(3)]
        outside = numpy.max(sides, 0) - 0.5 * radius
    shape = numpy.clip(0.5 - outside, 0, 1)[..., None]
    ink = numpy.array(colorsys.hsv_to_rgb(rng.uniform(), 0.75, 1))
    ground = numpy.array(colorsys.hsv_to_rgb(rng.uniform(), 0.5, 0.25))
    return numpy.round(255 * (shape * ink + (1 - shape) * ground)).astype(numpy.uint8)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("file")
parser.add_argument("--count", type=int, default=20000)
arguments = parser.parse_args()
generator = numpy.random.default_rng(0)
numpy.save(arguments.file, numpy.stack([drawn(i % 3, generator) for i in range(arguments.count)]))
