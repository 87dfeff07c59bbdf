#!/usr/bin/env bash
# Gets what the build needs: packages of the distribution (where it may install them) and LibTorch. Run it again at
# any time: what is there is left alone, and a download that was cut off goes on with the files it lacks.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'END'
usage: scripts/setup.sh [--cuda] [--prefix DIR] [--check]
  --cuda        the whole LibTorch with its CUDA libraries (about 5 GB); without it the CPU form (1.2 GB)
  --prefix DIR  put LibTorch into DIR instead of ~/.cache/tractrix
  --check       install nothing; say what is missing and exit with 1 if anything is
A torch package that is already on the machine is used when TRACTRIX_TORCH_DIR names it (.../site-packages/torch).
END
}

form=cpu
prefix=$torch_cache
check=no
while [ $# -gt 0 ]; do
  case $1 in
    --cuda) form=cuda ;;
    --check) check=yes ;;
    --prefix)
      [ $# -ge 2 ] || fail "setup.sh: --prefix needs a folder"
      mkdir -p "$2"
      prefix=$(cd "$2" && pwd)
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      fail "setup.sh: unknown option '$1'"
      ;;
  esac
  shift
done
failed=no

# Tools count as there when the command is, wherever it comes from; libraries when dpkg has them.
tools=(cmake:cmake ninja:ninja-build g++:g++ git:git python3:python3)
libraries=(libyaml-cpp-dev libspdlog-dev libfmt-dev libcli11-dev libhdf5-dev nlohmann-json3-dev libboost-dev
  libboost-math-dev zlib1g-dev libssl-dev libjpeg-dev libpng-dev libtiff-dev libopenslide-dev liblzf-dev
  libgtest-dev libgmock-dev)
optional=(ccache:ccache mold:mold shellcheck:shellcheck clang-format:clang-format gnuplot:gnuplot-nox)

missing_commands() {
  local pair
  for pair in "$@"; do
    if ! command -v "${pair%%:*}" >/dev/null; then echo "${pair##*:}"; fi
  done
}

missing_libraries() {
  local name
  for name in "${libraries[@]}"; do
    if [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then echo "$name"; fi
  done
}

missing_packages() {
  missing_commands "${tools[@]}"
  if ! python3 -m pip --version >/dev/null 2>&1; then echo python3-pip; fi
  if command -v dpkg-query >/dev/null; then missing_libraries; fi
}

# How to become root without a question; fails where that cannot be.
root_prefix() {
  if [ "$(id -u)" = 0 ]; then return 0; fi
  if sudo -n true 2>/dev/null; then
    echo "sudo"
    return 0
  fi
  return 1
}

# What apt says goes to a file, and is shown when it fails.
apt() {
  local sudo=$1 log=$torch_cache/apt.log
  shift
  mkdir -p "$torch_cache"
  # shellcheck disable=SC2086  # empty or one word
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get -yq --no-install-recommends "$@" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; return 1; }
}

# Only what apt knows: a distribution without mold is not asked for it again and again.
known_optional() {
  local name
  for name in $(missing_commands "${optional[@]}"); do
    if apt-cache show "$name" >/dev/null 2>&1; then echo "$name"; fi
  done
}

setup_packages() {
  local start=$SECONDS missing extra sudo
  mapfile -t missing < <(missing_packages)
  if [ "$check" = no ] && command -v apt-get >/dev/null && sudo=$(root_prefix); then
    if [ ${#missing[@]} -gt 0 ]; then
      report setup packages "installing ${#missing[@]}: ${missing[*]}"
      apt "$sudo" update || true
      apt "$sudo" install "${missing[@]}" || true
      mapfile -t missing < <(missing_packages)
    fi
    mapfile -t extra < <(known_optional)
    if [ ${#extra[@]} -gt 0 ]; then
      report setup packages "installing ${#extra[@]} optional: ${extra[*]}"
      apt "$sudo" install "${extra[@]}" || true
    fi
  fi
  if [ ${#missing[@]} -gt 0 ]; then
    failed=yes
    report setup packages "missing: ${missing[*]}"
    report '' '' "fix: sudo apt-get install ${missing[*]}"
  elif ! command -v dpkg-query >/dev/null; then
    report setup packages "not checked (no dpkg here). Needed: ${libraries[*]}"
  else
    report setup packages "ok  $((SECONDS - start)) s"
  fi
  mapfile -t extra < <(missing_commands "${optional[@]}")
  if [ ${#extra[@]} -gt 0 ]; then report '' '' "optional, not there: ${extra[*]}"; fi
}

setup_tools() {
  local version
  version=$(cmake --version 2>/dev/null | awk 'NR == 1 {print $3}')
  if [ "$(printf '%s\n' 3.25 "${version:-0}" | sort -V | head -n 1)" != 3.25 ]; then
    failed=yes
    report setup tools "CMake ${version:-none}: 3.25 or newer is needed"
    report '' '' "fix: python3 -m pip install --user 'cmake>=3.25'"
    return
  fi
  report setup tools "ok  CMake $version, g++ $(g++ -dumpfullversion 2>/dev/null || echo none)"
}

# fetch DOWNLOADS NAME==VERSION... [--no-deps]: pip keeps whole files in its cache there, so that they are not fetched twice.
fetch() {
  local downloads=$1
  shift
  local quiet=()
  if [ ! -t 2 ]; then quiet=(-q --progress-bar off); fi
  python3 -m pip download "${quiet[@]}" --cache-dir "$downloads/cache" \
    --only-binary :all: --dest "$downloads/wheels" "$@" >&2
}

# The CPU half needs two small libraries of the CUDA runtime and nothing else.
fetch_form() {
  if [ "$form" = cuda ]; then
    fetch "$1" "torch==$torch_version"
  else
    fetch "$1" --no-deps nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85 "torch==$torch_version"
  fi
}

export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
part=
trap 'if [ -n "$part" ]; then rm -rf "$part"; fi' EXIT

install_torch() {
  local folder=$1 downloads=$1.download needed=3 free problem
  if [ "$form" = cuda ]; then needed=12; fi
  mkdir -p "$downloads/wheels"
  free=$(df -Pk "$downloads" | awk 'NR == 2 {print int($4 / 1048576)}')
  [ "$free" -ge "$needed" ] || fail "setup.sh: $downloads has $free GB free, about $needed GB are needed
hint: scripts/setup.sh --prefix DIR puts LibTorch elsewhere"
  fetch_form "$downloads" || fail "setup.sh: LibTorch could not be downloaded
hint: run it again, whole files are kept; the wheel needs x86-64 or ARM Linux with glibc 2.28 or newer and pip 20.3 or newer"
  part=$(mktemp -d "$folder.part-XXXXXX")
  python3 -m pip install -q --no-index --no-deps --no-compile --target "$part" \
    "$downloads"/wheels/*.whl >&2
  problem=$(torch_problem "$part/torch" "$form")
  [ -z "$problem" ] || fail "setup.sh: the fetched LibTorch cannot be used: $problem"
  chmod 755 "$part"
  rm -rf "$folder"
  mv -T "$part" "$folder"
  part=
  rm -rf "$downloads"
}

# Prints a usable folder that is already here. The CUDA form serves a CPU build, too.
find_torch() {
  local dir
  for dir in "$prefix/libtorch-$torch_version" "$prefix/libtorch-$torch_version-cuda"; do
    if [ -z "$(torch_problem "$dir/torch" "$form")" ]; then
      echo "$dir/torch"
      return
    fi
  done
}

setup_given_torch() {
  local problem
  problem=$(torch_problem "$TRACTRIX_TORCH_DIR" "$form")
  if [ -n "$problem" ]; then
    failed=yes
    report setup LibTorch "TRACTRIX_TORCH_DIR=$TRACTRIX_TORCH_DIR cannot be used: $problem"
    report '' '' "fix: unset TRACTRIX_TORCH_DIR, or name another torch package"
  else
    report setup LibTorch "ok  $(torch_version_of "$TRACTRIX_TORCH_DIR") in $TRACTRIX_TORCH_DIR (TRACTRIX_TORCH_DIR)"
  fi
}

setup_torch() {
  local start=$SECONDS dir folder=$prefix/libtorch-$torch_version
  if [ -n "${TRACTRIX_TORCH_DIR:-}" ]; then
    setup_given_torch
    return
  fi
  if [ "$form" = cuda ]; then folder+=-cuda; fi
  dir=$(find_torch)
  if [ -z "$dir" ] && [ "$check" = yes ]; then
    failed=yes
    report setup LibTorch "missing: $folder"
    if [ "$form" = cuda ]; then report '' '' "fix: scripts/setup.sh --cuda"; else report '' '' "fix: scripts/setup.sh"; fi
    return
  fi
  if [ -z "$dir" ]; then
    report setup LibTorch "fetching $torch_version ($form) into $folder"
    install_torch "$folder"
    dir=$folder/torch
  fi
  report setup LibTorch "ok  $(torch_version_of "$dir") in $dir  $((SECONDS - start)) s"
  if [ "$prefix" != "$torch_cache" ]; then
    report '' '' "for CMake: export TRACTRIX_TORCH_DIR=$dir"
  fi
}

# CUDA 13 asks for a driver of the 580 series; building needs none.
setup_driver() {
  local driver
  driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1 || true)
  if [ -z "$driver" ]; then
    report setup driver "none seen: building works, running on a GPU does not"
  elif [ "${driver%%.*}" -lt 580 ]; then
    report setup driver "$driver is older than 580: building works, running on a GPU may not"
  else
    report setup driver "ok  $driver"
  fi
}

setup_packages
setup_tools
setup_torch
if [ "$form" = cuda ]; then setup_driver; fi
[ "$failed" = no ]
