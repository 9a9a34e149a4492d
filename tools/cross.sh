#!/usr/bin/env bash
# Builds Croft for another processor on this machine, runs its unit tests under an emulator, and packs it.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

usage() {
  cat <<'TEXT'
Usage: tools/cross.sh ARCH [STEP...]        ARCH: arm64, armhf or amd64, as dpkg calls them; native: this machine's

  compilers     installs what is missing of tools/packages (every step below does, too)
  sysroot       unpacks Debian's libraries for ARCH into build-ARCH/sysroot
  build         builds the program, the broker's guard and the unit tests against them with clang (build-ARCH/)
  program       the same without the tests
  test          runs the unit tests under qemu; those that need a broker get the one of ARCH, under qemu too
  package       packs build-ARCH/croft_VERSION_ARCH.deb
  install DIR   puts the program, stripped, and what belongs to it into DIR
  root DIR      puts the libraries that the program, the broker and the guard load into DIR: all a container needs
  -h, --help    this text

Without a STEP: build test package. build-ARCH/emulated/croft then runs the program, for example
CROFT_BIN=$PWD/build-armhf/emulated/croft node --test tests/journey/readings.test.mjs
TEXT
}

[[ ${1:-} != -h && ${1:-} != --help && $# -gt 0 ]] || { usage && exit 0; }
arch=$1
shift
[[ $arch != native ]] || arch=$(dpkg --print-architecture)
case $arch in
  arm64) triple=aarch64-linux-gnu emulator=qemu-aarch64-static ;;
  armhf | arm) arch=armhf triple=arm-linux-gnueabihf emulator=qemu-arm-static ;;
  amd64) triple=x86_64-linux-gnu emulator='' ;;
  *) die "unknown processor «$arch»; it is arm64, armhf or amd64." ;;
esac
(($#)) || set -- build test package
cd "$root"
directory=build-$arch sysroot=$root/build-$arch/sysroot
export CROFT_ARCH=$arch CROFT_SYSROOT=$sysroot
is_native() { [[ $arch == "$(dpkg --print-architecture)" ]]; }

make_sysroot() {
  install_packages cross
  tools/cross/sysroot.sh "$arch" "$sysroot"
}

# make_program TESTS TARGET...
make_program() {
  local tests=$1
  shift
  make_sysroot
  configure cross "$directory" -B "$directory" "-DCROFT_TESTS=$tests"
  build "$directory" "$@"
}

# emulate NAME PROGRAM: a script that runs a program of ARCH, for whoever starts it by name.
emulate() {
  mkdir -p "$directory/emulated"
  local how="$emulator -L $sysroot"
  ! is_native || how=''
  # The guard is of ARCH, and so must be the broker that loads it.
  printf '#!/bin/sh\nPATH=%s:$PATH\nexport PATH\nexec %s %s "$@"\n' "$root/$directory/emulated" "$how" "$2" >"$directory/emulated/$1"
  chmod +x "$directory/emulated/$1"
}

run_tests() {
  is_native || install_packages emulate
  emulate mosquitto "$sysroot/usr/sbin/mosquitto"
  emulate croft "$root/$directory/croft"
  step "Unit tests ($arch)"
  local results=$root/$directory/test-results.ndjson status=0
  rm -f "$results"
  # Emulated programs are slow, and the tests that wait must know; they and Python read the same time zones.
  CROFT_SLOW=8 PYTHONTZPATH=$sysroot/usr/share/zoneinfo PATH=$root/$directory/emulated:$PATH node tools/testing/units.mjs "$root/$directory" "$results" "$arch unit" ''
  node tools/testing/summary.mjs "$results" || status=$?
  return "$status"
}

pack() {
  # dpkg-shlibdeps finds the packages of the libraries in the sysroot's own database.
  (cd "$directory" && DPKG_ADMINDIR=$sysroot/var/lib/dpkg DEB_HOST_ARCH=$arch cpack -G DEB --config CPackConfig.cmake >cpack.log 2>&1) ||
    { cat "$directory/cpack.log" >&2 && die 'cpack could not pack; its words are above.'; }
  ls "$directory"/croft_*_"$arch".deb
}

while (($#)); do
  case $1 in
    compilers) install_packages cross ;;
    sysroot) make_sysroot ;;
    build) make_program ON all ;;
    program) make_program OFF croft ;;
    test) run_tests ;;
    package) pack ;;
    install) DESTDIR=$(realpath -m "$2") cmake --install "$directory" --prefix /usr --strip >/dev/null && shift ;;
    root) tools/cross/root.sh "$triple" "$sysroot" "$2" "$directory/croft" "$directory/croft-broker-guard.so" "$directory/croft-tls.so" && shift ;;
    -h | --help) usage ;;
    *) die "unknown step «$1»." 'tools/cross.sh --help lists them.' ;;
  esac
  shift
done
