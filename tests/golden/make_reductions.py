"""Reference numbers from PyTorch in float64 for tests/nn/test_reductions.cpp: variance, standard deviation, norm,
product, flip and einsum; values, gradients of a weighted sum, and the gradients of a weighted sum of those.

Run from anywhere: /usr/bin/python3 tests/golden/make_reductions.py   (Debian: python3-torch)
Writes reductions.safetensors beside this script.
"""

import torch
from make_conv import case
from make_golden import HERE, normal, write_safetensors


def reductions(out):
    def op(name, f, *inputs):
        case(out, name, f, *inputs)

    shape = (3, 4, 5)
    op("var:all", torch.var, normal(*shape))
    op("var:last", lambda x: x.var(-1), normal(*shape))
    op("var:biased", lambda x: x.var((0, 2), unbiased=False, keepdim=True), normal(*shape))
    op("stddev:all", torch.std, normal(*shape))
    op("stddev:first", lambda x: x.std(0), normal(*shape))
    op("stddev:biased", lambda x: x.std((0, 2), unbiased=False, keepdim=True), normal(*shape))
    op("stddev:shifted", lambda x: x.std(-1), 40 + normal(3, 7))
    op("norm:all", lambda x: x.norm(), normal(*shape))
    op("norm:last", lambda x: torch.linalg.vector_norm(x, dim=-1), normal(*shape))
    op("norm:two", lambda x: torch.linalg.vector_norm(x, dim=(0, 2), keepdim=True), normal(*shape))
    op("prod:all", torch.prod, normal(7))
    op("prod:middle", lambda x: x.prod(1), normal(*shape))
    op("flip:one", lambda x: x.flip(1), normal(*shape))
    op("flip:two", lambda x: x.flip((0, -1)) * x, normal(*shape))
    for formula, *shapes in (
        ("bij,jbk->bik", (2, 3, 4), (4, 2, 5)), ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
        ("ij,jk,kl->li", (2, 3), (3, 4), (4, 5)), ("bi,bi->b", (3, 4), (3, 4)), ("i,j->ji", (3,), (4,)),
        ("ij,kl->", (2, 3), (2, 2)), ("ij,ij->ij", (3, 4), (3, 4)), ("ijk->kj", (2, 3, 4)),
        ("ab,cab,b->ca", (2, 3), (4, 2, 3), (3,)), ("bi,oij,bj->bo", (3, 2), (4, 2, 5), (3, 5)),
        ("ij,j->i", (0, 3), (3,)),
    ):
        op(f"einsum:{formula}", lambda *x: torch.einsum(formula, *x), *(normal(*s) for s in shapes))


if __name__ == "__main__":
    numbers = {}
    reductions(numbers)
    write_safetensors(HERE / "reductions.safetensors", numbers)
