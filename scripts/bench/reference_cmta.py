#!/usr/bin/env python3
"""CMTA's training step: tractrix against the published network in eager PyTorch, in turns.

usage: scripts/bench/reference_cmta.py [--patches 256 1024 4096] [--rounds 3] [--threads 2]
       scripts/bench/reference_cmta.py --check      the network below against tests/goldens/cmta

needs: pip install torch==2.11.0 numpy
The network is written from the paper and docs of the published code (FT-ZHOU-ZZZ/CMTA, 31340f6), operation by
operation as that code runs it: attention through einsum-like products, three convolutions of positions, padded
genomic tokens, no form of it made cheaper. A step is forward, loss (NLL and L1 alignment), backward, and SGD with
momentum, in float32 with dropout on. `tuned` gives PyTorch the allocator settings that tractrix gives itself.
The fastest step of each side counts; every turn of either side is a process of its own.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = ROOT / "tests/goldens/cmta"
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": "2000000000"}
# As the made-up batches of `tractrix_bench step`: 1024 features, six groups.
PATCH_COLUMNS, GROUPS = 1024, [100] * 6


def pinv(x):
    size = x.abs()
    z = x.transpose(-1, -2) / (size.sum(-1).max() * size.sum(-2).max())
    eye = torch.eye(x.shape[-1], dtype=x.dtype)
    for _ in range(6):
        xz = x @ z
        z = 0.25 * z @ (13 * eye - xz @ (15 * eye - xz @ (7 * eye - xz)))
    return z


class Nystrom(nn.Module):
    def __init__(self, dim=256, heads=8, dropout=0.1):
        super().__init__()
        self.heads, self.marks = heads, dim // 2
        self.to_qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.to_out = nn.Sequential(nn.Linear(dim, dim), nn.Dropout(dropout))
        self.res_conv = nn.Conv2d(heads, heads, (33, 1), padding=(16, 0), groups=heads, bias=False)

    def forward(self, x):
        batch, rows, dim = x.shape
        x = functional.pad(x, (0, 0, (-rows) % self.marks, 0))
        q, k, v = (t.reshape(batch, -1, self.heads, dim // self.heads).transpose(1, 2)
                   for t in self.to_qkv(x).chunk(3, -1))
        q = q * (dim // self.heads) ** -0.5
        each = x.shape[1] // self.marks
        q_mark, k_mark = (t.unflatten(2, (self.marks, each)).sum(3) / each for t in (q, k))
        attn1 = (q @ k_mark.transpose(-1, -2)).softmax(-1)
        attn2 = (q_mark @ k_mark.transpose(-1, -2)).softmax(-1)
        attn3 = (q_mark @ k.transpose(-1, -2)).softmax(-1)
        out = (attn1 @ pinv(attn2)) @ (attn3 @ v) + self.res_conv(v)
        return self.to_out(out.transpose(1, 2).reshape(batch, -1, dim))[:, -rows:]


class Layer(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm, self.attn = nn.LayerNorm(dim), Nystrom(dim)

    def forward(self, x):
        return x + self.attn(self.norm(x))


class Positions(nn.Module):
    def __init__(self, dim):
        super().__init__()
        for name, size in (("proj", 7), ("proj1", 5), ("proj2", 3)):
            setattr(self, name, nn.Conv2d(dim, dim, size, 1, size // 2, groups=dim))

    def forward(self, x, side):
        token, grid = x[:, :1], x[:, 1:].transpose(1, 2).reshape(x.shape[0], -1, side, side)
        grid = self.proj(grid) + grid + self.proj1(grid) + self.proj2(grid)
        return torch.cat((token, grid.flatten(2).transpose(1, 2)), 1)


class Encoder(nn.Module):
    def __init__(self, dim, grid):
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim) * 1e-6)
        self.pos_layer = Positions(dim) if grid else None
        self.layer1, self.layer2, self.norm = Layer(dim), Layer(dim), nn.LayerNorm(dim)

    def forward(self, x):
        side = math.ceil(math.sqrt(x.shape[1]))
        if self.pos_layer is not None:
            x = torch.cat((x, x[:, :side * side - x.shape[1]]), 1)
        x = self.layer1(torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), 1))
        if self.pos_layer is not None:
            x = self.pos_layer(x, side)
        x = self.norm(self.layer2(x))
        return x[:, 0], x[:, 1:]


class CrossAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = nn.Linear(dim, dim)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, query, other):
        wq, wk, wv = self.in_proj_weight.chunk(3)
        bq, bk, bv = self.in_proj_bias.chunk(3)
        q = functional.linear(query, wq, bq) * wq.shape[1] ** -0.5
        k, v = functional.linear(other, wk, bk), functional.linear(other, wv, bv)
        return self.out_proj((q @ k.transpose(-1, -2)).softmax(-1) @ v)


class Cmta(nn.Module):
    def __init__(self, sizes, dim=256, hidden=1024, dropout=0.25):
        super().__init__()
        self.pathomics_fc = nn.Sequential(nn.Linear(PATCH_COLUMNS, dim), nn.ReLU(), nn.Dropout(dropout),
                                          nn.Linear(dim, dim), nn.ReLU(), nn.Dropout(dropout))
        self.genomics_fc = nn.ModuleList(
            nn.Sequential(*(nn.Sequential(nn.Linear(a, b), nn.ELU(), nn.AlphaDropout(dropout))
                            for a, b in ((size, hidden), (hidden, dim)))) for size in sizes)
        self.pathomics_encoder, self.pathomics_decoder = Encoder(dim, True), Encoder(dim, True)
        self.P_in_G_Att, self.G_in_P_Att = CrossAttention(dim), CrossAttention(dim)
        self.genomics_encoder, self.genomics_decoder = Encoder(dim, False), Encoder(dim, False)
        self.mm = nn.Sequential(nn.Linear(2 * dim, dim), nn.ReLU(), nn.Linear(dim, dim), nn.ReLU())
        self.classifier = nn.Linear(dim, 4)

    def forward(self, bag, genes):
        genomic = torch.stack([f(g[None]) for f, g in zip(self.genomics_fc, genes)], 1)
        p, patches = self.pathomics_encoder(self.pathomics_fc(bag)[None])
        g, groups = self.genomics_encoder(genomic)
        p_hat, _ = self.pathomics_decoder(self.P_in_G_Att(patches, groups))
        g_hat, _ = self.genomics_decoder(self.G_in_P_Att(groups, patches))
        logits = self.classifier(self.mm(torch.cat(((p + p_hat) / 2, (g + g_hat) / 2), 1)))
        hazards = torch.sigmoid(logits)
        return hazards, torch.cumprod(1 - hazards, 1), p, p_hat, g, g_hat


def loss_of(out, bin_, event):
    hazards, survival, p, p_hat, g, g_hat = out
    padded = torch.cat((torch.ones_like(survival[:, :1]), survival), 1)[0].clamp(min=1e-7)
    nll = -(event * (padded[bin_].log() + hazards[0, bin_].clamp(min=1e-7).log())
            + (1 - event) * padded[bin_ + 1].log())
    l1 = functional.l1_loss
    return nll + l1(p.detach(), p_hat) + l1(g.detach(), g_hat)


def fill(key, how):
    """The goldens' formula: SplitMix64 seeded with the key's FNV-1a hash."""
    h = 0xCBF29CE484222325
    for byte in key.encode():
        h = ((h ^ byte) * 0x100000001B3) % (1 << 64)
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, math.prod(how["shape"]) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(11)).astype(float) * 2.0 ** -53
    return (how["offset"] + how["scale"] * (2 * u - 1)).reshape(how["shape"])


def stored(file):
    raw = file.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + size])
    return {key: np.frombuffer(raw[8 + size:][slice(*at["data_offsets"])], "<f8").reshape(at["shape"])
            for key, at in header.items() if key != "__metadata__"}


def check_case(name):
    """Largest difference of outputs and of what is stored of the gradients, in tolerances of the goldens."""
    case, want = json.loads((GOLDENS / f"{name}.json").read_text()), stored(GOLDENS / f"{name}.safetensors")
    net = Cmta(case["config"]["omic_sizes"]).double().eval()
    tensor = {key: torch.from_numpy(fill(key, how)) for key, how in case["fill"].items()}
    net.load_state_dict({key[6:]: value for key, value in tensor.items() if key.startswith("param/")})
    genes = [tensor[f"in/x_omic{i + 1}"] for i in range(len(case["config"]["omic_sizes"]))]
    out = dict(zip(("hazards", "S", "p", "p_hat", "g", "g_hat"), net(tensor["in/x_path"], genes)))
    probe = {k: torch.from_numpy(fill(f"probe/out/{k}", {"shape": v.shape, "scale": 1, "offset": 0}))
             for k, v in out.items()}
    sum((out[k] * probe[k]).sum() for k in case["objective_over"]).backward()
    have = {f"out/{k}": v.detach() for k, v in out.items()}
    have.update({f"grad/param/{k}": v.grad for k, v in net.named_parameters()})
    worst = 0.0
    for key, value in want.items():
        key, _, part = key.partition("#")
        if key not in have or part == "tail":
            continue
        ours = have[key].flatten()
        if part == "summary":
            dot = ours @ torch.from_numpy(fill(f"probe/{key}", {"shape": ours.shape, "scale": 1, "offset": 0}))
            ours = torch.stack((ours.sum(), ours.norm(), dot))
        value = torch.from_numpy(value.copy()).flatten()
        off = (ours[:len(value)] - value).abs() / (1e-12 + 1e-10 * value.abs().max())
        worst = max(worst, off.max().item())
    return worst


def check():
    torch.set_num_threads(1)
    for name in ("cmta_concat_m1", "cmta_concat_m10", "cmta_concat_m130"):
        worst = check_case(name)
        print(f"{name}: largest difference {worst:.2g} tolerances")
        if not worst <= 1:
            sys.exit(1)


def time_steps(patches, seconds, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net = Cmta(GROUPS).train()
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-5)
    bag, genes = torch.randn(patches, PATCH_COLUMNS), [torch.randn(size) for size in GROUPS]
    best, start, steps = math.inf, time.perf_counter(), 0
    while steps < 5 or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        optimizer.zero_grad()
        loss_of(net(bag, genes), 2, 1.0).backward()
        optimizer.step()
        best, steps = min(best, time.perf_counter() - begin), steps + 1
    return best


def reference(patches, args, raised):
    words = [sys.executable, __file__, "--time", str(patches), "--threads", str(args.threads), "--seconds",
             str(args.seconds)]
    environment = {**os.environ, **(MALLOC if raised else {})}
    return float(subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout)


def ours(patches, args):
    words = [args.program, "--rounds", "5", "step", "--recipe", "cmta", "--patches", str(patches)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(args.threads)}
    return json.loads(subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout)


def compare(args):
    for patches in args.patches:
        own, plain, tuned = [], [], []
        for _ in range(args.rounds):
            own.append(ours(patches, args))
            plain.append(reference(patches, args, False))
            tuned.append(reference(patches, args, True))
        best = min(own, key=lambda line: line["ours_s"])
        for malloc, times in (("default", plain), ("raised", tuned)):
            print(json.dumps({**best, "bench": "reference_cmta", "case": f"patches={patches}", "reference": "eager PyTorch",
                              "reference_malloc": malloc, "reference_s": round(min(times), 4),
                              "ratio": round(min(times) / best["ours_s"], 2)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/apps/tractrix_bench")
    parser.add_argument("--patches", type=int, nargs="+", default=[256, 1024, 4096, 16384])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10, help="of a reference's turn")
    parser.add_argument("--check", action="store_true", help="only compare the network with the goldens")
    parser.add_argument("--time", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.check or args.time:
        return check() if args.check else print(time_steps(args.time, args.seconds, args.threads))
    return compare(args)


if __name__ == "__main__":
    main()
