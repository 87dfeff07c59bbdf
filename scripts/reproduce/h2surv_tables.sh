#!/usr/bin/env bash
# Every run of configs/tables/h2surv_ablation.yaml: H2-Surv's ablation on the TCGA cohorts, beside SNN.
# Use: h2surv_tables.sh [OUT] [ROW/COHORT ...]; ROW is snn, r1 ... r6, or a file of configs/h2_surv/rows (of BLCA, whatever COHORT).
# Without names: snn and the six rows of BLCA, UCEC, LUAD and BRCA. TRACTRIX names the program.
# FEATURES: folder of slide features per cohort, as $FEATURES/blca. Without it bags are made up by `tractrix data synth` with the
# signal SHIFT (1.5; 0: none), and every table says so. For trials: SMALL=1 (width 32), OPTIONS="train.epochs=5 train.lr=1e-3".
# BLCA and UCEC are shipped; LUAD and BRCA are read from data/tcga (docs/data_licences.md).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=${1:-runs/h2surv}
shift || true
export TRACTRIX=${TRACTRIX:-build/release/apps/tractrix} OUT=$out FEATURES=${FEATURES:-} SMALL=${SMALL:-} OPTIONS=${OPTIONS:-}
mkdir -p "$out"

config_of() {
  case $1 in
    snn) echo "configs/snn/$2.yaml" ;;
    r6) echo "configs/h2_surv/$2.yaml" ;;
    r[1-5]) echo "configs/h2_surv/$1/$2.yaml" ;;
    *) echo "configs/h2_surv/rows/$1.yaml" ;;
  esac
}

run_one() {
  local row cohort name bags=() small=() options=()
  read -r -a options <<<"$OPTIONS"
  IFS=/ read -r row cohort <<<"$1"
  name=${row}_$cohort
  if [ "$row" != snn ]; then
    bags=("data.inputs.pathology.features=$OUT/bags/$cohort.h5")
    [ -z "$SMALL" ] || small=(recipe.dim=32 recipe.attention=32 "recipe.omics.widths=[32, 32]"
      recipe.transformer.feedforward=64)
    [ -z "$FEATURES" ] || bags=("data.inputs.pathology.features=$FEATURES/$cohort")
  fi
  nice -n 5 "$TRACTRIX" crossval "$(config_of "$row" "$cohort")" --device cpu --resume run.threads=1 \
    "run.out=$OUT" "run.name=$name" "${bags[@]}" "${small[@]}" "${options[@]}" >"$OUT/$name.txt" 2>&1 ||
    { printf 'failed: %s, see %s\n' "$1" "$OUT/$name.txt" >&2; return 1; }
  printf 'done: %s\n' "$1"
}
export -f run_one config_of

if [ $# -eq 0 ]; then
  set -- {snn,r1,r2,r3,r4,r5,r6}/{blca,ucec,luad,brca}
fi
if [ -z "$FEATURES" ]; then
  mkdir -p "$out/bags"
  for cohort in $(printf '%s\n' "$@" | sed 's|.*/||' | sort -u); do
    [ -e "$out/bags/$cohort.h5" ] || "$TRACTRIX" data synth "configs/cohorts/$cohort.yaml" \
      --out "$out/bags/$cohort.h5" --shift "${SHIFT:-1.5}"
  done
fi
# Two at a time, one thread each.
# shellcheck disable=SC2016  # the inner shell expands $1
printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -I '{}' bash -c 'run_one "$1"' _ '{}'
