#!/usr/bin/env bash
# Copies what programs load at run time out of a sysroot into a folder that becomes the root of a container: those libraries and no more.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: tools/cross/root.sh TRIPLE SYSROOT DIRECTORY PROGRAM...
#
# Each library's package leaves its description in var/lib/dpkg/status.d (where scanners for known weaknesses look) and its
# copyright file; there is no shell, no package manager and no other program.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"

triple=$1 sysroot=$2 out=$3
shift 3
programs=("$@")

# Opened by name, so that no program asks for them: mail, PostgreSQL.
by_name=(libcurl.so.4 libpq.so.5)

declare -A seen=() owners=()

# locate LIBRARY: where the sysroot has it, as a path from its root.
locate() {
  local folder
  for folder in "lib/$triple" "usr/lib/$triple" lib usr/lib; do
    [[ -e $sysroot/$folder/$1 ]] && say "$folder/$1" && return
  done
  return 0
}

needed() { "$triple-readelf" -d "$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

# keep PATH: copies a file of the sysroot, and remembers whose it is.
keep() {
  local package
  mkdir -p "$out/$(dirname "$1")"
  cp -L "$sysroot/$1" "$out/$1"
  package=$(grep -lxF "$sysroot/$1" "$sysroot"/var/lib/dpkg/info/*.list | head -n 1)
  [[ -z $package ]] || owners[$(basename "$package" .list)]=1
}

# follow LIBRARY: keeps it and whatever it needs in turn.
follow() {
  local path next
  [[ -z ${seen[$1]:-} ]] || return 0
  seen[$1]=1
  path=$(locate "$1")
  if [[ -z $path ]]; then
    say "    $1 is not there, and left out"
    return 0
  fi
  keep "$path"
  for next in $(needed "$sysroot/$path"); do follow "$next"; done
}

interpreter() { "$triple-readelf" -l "$1" | sed -n 's/.*interpreter: \/\(.*\)\]/\1/p'; }

certificates() {
  mkdir -p "$out/etc/ssl/certs"
  cat "$sysroot"/usr/share/ca-certificates/mozilla/*.crt >"$out/etc/ssl/certs/ca-certificates.crt"
  owners[ca-certificates]=1
}

time_zones() {
  mkdir -p "$out/usr/share"
  cp -r "$sysroot/usr/share/zoneinfo" "$out/usr/share/"
  rm -rf "$out"/usr/share/zoneinfo/{posix,right}  # the same again
  owners[tzdata]=1
}

# The account, its state directory, and names of hosts from /etc/hosts first.
accounts() {
  mkdir -p "$out/etc" "$out/var/lib"
  printf 'root:x:0:0::/:/none\ncroft:x:10001:10001:Croft:/var/lib/croft:/none\n' >"$out/etc/passwd"
  printf 'root:x:0:\ncroft:x:10001:\n' >"$out/etc/group"
  printf 'hosts: files dns\n' >"$out/etc/nsswitch.conf"
  install -d -m 0700 -o 10001 -g 10001 "$out/var/lib/croft"
}

describe_packages() {
  local package name
  mkdir -p "$out/var/lib/dpkg/status.d" "$out/usr/share/doc"
  for package in "${!owners[@]}"; do
    name=${package%%:*}
    awk -v RS= -v wanted="Package: $name\n" 'index($0, wanted) == 1' "$sysroot/var/lib/dpkg/status" >"$out/var/lib/dpkg/status.d/$name"
    [[ ! -e $sysroot/usr/share/doc/$name/copyright ]] || install -D -m 644 -t "$out/usr/share/doc/$name" "$sysroot/usr/share/doc/$name/copyright"
  done
}

step "Collecting what ${programs[*]##*/} and the broker load"
mkdir -p "$out/tmp"
keep usr/sbin/mosquitto
for program in "${programs[@]}" "$sysroot/usr/sbin/mosquitto"; do
  for library in $(needed "$program") "${by_name[@]}"; do follow "$library"; done
done
loader=$(interpreter "$sysroot/usr/sbin/mosquitto")
keep "$loader"
certificates
time_zones
accounts
describe_packages
chmod 1777 "$out/tmp"
say "    ${#seen[@]} libraries, $(du -sh --apparent-size "$out" | cut -f1)"
