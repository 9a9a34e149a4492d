#!/usr/bin/env bash
# Unpacks Debian's libraries for another processor into a folder to compile against; nothing is installed, no root is needed.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: tools/cross/sysroot.sh ARCH DIRECTORY    (ARCH as dpkg calls it: arm64, armhf)
#
# The packages are the -dev ones of tools/packages with all they depend on, from the sources of this system (/etc/apt). Why not
# simply installed as foreign packages: most -dev packages of one architecture remove those of another.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"

arch=$1 sysroot=$(realpath -m "$2")
apt=$sysroot.apt

# wanted_packages: the libraries that Croft is built and tested with, the broker, and what programs read at run time.
wanted_packages() {
  local group names name
  while read -r group names _; do
    [[ $group == run || $group == test ]] || continue
    for name in ${names//|/ }; do
      [[ $name == *-dev ]] && packaged "$name" && say "$name" && break
    done
  done <"$root/tools/packages"
  printf '%s\n' mosquitto ca-certificates tzdata
}

# An apt of its own: the sources and keys of this system, but another architecture and no installed package.
private_apt() {
  mkdir -p "$apt"/{lists/partial,archives/partial}
  : >"$apt/status"
  cat >"$apt/apt.conf" <<CONF
APT::Architecture "$arch";
#clear APT::Architectures;
APT::Architectures { "$arch"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Debug::NoLocking "true";
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt";
Dir::Cache::archives "$apt/archives";
#clear DPkg::Post-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
}

# describe DEB: enters a package into the sysroot's own dpkg database, its files by the paths they have on this machine, so that
# dpkg-shlibdeps finds which package has a library.
describe() {
  local deb=$1 control name version_arch info=$sysroot/var/lib/dpkg/info
  control=$(mktemp -d)
  dpkg-deb -e "$deb" "$control"
  name=$(dpkg-deb -f "$deb" Package)
  [[ $(dpkg-deb -f "$deb" Multi-Arch) == same ]] && name+=:$arch
  dpkg-deb --fsys-tarfile "$deb" | tar -t | sed "s|^\./|$sysroot/|; s|/$||" >"$info/$name.list"
  for version_arch in symbols shlibs; do
    [[ ! -e $control/$version_arch ]] || cp "$control/$version_arch" "$info/$name.$version_arch"
  done
  sed '/^Package:/a Status: install ok installed' "$control/control" >>"$sysroot/var/lib/dpkg/status"
  printf '\n' >>"$sysroot/var/lib/dpkg/status"
  rm -rf "$control"
}

unpack() {
  local deb link target
  rm -rf "$sysroot"
  mkdir -p "$sysroot"/var/lib/dpkg/{info,updates,triggers}
  printf '%s\n' "$arch" >"$sysroot/var/lib/dpkg/arch"
  printf '1\n' >"$sysroot/var/lib/dpkg/info/format"  # names with :ARCH
  : >"$sysroot/var/lib/dpkg/status"
  for deb in "$apt"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$sysroot" --no-same-owner --exclude='./usr/share/locale' --exclude='./usr/share/man'
    describe "$deb"
  done
  find "$sysroot/usr/share/doc" -type f ! -name copyright -delete
  # Links to absolute paths would lead out of the sysroot.
  find "$sysroot" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
    target=$(readlink "$link")
    ln -sfnr "$sysroot$target" "$link"
  done
}

mapfile -t packages < <(wanted_packages)
stamp="$sysroot ${packages[*]}"
[[ $(cat "$sysroot/.packages" 2>/dev/null) != "$stamp" ]] || exit 0

private_apt
export APT_CONFIG=$apt/apt.conf
setup_log=$sysroot.log
step "Downloading Debian's libraries for $arch"
apt-get update -q >"$setup_log" 2>&1 || true  # a broken source must not stop us; the next line will tell
apt-get install -y -q --download-only "${packages[@]}" >>"$setup_log" 2>&1 || explain_apt_failure 'apt-get could not download the libraries'
unset APT_CONFIG
step "Unpacking $(find "$apt/archives" -name '*.deb' | wc -l) packages into $sysroot"
unpack
rm -rf "$apt"
say "$stamp" >"$sysroot/.packages"
