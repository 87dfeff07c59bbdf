#!/usr/bin/env bash
# The house rules: arrows between rooms, sizes, words, formatting, shell scripts. Builds nothing.
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$tractrix_root" || exit 1
failed=no
formatter_major=14

# check NAME COMMAND...: the command's output only when it fails.
check() {
  local name=$1 log start=$SECONDS
  log=$(mktemp)
  shift
  if "$@" >"$log" 2>&1; then
    report check "$name" "ok  $((SECONDS - start)) s"
  else
    failed=yes
    cat "$log"
    report check "$name" "FAILED"
  fi
  rm -f "$log"
}

tracked() { git ls-files -co --exclude-standard -- "$@"; }

find_formatter() {
  local program
  for program in "clang-format-$formatter_major" clang-format; do
    if "$program" --version 2>/dev/null | grep -q "version $formatter_major\."; then
      echo "$program"
      return
    fi
  done
}

check_format() {
  local files
  mapfile -t files < <(tracked '*.hpp' '*.cpp' '*.cu')
  # The first place of each file is enough: one command mends the file.
  "$1" --dry-run --Werror "${files[@]}" 2>&1 | awk -F: '/clang-format-violations/ && !seen[$1]++ {
    print $1 ":" $2 ": not formatted, expected: '"$1"' -i " $1; bad = 1 } END {exit bad}'
}

check_shell() {
  local files
  mapfile -t files < <(tracked '*.sh' '.ci/run')
  shellcheck -x -P SCRIPTDIR -f gcc "${files[@]}"
}

check self-test python3 scripts/check_architecture.py --self-test
check house python3 scripts/check_architecture.py
formatter=$(find_formatter)
if [ -n "$formatter" ]; then
  check format check_format "$formatter"
else
  report check format "skipped: no clang-format $formatter_major here"
fi
if command -v shellcheck >/dev/null; then
  check shell check_shell
else
  report check shell "skipped: no shellcheck here"
fi
[ "$failed" = no ]
