#!/usr/bin/env bash
# Builds the recipe of docs/write_a_recipe.md outside the repository against an installed tractrix, and trains it.
# usage: scripts/check_external.sh [BUILD]   an existing build folder, build/release unless named
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build=$(realpath "${1:-$tractrix_root/build/release}")
cohort=$tractrix_root/tests/data/tcga/blca
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Every fenced block of the page starts with the name of its file.
awk -v out="$work" '
  /^```[a-z]/ {getline; file = out "/" $2; inside = 1; next}
  /^```/ {inside = 0}
  inside {print > file}' "$tractrix_root/docs/write_a_recipe.md"

cmake --install "$build" --prefix "$work/install" >"$work/log" || { cat "$work/log"; exit 1; }
cd "$work"
cmake -B build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS=-fPIC -DCMAKE_PREFIX_PATH="$work/install" >log ||
  { cat log; exit 1; }
cmake --build build
build/mine ls | grep '^mine'
build/mine -q crossval mine.yaml data.table="$cohort/all_clean.csv.gz" split.folder="$cohort/splits" run.out="$work/runs"
report external recipe "ok"
