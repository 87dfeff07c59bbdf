#!/usr/bin/env bash
# Runs behind configs/tables/must_*.yaml: MUST and its variants, complete patients and patients that lack a modality.
# Use: must_tables.sh [OUT] [COHORT[_rna_cnv]/VARIANT ...]; without names, all variants on BLCA, which is shipped, on real RNA and
# copy numbers (the table of UCEC has no RNA). TRACTRIX names the program, STEPS the denoisers' optimizer steps (10000; the paper's are
# 1000000).
# Pathology runs (blca/must, ...) need features: PATHOLOGY=/path/to/features.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=${1:-runs/must}
shift || true
export TRACTRIX=${TRACTRIX:-build/release/apps/tractrix} OUT=$out STEPS=${STEPS:-10000}
mkdir -p "$out"

variants=(must regression mean zero no_warmup condition_c rank16 rank32 rank128 paper_sums eq6 no_shared no_decomposition
  no_orthogonal train_lacks_second_20 train_lacks_second_50 train_lacks_first_20 train_lacks_first_50)

# Overrides of a variant; the inputs' names depend on the cohort's form.
overrides_of() {
  local second=$2 first=$3
  case $1 in
    must) ;;
    regression | mean | zero) printf '%s\n' "recipe.missing.fill=$1" ;;
    no_warmup) printf '%s\n' train.stages.warmup.epochs=0 ;;          # Table 3a
    condition_c) printf '%s\n' recipe.missing.token=none ;;           # Table 3b
    rank*) printf '%s\n' "recipe.subspace.rank=${1#rank}" ;;
    paper_sums) printf '%s\n' recipe.loss.reduction=paper ;;
    eq6) printf '%s\n' recipe.loss.nll=eq6 ;;
    no_shared) printf '%s\n' recipe.loss.shared=0 ;;
    no_decomposition) printf '%s\n' recipe.loss.decomposition=0 ;;
    no_orthogonal) printf '%s\n' recipe.loss.orthogonal=0 ;;
    train_lacks_second_*) printf '%s\n' "data.withhold.train.input=$second" "data.withhold.train.rate=0.${1##*_}" ;;
    train_lacks_first_*) printf '%s\n' "data.withhold.train.input=$first" "data.withhold.train.rate=0.${1##*_}" ;;
    *) printf 'there is no variant %s\n' "$1" >&2; return 1 ;;
  esac
}

# What a finished run says of patients that lack an input: one folder each, read by `tractrix report` like a run's.
lack() {
  local name=$1 label=$2
  shift 2
  nice -n 5 "$TRACTRIX" predict "$OUT/$name" "$@" run.threads=1 --out "$OUT/$name.$label.csv" --as-run "$OUT/${name}_$label"
}

run_one() {
  local cohort variant name first=pathology second=genomics words=()
  IFS=/ read -r cohort variant <<<"$1"
  name=must_${cohort}_$variant
  if [[ $cohort == *_rna_cnv ]]; then first=cnv second=rna; fi
  mapfile -t words < <(overrides_of "$variant" "$second" "$first")
  if [ "$first" = pathology ] && [ -n "${PATHOLOGY:-}" ]; then words+=("data.inputs.pathology.features=$PATHOLOGY"); fi
  if [ "$variant" != zero ] && [ "$variant" != mean ]; then words+=("train.stages.fill.steps=$STEPS"); fi
  if [ "$variant" = mean ]; then words+=(train.stages.fill.steps=1); fi
  if [ "$variant" = zero ]; then words+=(train.stages.fill=~); fi
  {
    nice -n 5 "$TRACTRIX" crossval "configs/must/$cohort.yaml" --device cpu --resume run.threads=1 "run.out=$OUT" "run.name=$name" \
      "${words[@]}"
    lack "$name" no_second "data.withhold.reported.input=$second"
    lack "$name" no_first "data.withhold.reported.input=$first"
    if [ "$variant" = must ]; then
      for rate in 0.2 0.4 0.6 0.8; do
        lack "$name" "any_$rate" data.withhold.reported.input=any "data.withhold.reported.rate=$rate"
      done
    fi
  } >"$OUT/$name.txt" 2>&1 || { printf 'failed: %s, see %s\n' "$1" "$OUT/$name.txt" >&2; return 1; }
  printf 'done: %s\n' "$1"
}
export -f run_one lack overrides_of

if [ $# -eq 0 ]; then
  for variant in "${variants[@]}"; do set -- "$@" "blca_rna_cnv/$variant"; done
fi
# Two at a time, one thread each.
# shellcheck disable=SC2016  # the inner shell expands $1
printf '%s\n' "$@" | xargs -P 2 -I '{}' bash -c 'run_one "$1"' _ '{}'
