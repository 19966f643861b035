#!/usr/bin/env python3
"""Measures how a training step's time and memory grow with batch, width and depth of the book's VAE, and draws it."""

import argparse
import csv
import math
import statistics
import subprocess
import sys
from xml.sax.saxutils import escape

BOOK = {"batch": 150, "width": 500, "depth": 2}
RANGES = {"batch": (1, 4096), "width": (64, 4096), "depth": (1, 64)}
POWER = {"batch": 1, "width": 2, "depth": 1}  # what the work is proportional to in the limit
SERIES = [("milliseconds", "time", "#1f6fb4"), ("peak", "live in tensors", "#c1502e"),
          ("resident", "resident", "#8a8a8a")]
PANEL, GAP, MARGIN = (270, 210), (75, 62), (70, 60)


def sizes():
    for variable, (low, high) in RANGES.items():
        for exponent in range(int(math.log2(low)), int(math.log2(high)) + 1):
            yield variable, 2**exponent


def measure(program, threads, rounds):
    """A row per size: medians over the rounds, so that a bad moment of the machine does not fall on one point."""
    samples = {point: [] for point in sizes()}
    for round_number in range(1, rounds + 1):
        for variable, value in sizes():
            size = {**BOOK, variable: value}
            arguments = [str(n) for n in (size["batch"], size["width"], size["depth"], threads)]
            print(f"round {round_number}/{rounds}: batch {size['batch']}, width {size['width']}, depth {size['depth']}",
                  file=sys.stderr)
            answer = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
            samples[variable, value].append([float(word) for word in answer.split()])
    points = []
    for (variable, value), measured in samples.items():
        milliseconds, peak, resident = (statistics.median(column) for column in zip(*measured))
        points.append({"variable": variable, "size": value, "milliseconds": milliseconds, "peak": peak / 1e6,
                       "resident": resident / 1e6})
    return points


class Axes:
    """A panel with logarithmic axes."""

    def __init__(self, left, top, xs, ys):
        self.left, self.top = left, top
        self.x_range = (min(xs), max(xs))
        self.y_range = (10 ** math.floor(math.log10(min(ys))), 10 ** math.ceil(math.log10(max(ys))))

    def at(self, x, y):
        def share(value, bounds):
            return math.log(value / bounds[0]) / math.log(bounds[1] / bounds[0])
        return (self.left + PANEL[0] * share(x, self.x_range), self.top + PANEL[1] * (1 - share(y, self.y_range)))

    def frame(self, x_label, y_label):
        parts = [f'<rect x="{self.left}" y="{self.top}" width="{PANEL[0]}" height="{PANEL[1]}" fill="none" '
                 'stroke="#444"/>']
        y = self.y_range[0]
        while y <= self.y_range[1] * 1.01:
            _, v = self.at(self.x_range[0], y)
            parts.append(f'<path d="M{self.left} {v:.1f}h{PANEL[0]}" stroke="#ddd"/>')
            parts.append(text(self.left - 6, v + 4, f"{y:g}", "end"))
            y *= 10
        x = self.x_range[0]
        while x <= self.x_range[1]:
            u, _ = self.at(x, self.y_range[0])
            parts.append(text(u, self.top + PANEL[1] + 15, f"{x:g}", "middle"))
            x *= 4
        parts.append(text(self.left + PANEL[0] / 2, self.top + PANEL[1] + 32, x_label, "middle"))
        parts.append(text(self.left - 5, self.top - 9, y_label, "start"))
        return parts

    def line(self, points, colour, dashed=False):
        path = " ".join("{}{:.1f} {:.1f}".format("L" if i else "M", *self.at(x, y)) for i, (x, y) in enumerate(points))
        style = ' stroke-dasharray="3 3"' if dashed else ' stroke-width="2"'
        dots = [] if dashed else ['<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>'.format(*self.at(x, y), colour)
                                  for x, y in points]
        return [f'<path d="{path}" fill="none" stroke="{colour}"{style}/>', *dots]

    def proportional(self, points, power, colour):
        """The line that the largest point would lie on if all were proportional to xᵖᵒʷᵉʳ, inside the panel."""
        x1, y1 = points[-1]
        x0 = max(points[0][0], x1 * (self.y_range[0] / y1) ** (1 / power))
        return self.line([(x0, y1 * (x0 / x1) ** power), (x1, y1)], colour, dashed=True)


def text(x, y, content, anchor, colour="#222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(content)}</text>'


def draw(points, threads):
    width = MARGIN[0] + 3 * PANEL[0] + 2 * GAP[0] + 25
    height = MARGIN[1] + 2 * PANEL[1] + GAP[1] + 45
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="white"/>',
             text(MARGIN[0], 22, f"A training step of the book's VAE (batch 150, width 500, depth 2), {threads} thread"
                  f"{'s' if threads > 1 else ''}, with one of the three changed. Dashed: in proportion to batch, "
                  "width², depth.", "start")]
    rows = [(SERIES[:1], "ms per step"), (SERIES[1:], "MB at the peak")]
    for row, (series, unit) in enumerate(rows):
        values = [p[name] for p in points for name, _, _ in series]
        for column, variable in enumerate(RANGES):
            own = [p for p in points if p["variable"] == variable]
            axes = Axes(MARGIN[0] + column * (PANEL[0] + GAP[0]), MARGIN[1] + row * (PANEL[1] + GAP[1]),
                        [p["size"] for p in own], values)
            parts += axes.frame(variable, unit)
            for i, (name, label, colour) in enumerate(series):
                line = [(p["size"], p[name]) for p in own]
                if i == 0:
                    parts += axes.proportional(line, POWER[variable], colour)
                parts += axes.line(line, colour)
                parts.append(text(axes.left + 10, axes.top + 18 + 16 * i, label, "start", colour))
    return "\n".join(parts) + "\n</svg>\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the program growth")
    parser.add_argument("table", help="the CSV file to write")
    parser.add_argument("figure", help="the SVG file to write")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each point; the median counts")
    options = parser.parse_args()
    points = measure(options.program, options.threads, options.rounds)
    with open(options.table, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, points[0].keys())
        writer.writeheader()
        writer.writerows(points)
    with open(options.figure, "w", encoding="utf-8") as file:
        file.write(draw(points, options.threads))


if __name__ == "__main__":
    main()
