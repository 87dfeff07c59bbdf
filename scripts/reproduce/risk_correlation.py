#!/usr/bin/env python3
"""Per fold: Spearman correlation between a run's risks and published risks of the same patients.

usage: risk_correlation.py RUN PUBLISHED.csv --model SNN --cohort blca
PUBLISHED has the columns model, cohort, fold, case_id, risk (not shipped: docs/data_licences.md).
"""
import argparse
import csv
import pathlib


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for i in order[start:end + 1]:
            result[i] = (start + end) / 2
        start = end + 1
    return result


def pearson(a, b):
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    covariance = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    spread = sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)
    if spread == 0:
        raise SystemExit("a correlation is undefined: one side is constant")
    return covariance / spread ** 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("published", type=pathlib.Path)
    parser.add_argument("--model", default="SNN")
    parser.add_argument("--cohort", required=True)
    arguments = parser.parse_args()
    with arguments.published.open(newline="") as file:
        published = {row["case_id"]: float(row["risk"]) for row in csv.DictReader(file)
                     if row["model"].startswith(arguments.model) and row["cohort"].lower() == arguments.cohort}
    for fold in sorted(arguments.run.glob("fold_*")):
        with (fold / "predictions_last.csv").open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["case_id"] in published]
        ours = ranks([float(row["risk"]) for row in rows])
        theirs = ranks([published[row["case_id"]] for row in rows])
        print(f"{fold.name} {len(rows)} {pearson(ours, theirs):.4f}")


if __name__ == "__main__":
    main()
