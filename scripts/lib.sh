# shellcheck shell=bash disable=SC2034
# What the scripts share. Sourced, never run.
tractrix_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
torch_version=2.11.0
torch_cache=${XDG_CACHE_HOME:-$HOME/.cache}/tractrix

# report PART ITEM TEXT: one line per step, in columns.
report() { printf '%-8s %-13s %s\n' "$1" "$2" "$3"; }

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

# A unit that includes torch needs about 1 GB to compile, the precompiled header 1.8 GB.
build_jobs() {
  local cores free
  cores=$(nproc)
  free=$(awk '/^MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  if [ "${free:-1}" -lt 1 ]; then free=1; fi
  echo "${TRACTRIX_JOBS:-$((cores < free ? cores : free))}"
}

# build PRESET: configures and builds; quiet unless something is wrong.
build() {
  local start=$SECONDS jobs log
  jobs=$(build_jobs)
  log=$(mktemp)
  cd "$tractrix_root" || exit 1
  if ! cmake --preset "$1" >"$log" 2>&1; then
    cat "$log"
    rm -f "$log"
    fail "configuring the preset '$1' failed"
  fi
  grep -E '^-- tractrix ' "$log" || true
  rm -f "$log"
  cmake --build --preset "$1" -j "$jobs"
  report build "$1" "ok  $((SECONDS - start)) s, $jobs jobs"
}

# torch_version_of DIR: the version of a torch package folder, or nothing.
torch_version_of() {
  sed -n "s/^__version__ *= *'\([0-9.]*\).*/\1/p" "$1/version.py" 2>/dev/null || true
}

# torch_problem DIR cpu|cuda: why this torch package cannot be used, or nothing.
torch_problem() {
  local version library lost
  for library in libtorch_cpu.so "libtorch_$2.so"; do
    if [ ! -e "$1/lib/$library" ]; then
      echo "no lib/$library"
      return
    fi
    # The driver's library is not part of the package.
    lost=$(ldd "$1/lib/$library" 2>/dev/null | awk '/not found/ && $1 != "libcuda.so.1" {print $1}' | sort -u | tr '\n' ' ')
    if [ -n "$lost" ]; then
      echo "$library does not find ${lost% }"
      return
    fi
  done
  version=$(torch_version_of "$1")
  if [ "$(printf '%s\n' "$torch_version" "$version" | sort -V | head -n 1)" != "$torch_version" ]; then
    echo "version '$version', needed is $torch_version or newer"
  fi
}
