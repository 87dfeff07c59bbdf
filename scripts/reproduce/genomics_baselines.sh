#!/usr/bin/env bash
# Every run of docs/results/genomics_baselines.md: genomics-only and clinical baselines on the TCGA cohorts.
# Use: genomics_baselines.sh [OUT] [MODEL/COHORT[/reference] ...]; without names, all of them. TRACTRIX names the program.
# BLCA and UCEC are shipped; LUAD, BRCA and GBMLGG are read from data/tcga (docs/data_licences.md).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=${1:-runs/genomics_baselines}
shift || true
export TRACTRIX=${TRACTRIX:-build/release/apps/tractrix} OUT=$out
mkdir -p "$out"

# MODEL/COHORT runs the config as it is, MODEL/COHORT/reference with the settings of the published code.
run_one() {
  local model cohort variant name reference=()
  IFS=/ read -r model cohort variant <<<"$1"
  name=${1//\//_}
  if [ "$variant" = reference ]; then
    reference=(data.inputs.genomics.select=mcat_block data.bins.fit=cohort train.accumulation=mcat)
  fi
  nice -n 5 "$TRACTRIX" crossval "configs/$model/$cohort.yaml" --device cpu --resume run.threads=1 \
    "run.out=$OUT" "run.name=$name" "${reference[@]}" >"$OUT/$name.txt" 2>&1 ||
    { printf 'failed: %s, see %s\n' "$1" "$OUT/$name.txt" >&2; return 1; }
  printf 'done: %s\n' "$1"
}
export -f run_one

if [ $# -eq 0 ]; then
  set -- {clinical,mlp,snn}/{ucec,blca,luad,gbmlgg,brca} snn/{ucec,blca,luad}/reference \
    snntrans/{ucec,blca,luad,gbmlgg,brca}
fi
# Two at a time, one thread each.
# shellcheck disable=SC2016  # the inner shell expands $1
printf '%s\n' "$@" | xargs -P 2 -I '{}' bash -c 'run_one "$1"' _ '{}'
