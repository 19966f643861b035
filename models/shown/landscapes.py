#!/usr/bin/env python3
"""landscapes.py FOLDER: a folder of colour pictures of many sizes, PNG and JPEG, as one brings them: 3,000 landscapes
with hills, a sun or a moon and now and then the sea, in sub-folders day, evening and night. They are drawn by chance, and
the same at every call. (Debian: python3-numpy, python3-pil)"""

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


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    chance = numpy.random.default_rng(0)
    for i in range(3000):
        time = list(COLOURS)[i % 3]
        folder = pathlib.Path(sys.argv[1]) / time
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(landscape(chance, time)).save(folder / f"{i:04}.{'png' if i % 2 else 'jpg'}")


main()
