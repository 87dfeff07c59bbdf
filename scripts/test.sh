#!/usr/bin/env bash
# From a fresh clone to tested: what the build needs, the build, every test. Arguments go to ctest (-L unit, -R name).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$tractrix_root/scripts/setup.sh"
build dev
cd "$tractrix_root"
# A test that passes needs no line of its own; failures come with their output, ctest's closing lines stay.
ctest --preset dev -j "$(build_jobs)" "$@" |
  grep --line-buffered -vE '^ *(Start +[0-9]+: |[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed )'
