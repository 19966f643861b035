#!/usr/bin/env python3
"""Draws bits_back.svg: how high the stack stands while one image is pushed onto it, by a code of 20 numbers of 12 bits."""

import pathlib

INK, FAINT, POP, PUSH = "#222", "#777", "#c7522a", "#1f6f8b"
WIDTH, HEIGHT, FLOOR, SCALE = 900, 330, 230, 0.34  # pixels; and of a bit

out = []


def text(x, y, words, colour=INK, size=14, anchor="middle", weight="normal"):
    out.append(f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}" text-anchor="{anchor}" '
               f'font-weight="{weight}">{words}</text>')


def box(x, y, width, height, fill, dash=""):
    out.append(f'<rect x="{x}" y="{y:.1f}" width="{width}" height="{height:.1f}" fill="{fill}" stroke="{INK}" '
               f'stroke-width="1"{dash}/>')


stack = [("images so far", 300, "#e9e4d8")]
left, step, bar = 95, 215, 110


def draw(column, title, note, colour, ghost=0):
    x, y = left + column * step - bar / 2, FLOOR
    for name, bits, fill in stack:
        height = bits * SCALE
        y -= height
        box(x, y, bar, height, fill)
        if height > 16:
            text(x + bar / 2, y + height / 2 + 5, name, size=12)
    if ghost:
        box(x, y - ghost * SCALE, bar, ghost * SCALE, "none", ' stroke-dasharray="4 3"')
        text(x + bar / 2, y - ghost * SCALE / 2 + 5, "z, for now", POP, 12)
    text(x + bar / 2, FLOOR + 24, title, weight="bold")
    text(x + bar / 2, FLOOR + 44, note, colour)
    return y


draw(0, "the stack before", "", INK)
stack[0] = ("images so far", 100, "#e9e4d8")
draw(1, "pop z by q(z|x)", "−log₂ 1/q(z|x) bits", POP, ghost=200)
stack.append(("x", 115, "#cfe3ea"))
draw(2, "push x by p(x|z)", "+log₂ 1/p(x|z) bits", PUSH)
stack.append(("z", 240, "#9fc7d5"))
top = draw(3, "push z by p(z)", "+log₂ 1/p(z) bits", PUSH)

before = FLOOR - 300 * SCALE
right = left + 3 * step + bar / 2 + 12
out.append(f'<line x1="{left - bar / 2}" y1="{before:.1f}" x2="{right + 10}" y2="{before:.1f}" stroke="{FAINT}" '
           'stroke-dasharray="2 4"/>')
out.append(f'<path d="M{right} {before:.1f} V{top:.1f}" stroke="{PUSH}" stroke-width="3" fill="none"/>')
text(right + 8, (before + top) / 2 + 1, "what the", PUSH, 13, "start")
text(right + 8, (before + top) / 2 + 17, "image cost", PUSH, 13, "start")
for column, colour in ((0, POP), (1, PUSH), (2, PUSH)):
    x = left + column * step + bar / 2 + 14
    out.append(f'<path d="M{x} {FLOOR - 60} h{step - bar - 28} m-8 -5 l8 5 l-8 5" stroke="{colour}" stroke-width="2" '
               'fill="none"/>')
text(WIDTH / 2, 312, "log₂ 1/p(x|z) + log₂ 1/p(z) − log₂ 1/q(z|x): on average over z the negative ELBO, in bits", size=15)
text(WIDTH / 2, 24, "One image, from left to right; decoding goes from right to left, and gives the bits of z back", FAINT, 14)

svg = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">\n'
       f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n' + "\n".join(out) + "\n</svg>\n")
(pathlib.Path(__file__).parent / "bits_back.svg").write_text(svg)
