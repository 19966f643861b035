"""Reference values from PyTorch in float64, for tests/nn/test_optimizers_pytorch.cpp.

Run from anywhere: /usr/bin/python3 tests/golden/make_optimizers.py   (Debian: python3-torch)
Writes optimizers.safetensors beside this script: ten steps of given gradients by each optimiser, learning rates by each
schedule, an averaged model, and the gradient of a batch as a whole.
"""

import torch
from torch.optim import lr_scheduler, swa_utils

from make_golden import HERE, normal, write_safetensors

STEPS = 10
out = {}
gradients = [[normal(19), normal(3, 4)] for _ in range(STEPS)]  # the same for all
for step, pair in enumerate(gradients):
    for i, gradient in enumerate(pair):
        out[f"gradient.{step}.{i}"] = gradient


def follow(name, make, schedule=None):
    x = [normal(19), normal(3, 4)]
    for i, value in enumerate(x):
        out[f"{name}/start.{i}"] = value.clone()
        value.requires_grad_()
    optimizer = make(x)
    schedule = schedule(optimizer) if schedule else None
    for pair in gradients:
        for value, gradient in zip(x, pair):
            value.grad = gradient.clone()
        optimizer.step()
        if schedule:
            schedule.step()
    for i, value in enumerate(x):
        out[f"{name}/after.{i}"] = value.detach().clone()


def warm_cosine(optimizer):
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / 4, total_iters=3)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=6, eta_min=0.05 * optimizer.defaults["lr"])
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], milestones=[3])


optim = torch.optim
follow("sgd", lambda x: optim.SGD(x, lr=0.1))
follow("sgd_momentum", lambda x: optim.SGD(x, lr=0.1, momentum=0.9))
follow("sgd_nesterov", lambda x: optim.SGD(x, lr=0.1, momentum=0.8, nesterov=True))
follow("adagrad", lambda x: optim.Adagrad(x, lr=0.1))
follow("adagrad_other", lambda x: optim.Adagrad(x, lr=0.03, eps=1e-2))
follow("rmsprop", lambda x: optim.RMSprop(x, lr=1e-2))
follow("rmsprop_momentum", lambda x: optim.RMSprop(x, lr=1e-2, alpha=0.8, eps=1e-3, momentum=0.7))
follow("adam", lambda x: optim.Adam(x, lr=1e-2))
follow("adam_other", lambda x: optim.Adam(x, lr=0.1, betas=(0.5, 0.75), eps=1e-3))
follow("adamw", lambda x: optim.AdamW(x, lr=1e-2))
follow("adamw_other", lambda x: optim.AdamW(x, lr=0.1, betas=(0.5, 0.75), eps=1e-3, weight_decay=0.3))
follow("nesterov_step", lambda x: optim.SGD(x, lr=0.1, momentum=0.8, nesterov=True),
       lambda o: lr_scheduler.StepLR(o, step_size=3, gamma=0.5))
follow("rmsprop_cosine", lambda x: optim.RMSprop(x, lr=1e-2, momentum=0.7),
       lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=10))
follow("adamw_warm_cosine", lambda x: optim.AdamW(x, lr=0.1, weight_decay=0.3), warm_cosine)


def rates(name, schedule):
    optimizer = optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = schedule(optimizer)
    taken = []
    for _ in range(STEPS):
        taken.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    out[f"rates/{name}"] = torch.tensor(taken)


rates("constant", lambda o: lr_scheduler.ConstantLR(o, factor=1.0))
rates("step", lambda o: lr_scheduler.StepLR(o, step_size=3, gamma=0.5))
rates("cosine", lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=10, eta_min=0.1))
rates("warm", lambda o: lr_scheduler.LinearLR(o, start_factor=1 / 5, total_iters=4))
rates("warm_cosine", lambda o: warm_cosine(o))

# The average of a model with a buffer, which is taken as it is; n counts from 1, for the first update is a copy.
def ramped(a, x, n):
    keep = min(0.4, n / (9 + n))
    return keep * a + (1 - keep) * x


model = torch.nn.BatchNorm1d(3)
average = swa_utils.AveragedModel(model, avg_fn=ramped)
with torch.no_grad():
    model.weight.copy_(normal(3))
average.update_parameters(model)  # the first is a copy
out["average/start"] = model.weight.detach().clone()
for step in range(STEPS):
    with torch.no_grad():
        model.weight.copy_(normal(3))
    average.update_parameters(model)
    out[f"average/weight.{step}"] = model.weight.detach().clone()
out["average/after"] = average.module.weight.detach().clone()

# The gradient of a mean over a batch of 10.
x, weight = normal(10, 4), normal(3, 4).requires_grad_()
out["batch/x"], out["batch/weight"] = x, weight
out["batch/gradient"], = torch.autograd.grad(torch.tanh(x @ weight.T).pow(2).sum(1).mean(), weight)


class Nadam(optim.Optimizer):
    """Dozat 2016, Algorithm 8. Not torch.optim.NAdam: that of PyTorch 1.13 has one factor mu(t) too many in the last
    denominator, where the product goes up to mu(t + 1)."""

    def __init__(self, x, lr, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        super().__init__(x, dict(lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay))
        self.t, self.product = 0, 1.0

    def step(self):
        self.t += 1
        (group,) = self.param_groups
        beta1, beta2 = group["betas"]
        mu, next_mu = (beta1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])) for t in (self.t, self.t + 1))
        self.product *= mu
        for x in group["params"]:
            m, v = self.state[x].setdefault("moments", [torch.zeros_like(x), torch.zeros_like(x)])
            m.copy_(beta1 * m + (1 - beta1) * x.grad)
            v.copy_(beta2 * v + (1 - beta2) * x.grad**2)
            m_hat = next_mu * m / (1 - self.product * next_mu) + (1 - mu) * x.grad / (1 - self.product)
            x.data -= group["lr"] * m_hat / (torch.sqrt(v / (1 - beta2**self.t)) + group["eps"])


follow("nadam", lambda x: Nadam(x, lr=1e-2))
follow("nadam_other", lambda x: Nadam(x, lr=0.1, betas=(0.5, 0.75), eps=1e-3, momentum_decay=1.0))

write_safetensors(HERE / "optimizers.safetensors", out)
