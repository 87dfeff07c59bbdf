#!/usr/bin/env python3
"""Makes the small h5ad files of this folder: python3 make.py (anndata, h5py). Everything is made up by the formulas below."""
import shutil
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

HERE = Path(__file__).parent
SPOTS, GENES = 12, 7


def counts():
    r, c = np.indices((SPOTS, GENES))
    return ((r * 5 + c * 3) % 7 * ((r + 2 * c) % 3 == 0)).astype(np.int64)


def section(x):
    obs = pd.DataFrame(index=[f"spot{i}" for i in range(SPOTS)])
    obs["in_tissue"] = [i != 3 for i in range(SPOTS)]
    obs["array_row"] = [i // 4 for i in range(SPOTS)]
    obs["array_col"] = [2 * (i % 4) + i // 4 % 2 for i in range(SPOTS)]
    region = ["core", "edge", None] * (SPOTS // 3)
    obs["region"] = pd.Categorical(region, categories=["core", "edge", "unused"])
    obs["donor"] = ["p1"] * 6 + ["p2"] * 6
    data = anndata.AnnData(x, obs=obs, var=pd.DataFrame(index=["A", "B", "B", "C", "D", "E", "F"]))
    data.obsm["spatial"] = np.array([[100.5 + 10 * i, 200.0 + i] for i in range(SPOTS)])
    data.uns["spatial"] = {"ST": {"scalefactors": {"spot_diameter_fullres": 55.0, "tissue_downscaled_fullres_scalef": 0.5}}}
    return data


def broken(name, change):
    shutil.copy(HERE / "dense_int64.h5ad", HERE / name)
    with h5py.File(HERE / name, "r+") as file:
        change(file)


def set_value(path, at, value):
    def change(file):
        data = file[path][()]
        data[at] = value
        attributes = dict(file[path].attrs)
        del file[path]
        file[path] = data
        file[path].attrs.update(attributes)
    return change


def short(file):
    data = file["obsm/spatial"][:-1]
    del file["obsm/spatial"]
    file["obsm/spatial"] = data


def fraction(file):
    data = file["X"][()] * 0.5
    del file["X"]
    file["X"] = data


def negative(file):
    data = file["X"][()]
    data[2, 1] = -3
    del file["X"]
    file["X"] = data


def link(file):
    del file["X"]
    file["X"] = h5py.ExternalLink("csr.h5ad", "/X")


def main():
    x = counts()
    section(x).write_h5ad(HERE / "dense_int64.h5ad")
    section(sp.csr_matrix(x)).write_h5ad(HERE / "csr.h5ad")
    section(sp.csc_matrix(x.astype(np.float32))).write_h5ad(HERE / "csc.h5ad", compression="gzip")
    broken("bad_duplicate_barcode.h5ad", set_value("obs/_index", 4, "spot1"))
    broken("bad_positions_short.h5ad", short)
    broken("bad_fraction.h5ad", fraction)
    broken("bad_negative.h5ad", negative)
    broken("bad_external_link.h5ad", link)
    broken("bad_position_nan.h5ad", set_value("obsm/spatial", (2, 0), np.nan))
    broken("bad_code.h5ad", set_value("obs/region/codes", 5, 9))
    whole = (HERE / "csr.h5ad").read_bytes()
    (HERE / "bad_truncated.h5ad").write_bytes(whole[: len(whole) // 2])


if __name__ == "__main__":
    main()
