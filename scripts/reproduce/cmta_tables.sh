#!/usr/bin/env bash
# Runs of configs/tables/cmta_*.yaml: CMTA's Tables 1 and 2, Figs. 3 and 4 and its tokens with and without detach, and
# then the tables and figures beside the published values.
# Use: cmta_tables.sh [OUT] [MODEL/COHORT ...]; without names, all that the present data allow. TRACTRIX names the program.
# A cohort is run when its table is there (BLCA and UCEC are shipped, the others are read from data/tcga, see
# docs/data_licences.md); rows over slides only when data/features or FEATURES (a folder or a packed file) is. EXTRA holds
# further key=value words for every run. JOBS (1) runs at a time, one thread each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=${1:-runs/cmta}
shift || true
export TRACTRIX=${TRACTRIX:-build/release/apps/tractrix} OUT=$out FEATURES=${FEATURES:-data/features} EXTRA=${EXTRA:-}
mkdir -p "$out"

genomic=(snn snntrans)
with_bags=(maxmil meanmil abmil clam_sb clam_mb transmil mcat m3if gpdbn porpoise hfbsurv dualtrans cmta cmta_paper
  cmta_no_cross_attention cmta_no_alignment cmta_no_detach cmta_no_ppeg cmta_mse cmta_kl cmta_cosine)

has_bags() { [[ " ${with_bags[*]} " = *" $1 "* ]]; }

# The table a cohort's config names.
table_there() {
  local named
  named=$(sed -n 's/^ *table: *//p' "configs/cohorts/$1.yaml")
  [ -n "$named" ] && [ -e "configs/cohorts/$named" ]
}

# shellcheck disable=SC2317  # xargs calls it
run_one() {
  local model=${1%/*} cohort=${1#*/} words=()
  read -r -a words <<<"$EXTRA"
  if [ "$2" = bags ]; then words+=("data.inputs.pathology.features=$FEATURES"); fi
  nice -n 5 "$TRACTRIX" crossval "configs/$model/$cohort.yaml" --device cpu --resume run.threads=1 "run.out=$OUT" \
    "run.name=${model}_$cohort" "${words[@]}" >"$OUT/${model}_$cohort.txt" 2>&1 ||
    { printf 'failed: %s, see %s\n' "$1" "$OUT/${model}_$cohort.txt" >&2; return 1; }
  printf 'done: %s\n' "$1"
}
export -f run_one

if [ $# -eq 0 ]; then
  for cohort in blca ucec luad gbmlgg brca; do
    for model in "${genomic[@]}" "${with_bags[@]}"; do set -- "$@" "$model/$cohort"; done
  done
fi
todo=()
for name in "$@"; do
  kind=genes
  if has_bags "${name%/*}"; then kind=bags; fi
  if ! table_there "${name#*/}"; then
    printf 'left out: %s, the table of %s is not here\n' "$name" "${name#*/}"
  elif [ $kind = bags ] && [ ! -e "$FEATURES" ]; then
    printf 'left out: %s, there are no slide features at %s\n' "$name" "$FEATURES"
  else
    todo+=("$name" "$kind")
  fi
done
status=0
if [ ${#todo[@]} -gt 0 ]; then
  # shellcheck disable=SC2016  # the inner shell expands $1 and $2
  printf '%s %s\n' "${todo[@]}" | xargs -P "${JOBS:-1}" -L 1 bash -c 'run_one "$1" "$2"' _ || status=1
fi
for table in cmta_table1 cmta_table2 cmta_fig3 cmta_fig4 cmta_detach; do
  "$TRACTRIX" report "$out" --table "configs/tables/$table.yaml" --out "$out/reports/$table"
done
exit $status
