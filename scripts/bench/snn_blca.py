#!/usr/bin/env python3
"""SNN on BLCA, five folds x 20 epochs: tractrix against the same training in eager PyTorch, in turns.

usage: scripts/bench/snn_blca.py [--program build/release/apps/tractrix] [--rounds 3] [--threads 2]

needs: pip install torch==2.11.0 numpy pandas
The reference is written from MCAT's protocol (docs/results/genomics_baselines.md): SNN of four layers of 256,
negative log-likelihood over four time bins, L1, Adam 2e-4, 32 patients per step, balanced sampling. `single` goes
patient by patient through a DataLoader as the published code does, `batched` forwards all 32 patients at once.
Both sides read the table, fit scaler and bins per fold, validate every epoch and write weights and predictions. The
reference's time starts after its imports; tractrix's is the whole process. Fastest turn of each counts.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests/data/tcga"
EPOCHS, WINDOW, BINS = 20, 32, 4
# The allocator settings that tractrix gives itself.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": "2000000000"}


def read_cohort():
    import pandas as pd

    table = pd.read_csv(DATA / "blca/all_clean.csv.gz", index_col=0, low_memory=False).drop_duplicates("case_id")
    table = table.set_index("case_id")
    genes = set(pd.read_csv(DATA / "signatures.csv").stack())
    columns = [c for c in table.columns if c.endswith(("_rnaseq", "_cnv", "_mut")) and c.rsplit("_", 1)[0] in genes]
    return table, columns


def prepare(table, columns, ids, edges=None, scaler=None):
    """Features scaled by the training fold, bins from its uncensored patients."""
    import numpy as np

    part = table.loc[ids]
    values = part[columns].to_numpy(float)
    months, event = part["survival_months"].to_numpy(float), 1 - part["censorship"].to_numpy(int)
    if edges is None:
        edges = np.quantile(months[event == 1], np.linspace(0, 1, BINS + 1)[1:-1])
        spread = values.std(0)
        scaler = values.mean(0), np.where(spread > 0, spread, 1)
    scaled = ((values - scaler[0]) / scaler[1]).astype("float32")
    return (scaled, np.searchsorted(edges, months, side="right"), event, months), edges, scaler


def make_net(torch, columns):
    nn = torch.nn
    blocks = []
    for width in (columns, 256, 256, 256):
        blocks += [nn.Linear(width, 256), nn.ELU(), nn.AlphaDropout(0.25)]
    net = nn.Sequential(*blocks, nn.Linear(256, BINS))
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, layer.weight.shape[1] ** -0.5)
            nn.init.zeros_(layer.bias)
    return net


def nll(torch, logits, bins, event):
    """Mean negative log-likelihood of discrete hazards."""
    hazards = torch.sigmoid(logits)
    survival = torch.cat([torch.ones_like(hazards[:, :1]), torch.cumprod(1 - hazards, 1)], 1)
    bins, event = bins[:, None], event[:, None].float()
    at_bin = torch.log(survival.gather(1, bins).clamp(min=1e-7)) + torch.log(hazards.gather(1, bins).clamp(min=1e-7))
    beyond = torch.log(survival.gather(1, bins + 1).clamp(min=1e-7))
    return -(event * at_bin + (1 - event) * beyond).mean()


def concordance(months, event, risk):
    earlier = (event[:, None] == 1) & ((months[:, None] < months) | ((months[:, None] == months) & (event == 0)))
    return ((risk[:, None] > risk) + 0.5 * (risk[:, None] == risk))[earlier].mean()


def train_fold(torch, train, valid, batch, out):
    import numpy as np

    x, bins, event, _ = (torch.from_numpy(np.array(a)) for a in train)
    labels = bins * 2 + event
    weights = 1.0 / torch.bincount(labels)[labels].double()
    data = torch.utils.data.TensorDataset(x, bins, event)
    sampler = torch.utils.data.WeightedRandomSampler(weights, len(data))
    loader = torch.utils.data.DataLoader(data, batch_size=batch, sampler=sampler)
    net = make_net(torch, x.shape[1])
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-4, weight_decay=1e-5)
    visits = WINDOW // batch
    for _ in range(EPOCHS):
        net.train()
        for i, (features, bin_, event_) in enumerate(loader):
            loss = nll(torch, net(features), bin_, event_) / visits
            l1 = sum(p.abs().sum() for p in net.parameters())
            (loss + 1e-4 * (1 if batch == 1 else WINDOW) * l1).backward()
            if (i + 1) % visits == 0:
                optimizer.step()
                optimizer.zero_grad()
        net.eval()
        with torch.no_grad():
            rows = torch.from_numpy(valid[0])
            parts = [net(rows[i:i + batch]) for i in range(0, len(rows), batch)]
            hazards = torch.sigmoid(torch.cat(parts))
        risk = -torch.cumprod(1 - hazards, 1).sum(1).numpy()
        index = concordance(valid[3], valid[2], risk)
    torch.save(net.state_dict(), out + ".pt")
    np.savetxt(out + ".csv", risk)
    return index


def train_all(batch, threads, out):
    import numpy  # noqa: F401  (imports are not timed)
    import pandas as pd
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    start = time.perf_counter()
    table, columns = read_cohort()
    indices = []
    for fold in range(5):
        split = pd.read_csv(DATA / f"blca/splits/splits_{fold}.csv")
        train, edges, scaler = prepare(table, columns, split["train"].dropna())
        valid, _, _ = prepare(table, columns, split["val"].dropna(), edges, scaler)
        indices.append(train_fold(torch, train, valid, batch, f"{out}/{fold}"))
    print(json.dumps({"seconds": time.perf_counter() - start, "columns": len(columns),
                      "c_index": sum(indices) / len(indices)}))


def reference(batch, threads, raised):
    environment = {**os.environ, **(MALLOC if raised else {})}
    with tempfile.TemporaryDirectory() as out:
        words = [sys.executable, __file__, "--train", str(batch), "--threads", str(threads), "--out", out]
        return json.loads(subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout)


def ours(program, threads):
    with tempfile.TemporaryDirectory() as out:
        words = [program, "-q", "crossval", ROOT / "configs/snn/blca.yaml", f"run.out={out}", f"run.threads={threads}"]
        start = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        seconds = time.perf_counter() - start
        return {"seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/apps/tractrix")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sides", nargs="+", help="which references, by name; default: all four")
    parser.add_argument("--train", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.train:
        return train_all(args.train, args.threads, args.out)
    sides = {"single": (1, False), "single, malloc raised": (1, True), "batched": (WINDOW, False),
             "batched, malloc raised": (WINDOW, True)}
    sides = {name: sides[name] for name in args.sides or sides}
    best, own = dict.fromkeys(sides), []
    for _ in range(args.rounds):
        own.append(ours(args.program, args.threads)["seconds"])
        for name, (batch, raised) in sides.items():
            got = reference(batch, args.threads, raised)
            if best[name] is None or got["seconds"] < best[name]["seconds"]:
                best[name] = got
    for name, got in best.items():
        print(json.dumps({"bench": "snn_blca", "case": f"5 folds x {EPOCHS} epochs, reference {name}",
                          "threads": args.threads, "dtype": "float32", "ours_s": round(min(own), 3),
                          "reference_s": round(got["seconds"], 3), "ratio": round(got["seconds"] / min(own), 2),
                          "spread": round(max(own) / min(own), 3), "reference_c_index": round(got["c_index"], 4)}))


if __name__ == "__main__":
    main()
