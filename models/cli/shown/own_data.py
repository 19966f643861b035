#!/usr/bin/env python3
"""own_data.py FOLDER: data as people bring them, made by chance and the same at every call, in that folder:
photos/       3,000 landscapes in colour, of many sizes, PNG and JPEG, in sub-folders day, evening and night
waves.npy     5,000 ponds with two stones thrown in, 5,000 x 24 x 24
measured.csv  2,000 fruits: seven columns and what they are
(Debian: python3-numpy, python3-pil)"""

import csv
import math
import pathlib
import sys

import numpy
from PIL import Image

# Of the sky above, of the sky at the horizon, of what shines, of the hills.
COLOURS = {
    "day": ((70, 130, 220), (190, 220, 245), (255, 250, 220), (50, 120, 60)),
    "evening": ((60, 60, 130), (250, 150, 80), (255, 210, 120), (60, 45, 55)),
    "night": ((5, 8, 30), (30, 40, 80), (235, 235, 220), (12, 18, 30)),
}


def landscape(chance, time):
    height = int(chance.integers(60, 140))
    width = int(height * chance.uniform(1.0, 1.6))
    y, x = numpy.mgrid[0:height, 0:width] / height
    above, below, light, ground = (numpy.array(c) * chance.uniform(0.9, 1.1) for c in COLOURS[time])
    horizon = chance.uniform(0.55, 0.75)
    picture = above + (below - above) * numpy.clip(y / horizon, 0, 1)[..., None]
    across, up = chance.uniform(0.2, 0.8) * width / height, chance.uniform(0.12, 0.45)
    distance = numpy.hypot(x - across, y - up)
    radius = chance.uniform(0.06, 0.1)
    glow = numpy.exp(-distance / 0.25)[..., None] * (0.2 if time == "night" else 0.5)
    picture += (light - picture) * glow
    picture[distance < radius] = light
    if chance.random() < 0.4:  # the sea mirrors what is above it
        picture[y > horizon] = below * 0.6
        picture += ((y > horizon) * numpy.exp(-numpy.abs(x - across) / 0.08))[..., None] * (light - picture) * 0.6
    else:
        for depth in range(3):  # ridges, the nearer the darker and the lower
            waves = sum(chance.uniform(0.01, 0.06) / (k + 1) * numpy.sin(x * (k + 1) * chance.uniform(2, 5)
                                                                         + chance.uniform(0, 6.3)) for k in range(4))
            ridge = horizon - 0.08 + 0.13 * depth + waves
            picture[y > ridge] = below + (ground - below) * (0.45, 0.75, 1.0)[depth]
    picture += chance.normal(0, 3, picture.shape)
    return numpy.clip(picture, 0, 255).astype(numpy.uint8)


def ponds(chance, count):
    y, x = numpy.mgrid[0:24, 0:24] / 24
    waves = numpy.zeros((count, 24, 24), numpy.float32)
    for pond in waves:
        for _ in range(2):
            distance = numpy.hypot(x - chance.random(), y - chance.random())
            pond += numpy.cos(40 * distance) * numpy.exp(-3 * distance)
    return waves


# Length, width and height in mm, density in g/ml, sugar in %, firmness in N.
FRUITS = {"apple": (72, 76, 74, 0.82, 12.5, 70), "pear": (95, 66, 66, 0.98, 13.5, 50), "plum": (46, 38, 38, 1.05, 16, 18)}


def fruits(chance, count):
    yield ["kind", "length_mm", "width_mm", "height_mm", "mass_g", "density_g_ml", "sugar_percent", "firmness_N"]
    for _ in range(count):
        kind = chance.choice(list(FRUITS))
        size = chance.normal(1, 0.08)
        length, width, height, density, sugar, firmness = (x * chance.normal(1, 0.02) for x in FRUITS[kind])
        length, width, height = length * size, width * size, height * size
        mass = density * math.pi / 6 * length * width * height / 1000  # of an ellipsoid
        yield [kind, *(f"{x:.4g}" for x in (length, width, height, mass, density, sugar + 8 * (size - 1), firmness))]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    chance = numpy.random.default_rng(0)
    for i in range(3000):
        time = list(COLOURS)[i % 3]
        place = folder / "photos" / time
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(landscape(chance, time)).save(place / f"{i:04}.{'png' if i % 2 else 'jpg'}")
    numpy.save(folder / "waves.npy", ponds(chance, 5000))
    with open(folder / "measured.csv", "w", newline="") as file:
        csv.writer(file).writerows(fruits(chance, 2000))


main()
