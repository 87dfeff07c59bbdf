#!/usr/bin/env bash
# From a fresh clone to a result: set-up, release build, five-fold cross-validation of SNN on the shipped real BLCA cohort.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$tractrix_root/scripts/setup.sh"
build release
cd "$tractrix_root"
tractrix=build/release/apps/tractrix
report main snn_blca "five folds, 20 epochs, real TCGA table (no slide features)"
# A second call goes on with, or only prints, the run that is there.
"$tractrix" crossval configs/snn/blca.yaml run.out=runs --resume

# Bags without slides: made up, with a planted signal, and marked as synthetic in every table.
report main abmil_blca "five folds, 5 epochs, synthetic bags"
[ -f runs/blca_synthetic.h5 ] || "$tractrix" data synth configs/cohorts/blca.yaml --out runs/blca_synthetic.h5
"$tractrix" crossval configs/abmil/blca_synthetic.yaml run.out=runs --resume
