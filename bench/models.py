#!/usr/bin/env python3
"""Trains every model of the family by a short recipe on MNIST, measures it, and prints the table "Models".

Each run takes at most two minutes on two cores, and all of them under two hours. What is measured is kept in the folder
given, so that a second call goes on where the first was stopped; delete the folder to begin anew.
"""

import argparse
import json
import pathlib
import shlex
import subprocess
import sys

from between import write_between

SHORT = "--binarize dynamic --hidden 200,200 --latent 50 --activation tanh --init glorot --batch-size 100 --epochs 10"
DEEP = "--binarize dynamic --hidden 300,300 --latent 40 --activation relu --init glorot --batch-size 100 --epochs 5"
GREY = "--hidden 400 --latent 20 --activation relu --init fan-in --batch-size 128 --epochs 5"
SEEDS = (0, 1)

# What it is called; its options; what is shown of it; what others reached by the same recipe, and who. PyTorch's numbers
# without a file are of version 1.13; those of tests/golden/train_family.py are of seed 0.
NLL, ELBO, LIKELIHOOD = "importance_log_likelihood", "elbo", "log_likelihood"
ROWS = [
    ("VAE", f"{SHORT}", NLL, "−104.4 / −102.8, PyTorch"),
    ("sticking the landing", f"{SHORT} --objective stl", NLL, "−103.8, PyTorch"),
    ("IWAE, 5 draws", f"{SHORT} --objective iwae --samples 5", NLL, "−100.2, PyTorch"),
    ("DReG, 5 draws", f"{SHORT} --objective dreg --samples 5", NLL, "−98.7 / −99.2, PyTorch"),
    ("inverse autoregressive flow", f"{SHORT} --code flow --flow iaf --flow-steps 2 --flow-hidden 200", NLL,
     "−102.4 / −102.8, PyTorch"),
    ("planar flow", f"{SHORT} --code flow --flow planar", NLL,
     "−103.7, PyTorch (train_family.py)"),
    ("Laplace codes", f"{SHORT} --code laplace", NLL, "−110.7, PyTorch (train_family.py)"),
    ("conditional", f"{SHORT} --condition label", NLL, "−97.4 / −97.8, PyTorch"),
    ("two stochastic layers", f"{SHORT} --latent 100 --code two-layer --upper-latent 50 --upper-hidden 100", NLL,
     "−123.2 / −117.7, PyTorch (train_family.py)"),
    ("VampPrior", f"{DEEP} --code vamp --pseudo-inputs 500", NLL, "−97.0, PyTorch"),
    ("its Gaussian twin", f"{DEEP}", NLL, "−100.9, PyTorch (train_family.py)"),
    ("denoising", f"{SHORT} --corrupt mask --corruption 0.3", NLL, "−108.7, PyTorch (train_family.py)"),
    ("autoencoder", f"{SHORT} --code point", LIKELIHOOD, "−50.2, PyTorch (train_family.py)"),
    ("sparse autoencoder", f"{SHORT} --code sparse", LIKELIHOOD, "−59.4, PyTorch (train_family.py)"),
    ("codebook", f"{SHORT} --code codebook --latent 16 --codebook-size 128", ELBO, "−129.1, PyTorch (train_family.py)"),
    ("Gaussian likelihood", f"{GREY} --likelihood gaussian", ELBO, "−740.5, PyTorch (train_family.py)"),
    ("shared Gaussian", f"{GREY} --likelihood shared-gaussian", ELBO, "+535.7, PyTorch (train_family.py)"),
    ("free Gaussian", f"{GREY} --likelihood free-gaussian", ELBO, "+2060.1, PyTorch (train_family.py)"),
    ("Laplace likelihood", f"{GREY} --likelihood laplace", ELBO, "+2167.7, PyTorch (train_family.py)"),
    ("logistic", f"{GREY} --likelihood logistic", ELBO, "+2161.5, PyTorch (train_family.py)"),
    ("discretized logistic", f"{GREY} --likelihood discretized-logistic --epochs 10", ELBO,
     "−1009 / −987 (1.857 / 1.817 bits per dimension), PyTorch"),
    ("mixture of logistics", f"{GREY} --likelihood mixture", ELBO, "−776.3, PyTorch (train_family.py)"),
    ("continuous Bernoulli", "--hidden 500,500 --latent 20 --activation relu --init fan-in --batch-size 128 --epochs 10 "
     "--likelihood continuous-bernoulli", ELBO, "+1463.6, PyTorch"),
]


def options_of(text):
    """The last of two values of an option counts, which the command line itself does not allow."""
    words = shlex.split(text)
    pairs = dict(zip(words[::2], words[1::2]))
    return [word for pair in pairs.items() for word in pair]


def measured(vae, data, folder, options, seed, draws):
    """The numbers of one run, from `folder` if it was measured before."""
    known = folder / "measured.json"
    if known.exists():
        return json.loads(known.read_text())
    subprocess.run(["rm", "-rf", folder], check=True)
    train = [vae, "train", "--data", data, *options, "--seed", str(seed), "--out", folder]
    print("models.py:", *train, file=sys.stderr)
    subprocess.run(train, check=True, stdout=sys.stderr)
    numbers = folder / "numbers.json"
    evaluate = [vae, "evaluate", folder, "--json", numbers] + ["--importance", str(draws)]
    subprocess.run(evaluate, check=True, stdout=sys.stderr)
    numbers.rename(known)
    return json.loads(known.read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vae", help="the program")
    parser.add_argument("runs", type=pathlib.Path, help="folder for the runs and their measurements")
    parser.add_argument("data", help="MNIST")
    parser.add_argument("--draws", type=int, default=100, help="of the importance-sampled estimate")
    parser.add_argument("--write", type=pathlib.Path, help="puts the table between the markers of this file")
    parser.add_argument("--only", help="a part of the names of the rows to be measured")
    arguments = parser.parse_args()
    arguments.runs.mkdir(parents=True, exist_ok=True)
    lines = ["| model | `./run train --data mnist …` | shown | seeds 0 and 1 | by the same recipe |",
             "|---|---|---|--:|---|"]
    what = {NLL: "by 100 draws", ELBO: "ELBO", LIKELIHOOD: "reconstruction"}
    for name, text, key, others in ROWS:
        if arguments.only and arguments.only not in name:
            continue
        options = options_of(text)
        found = []
        for seed in SEEDS:
            folder = arguments.runs / f"{name.replace(' ', '-').replace(',', '')}-{seed}"
            draws = arguments.draws if key == NLL else 0
            found.append(measured(arguments.vae, arguments.data, folder, options, seed, draws)[key])
        shown = " / ".join(f"{value:.2f}".replace("-", "−") for value in found)
        lines.append(f"| {name} | `{' '.join(options)}` | {what[key]} | {shown} | {others} |")
    table = "\n".join(lines) + "\n"
    print(table, end="")
    if arguments.write:
        write_between(arguments.write, "models", table)


main()
