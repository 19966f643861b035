"""Reference numbers from PyTorch in float64 for tests/nn/test_conv.cpp: convolutions, pooling, upsampling, products of
stacks of matrices; values, gradients of a weighted sum, and the gradients of a weighted sum of those.

Run from anywhere: /usr/bin/python3 tests/golden/make_conv.py   (Debian: python3-torch)
Writes conv.safetensors beside this script.
"""

import torch
import torch.nn.functional as F
from make_golden import HERE, as_float, generator, normal, write_safetensors


def case(out, name, f, *inputs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = f(*inputs)
    weight = normal(*y.shape)
    gradients = torch.autograd.grad((y * weight).sum(), inputs, create_graph=True, allow_unused=True)
    gradients = [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, gradients)]
    directions = [normal(*x.shape) for x in inputs]
    along = sum((g * d).sum() for g, d in zip(gradients, directions))
    seconds = [None] * len(inputs)
    if along.requires_grad:
        seconds = torch.autograd.grad(along, inputs, allow_unused=True)
    out[f"{name}/weight"], out[f"{name}/value"] = weight, y
    for i, x in enumerate(inputs):
        out[f"{name}/in.{i}"], out[f"{name}/gradient.{i}"] = x, gradients[i]
        out[f"{name}/direction.{i}"] = directions[i]
        out[f"{name}/second.{i}"] = torch.zeros_like(x) if seconds[i] is None else seconds[i]


def distinct(*shape):
    order = torch.randperm(torch.Size(shape).numel(), generator=generator)
    return as_float(0.125 * order.reshape(shape).double() - 3)


def conv_cases(out):
    def conv(name, image, weight, permuted=False, **settings):
        maps = F.conv2d(torch.zeros(image), torch.zeros(weight), **settings).shape
        back = dict(settings)
        reached = F.conv_transpose2d(torch.zeros(maps), torch.zeros(weight), **settings).shape
        back["output_padding"] = (image[2] - reached[2], image[3] - reached[3])
        x, w, g = normal(*image), normal(*weight), normal(*maps)

        def weight_gradient(x, g):
            w = torch.zeros(weight, requires_grad=True)
            return torch.autograd.grad((F.conv2d(x, w, **settings) * g).sum(), w, create_graph=True)[0]

        def in_order(f):
            if not permuted:
                return f
            # The arguments come with their first two and their last two axes swapped.
            return lambda a, b, *rest: f(a.permute(1, 0, 3, 2), b.permute(1, 0, 3, 2), *rest)

        if permuted:
            x, w, g = (t.permute(1, 0, 3, 2).contiguous() for t in (x, w, g))
        case(out, f"conv2d:{name}", in_order(lambda x, w, b: F.conv2d(x, w, b, **settings)), x, w, normal(weight[0]))
        case(out, f"conv_transpose2d:{name}", in_order(lambda g, w, b: F.conv_transpose2d(g, w, b, **back)), g, w,
             normal(image[1]))
        case(out, f"conv2d_weight:{name}", in_order(weight_gradient), x, g)

    conv("plain", (2, 3, 6, 5), (3, 3, 3, 2))
    conv("one_by_one", (2, 3, 4, 3), (5, 3, 1, 1))
    conv("stride", (2, 2, 6, 7), (3, 2, 3, 3), stride=2, padding=1)
    conv("axes", (1, 2, 9, 8), (3, 2, 3, 2), stride=(3, 2), padding=(2, 1), dilation=(1, 3))
    conv("groups", (1, 4, 5, 5), (6, 2, 3, 3), stride=2, padding=1, groups=2)
    conv("depthwise", (2, 3, 5, 4), (3, 1, 2, 2), dilation=2, groups=3)
    conv("permuted", (2, 3, 5, 4), (2, 3, 3, 3), permuted=True, stride=2, padding=1)
    conv("empty", (0, 2, 5, 4), (3, 2, 3, 3), padding=1)
    conv("wide", (1, 1, 4, 34), (2, 1, 3, 3), stride=(1, 2), padding=1)

    def pools(name, x, window, **settings):
        case(out, f"max_pool2d:{name}", lambda x: F.max_pool2d(x, window, **settings), x)
        case(out, f"avg_pool2d:{name}", lambda x: F.avg_pool2d(x, window, **settings), x)

    pools("side_by_side", distinct(1, 2, 4, 6), 2)
    pools("overlapping", distinct(1, 2, 7, 5), (3, 2), stride=(2, 1), padding=1)
    pools("left_over", distinct(1, 2, 5, 7), 2, stride=3)
    pools("empty", distinct(0, 2, 4, 4), 2)
    case(out, "upsample_nearest2d:2x3", lambda x: F.interpolate(x, scale_factor=(2, 3), mode="nearest"),
         normal(2, 2, 3, 4))

    case(out, "matmul:stack", torch.matmul, normal(3, 5, 4), normal(3, 4, 6))
    case(out, "matmul:one_right", torch.matmul, normal(2, 2, 3, 4), normal(4, 5))
    case(out, "matmul:one_left", torch.matmul, normal(5, 4), normal(3, 4, 2))
    case(out, "matmul:broadcast", torch.matmul, normal(2, 1, 3, 4), normal(5, 4, 2))
    case(out, "matmul:empty", torch.matmul, normal(0, 3, 4), normal(4, 2))

    # output_padding may hold the stride where the dilation is larger still
    case(out, "conv_transpose2d:beyond",
         lambda x, w, b: F.conv_transpose2d(x, w, b, stride=(1, 2), padding=1, dilation=(3, 4), output_padding=(2, 3)),
         normal(2, 3, 4, 3), normal(3, 2, 2, 3), normal(2))

    # windows that reach beyond the image, or leave something out
    pools("rounded_up", distinct(1, 2, 6, 7), (3, 2), stride=(2, 3), ceil_mode=True)
    pools("rounded_up_padded", distinct(2, 1, 5, 7), (3, 4), stride=(3, 2), padding=(1, 2), ceil_mode=True)
    pools("not_in_the_padding", distinct(1, 1, 5, 4), 2, stride=(3, 4), padding=1, ceil_mode=True)
    pools("larger_than_the_image", distinct(1, 1, 2, 3), 3, stride=2, ceil_mode=True)
    pools("wide", distinct(1, 2, 9, 8), (7, 8), stride=(1, 2), padding=(3, 0))

    def dilated(name, x, window, **settings):
        case(out, f"max_pool2d:{name}", lambda x: F.max_pool2d(x, window, **settings), x)

    dilated("dilated", distinct(2, 1, 8, 9), (3, 2), stride=(1, 2), dilation=(2, 3))
    dilated("dilated_padded", distinct(1, 2, 7, 8), (2, 3), stride=2, padding=1, dilation=(3, 2))
    dilated("dilated_rounded_up", distinct(1, 1, 7, 6), 2, stride=(3, 2), dilation=(2, 3), ceil_mode=True)

    def sequences(name, x, w, **settings):
        case(out, f"conv1d:{name}", lambda x, w, b: F.conv1d(x, w, b, **settings), normal(*x), normal(*w), normal(w[0]))

    sequences("plain", (2, 3, 8), (4, 3, 3))
    sequences("all", (2, 4, 11), (6, 2, 3), stride=2, padding=3, dilation=2, groups=2)
    sequences("empty", (0, 2, 5), (3, 2, 2))


if __name__ == "__main__":
    numbers = {}
    conv_cases(numbers)
    write_safetensors(HERE / "conv.safetensors", numbers)
