#!/usr/bin/env bash
# Before a release, by hand: fetches the whole LibTorch (about 5 GB), builds the program with the preset cuda, and lets it
# start. Needs no GPU; that anything computes on one is not shown here.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$tractrix_root/scripts/setup.sh" --cuda
build cuda
program=$tractrix_root/build/cuda/apps/tractrix

# The CUDA half must be among the program's own libraries: no symbol asks for it, so a linker may drop it.
if ! readelf -d "$program" | grep -q 'NEEDED.*libtorch_cuda\.so'; then
  fail "$program is not linked with libtorch_cuda.so"
fi
lost=$(ldd "$program" | awk '/not found/ && $1 != "libcuda.so.1" {print $1}' | sort -u | tr '\n' ' ')
if [ -n "$lost" ]; then fail "$program does not find ${lost% }"; fi
report cuda linked "ok  libtorch_cuda.so is loaded by $program"

"$program" ls >/dev/null
said=$("$program" doctor || true)
printf '%s\n' "$said"
grep -q -i cuda <<<"$said" || fail "doctor says nothing about CUDA"
