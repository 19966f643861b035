#!/usr/bin/env python3
"""Trains the default model on MNIST without one digit, for each digit in turn, and prints how well the scores of
`vae score` find that digit among the test images: the area under the ROC curve of each, beside the amount of ink alone
and published figures (negative ELBO: L. Tonnaer's thesis on anomaly detection with VAEs, page 41, for 2 and for 32
latent dimensions).

A training of ten epochs takes about a minute on two cores, so the whole table takes some ten. What was trained is kept in
the folder given, so that a second call goes on where the first was stopped.
"""

import argparse
import csv
import pathlib
import subprocess
import sys

PUBLISHED = {"published, z = 2": (.96, .73, .97, .94, .73, .92, .95, .77, .92, .66),
             "published, z = 32": (.81, .09, .92, .87, .78, .86, .87, .51, .89, .58)}


def auroc(scores, abnormal):
    """The share of pairs in which what is not normal scores higher; ties count half."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    rank_sum, at = 0.0, 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        rank_sum += sum(abnormal[i] for i in order[at:end]) * (at + end + 1) / 2
        at = end
    m = sum(abnormal)
    return (rank_sum - m * (m + 1) / 2) / (m * (len(scores) - m))


def measured(vae, data, folder, digit, epochs, draws, options):
    """AUROC by the score's name, of a model that has not seen the digit."""
    run, table = folder / f"without-{digit}-{epochs}", folder / f"scores-{digit}-{epochs}.csv"
    if not (run / "config.json").exists():
        train = [vae, "train", "--data", data, "--without", str(digit), "--epochs", str(epochs), "--out", run, *options]
        print("anomaly.py:", *train, file=sys.stderr)
        subprocess.run(train, check=True, stdout=sys.stderr)
    else:
        subprocess.run([vae, "resume", run], check=True, stdout=sys.stderr)  # ends at once where all is done
    score = [vae, "score", run, data, "--out", table, "--importance", str(draws)]
    subprocess.run(score, check=True, stdout=sys.stderr)
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    abnormal = [row["abnormal"] == "1" for row in rows]
    column = {name: [float(row[name]) for row in rows] for name in rows[0] if name not in ("image", "label", "abnormal")}
    most = column.get("subtracted", [0.0] * len(rows))
    scores = {"−ELBO": [-x for x in column["elbo"]],
              "−ELBO, nothing subtracted": [-x - m for x, m in zip(column["elbo"], most)]}
    if draws:
        scores[f"−log p by {draws} draws"] = [-x for x in column["importance"]]
    scores |= {"reconstruction": [-x for x in column["log_likelihood"]], "KL": column["kl"],
               "typicality": column["typicality"], "ink alone": column["ink"]}
    return {name: auroc(values, abnormal) for name, values in scores.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vae", help="the program")
    parser.add_argument("runs", type=pathlib.Path, help="folder for the runs and their scores")
    parser.add_argument("data", help="MNIST")
    parser.add_argument("--digits", default="0123456789", help="which are held out, as 17 for two of them")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--draws", type=int, default=0, help="of the importance-sampled score; 0: none")
    parser.add_argument("options", nargs="*", help="of the training, after --")
    arguments = parser.parse_args()
    arguments.runs.mkdir(parents=True, exist_ok=True)
    digits = [int(digit) for digit in arguments.digits]
    found = {}
    for digit in digits:
        values = measured(arguments.vae, arguments.data, arguments.runs, digit, arguments.epochs, arguments.draws,
                          arguments.options)
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    found |= {name: [values[digit] for digit in digits] for name, values in PUBLISHED.items()}
    print(f"| AUROC | {' | '.join(map(str, digits))} | mean |")
    print(f"|---|{'--:|' * (len(digits) + 1)}")
    for name, values in found.items():
        shown = [f"{value:.2f}".removeprefix("0") for value in (*values, sum(values) / len(values))]
        print(f"| {name} | {' | '.join(shown)} |")


main()
