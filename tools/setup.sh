# What ./run and ./test share: saying things, installing what is missing, building with progress. Sourced by bash.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
setup_log=$root/build/setup.log
if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m' clear_line=$'\r\e[K'; else bold='' plain='' clear_line=''; fi

say() { printf '%s\n' "$*"; }
step() { printf '%s==>%s %s\n' "$bold" "$plain" "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  shift
  (($# == 0)) || printf '  %s\n' "$@" >&2
  exit 1
}

# progress TEXT DONE TOTAL: one line rewritten on a terminal, one line per tenth elsewhere.
progress_tenth=-1
progress() {
  local tenth=$(($2 * 10 / ($3 > 0 ? $3 : 1)))
  if [[ -n $clear_line ]]; then
    printf '%s    %s %s of %s' "$clear_line" "$1" "$2" "$3"
  elif ((tenth != progress_tenth)); then
    printf '    %s %s of %s\n' "$1" "$2" "$3"
  fi
  progress_tenth=$tenth
}

installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }
packaged() { [[ -n $(apt-cache show --no-all-versions "$1" 2>/dev/null) ]]; }

# missing_packages GROUP...: the lines of tools/packages that this machine does not satisfy, names with their alternatives.
missing_packages() {
  local group names unless present
  # One query for everything: asking dpkg thirty times would cost more than all the rest of a warm start.
  present=" $(dpkg-query -W -f='${Package}:${db:Status-Status} ' 2>/dev/null)"
  while read -r group names unless; do
    [[ $group == '#'* || -z $group || " ${*} " != *" $group "* ]] && continue
    [[ $unless == unless=* ]] && command -v "${unless#unless=}" >/dev/null && continue
    local name found=''
    for name in ${names//|/ }; do [[ $present == *" $name:installed "* ]] && found=1; done
    [[ $found ]] || say "$names"
  done <"$root/tools/packages"
}

as_root() { if ((EUID == 0)); then "$@"; else sudo -- "$@"; fi; }

# apt_install PACKAGE...: with a progress line; apt's own words go to build/setup.log.
apt_install() {
  local kind number
  progress_tenth=-1
  # shellcheck disable=SC2016
  # apt reports on descriptor 3; it is opened inside the root shell because sudo closes what it is handed.
  as_root env DEBIAN_FRONTEND=noninteractive bash -c 'log=$1; shift
    exec apt-get install -y -q --no-install-recommends --no-remove -o APT::Status-Fd=3 "$@" 3>&1 >>"$log" 2>&1 </dev/null' \
    _ "$setup_log" "$@" | while IFS=: read -r kind _ number _; do
    number=${number%%.*}
    case $kind in
      dlstatus) progress 'downloading, percent' "${number:-0}" 100 ;;
      pmstatus) progress 'installing, percent' "${number:-0}" 100 ;;
    esac
  done
  local status=${PIPESTATUS[0]}
  printf '%s' "$clear_line"
  return "$status"
}

# service_of PACKAGE: the service that Debian starts, and starts at every boot, when the package is installed; nothing for most packages.
service_of() {
  case $1 in
    mosquitto | redis-server) say "$1" ;;
    nginx | nginx-*) say nginx ;;
    postgresql | postgresql-[0-9]*) say postgresql ;;
  esac
}

# install_packages GROUP...: installs what is missing, and nothing else. Silent and fast when nothing is.
install_packages() {
  local wanted=() names name chosen service policy='' quiet=()
  mapfile -t wanted < <(missing_packages "$@")
  ((${#wanted[@]})) || return 0

  command -v apt-get >/dev/null || die "this system has no apt-get; Croft is built on Debian 12 or 13." \
    "Missing: ${wanted[*]}" "Install their equivalents (tools/packages is the list) and build with CMake: CONTRIBUTING.md."
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    die "${#wanted[@]} Debian packages are missing, and installing them needs root or sudo. As root, once:" \
      "apt-get update && apt-get install --no-install-recommends $(printf '%s ' "${wanted[@]%%|*}")"
  fi
  mkdir -p "$root/build" && : >>"$setup_log"
  step "Installing ${#wanted[@]} Debian packages: ${wanted[*]%%|*}"
  ((EUID == 0)) || as_root true || die "sudo did not let us in; run this as root, or let an administrator install the packages above."

  as_root apt-get update -q >>"$setup_log" 2>&1 || true  # a broken third-party source must not stop us; the next lines will tell
  local packages=()
  for names in "${wanted[@]}"; do
    chosen=''
    for name in ${names//|/ }; do [[ -z $chosen ]] && packaged "$name" && chosen=$name; done
    [[ $chosen ]] || explain_apt_failure "apt knows no package named ${names//|/ or }"
    packages+=("$chosen")
    service=$(service_of "$chosen")
    # A service that this machine already had is its owner's, and is left as it is.
    [[ -z $service || -e /lib/systemd/system/$service.service ]] || quiet+=("$service")
  done

  # Debian would start its own broker on port 1883, a Redis on 6379, and so on. Croft and its tests start their own, on ports of
  # their choice, so these packages come without their services.
  if ((${#quiet[@]})) && [[ ! -e /usr/sbin/policy-rc.d ]]; then
    policy=1
    as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d'
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  local status=0
  apt_install "${packages[@]}" || status=$?
  if [[ $policy ]]; then
    as_root rm -f /usr/sbin/policy-rc.d
    trap - EXIT
  fi
  if ((${#quiet[@]})) && [[ -d /run/systemd/system ]]; then
    as_root systemctl disable --now "${quiet[@]}" >>"$setup_log" 2>&1 || true
  fi
  ((status == 0)) || explain_apt_failure "apt-get could not install the packages"
}

explain_apt_failure() {
  local reason='' line
  line=$(grep -aE '^(E|Err|W):' "$setup_log" | tail -n 3)
  if grep -aqE 'Temporary failure resolving|Could not resolve|Could not connect|Network is unreachable|Unable to connect' "$setup_log"; then
    reason='No network: the Debian package servers could not be reached.'
  elif grep -aq 'Could not get lock' "$setup_log"; then
    reason='Another program is installing packages; try again when it has finished.'
  elif grep -aq 'Packages need to be removed but remove is disabled' "$setup_log"; then
    reason='An installed package conflicts with one that Croft needs, and nothing is removed without you.'
  fi
  die "$1." ${reason:+"$reason"} ${line:+"$line"} "The whole log: $setup_log"
}

# build_jobs: as many compilers as there are cores, but no more than memory carries (about 1 GB each).
build_jobs() {
  local cores memory_kb
  cores=$(nproc)
  memory_kb=$(awk '/^MemAvailable/ {print $2}' /proc/meminfo 2>/dev/null || say 4000000)
  local by_memory=$((memory_kb / 1000000))
  ((by_memory < 1)) && by_memory=1
  say "${CROFT_JOBS:-$((cores < by_memory ? cores : by_memory))}"
}

# configured DIRECTORY: whether it can be built in as it is; a build directory that was moved or copied cannot.
configured() {
  [[ -f $root/$1/build.ninja ]] && grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$root/$1/CMakeCache.txt"
}

# configure PRESET DIRECTORY [CMAKE ARGUMENT...]: quick when the directory is already configured that way.
configure() {
  local preset=$1 name=$2 directory=$root/$2 fresh=()
  shift 2
  local stamp="$preset $*"
  configured "$name" && [[ $(cat "$directory/.configured" 2>/dev/null) == "$stamp" ]] && return 0
  mkdir -p "$directory"
  step "Configuring $name"
  configured "$name" || fresh=(--fresh)
  if ! (cd "$root" && cmake "${fresh[@]}" --preset "$preset" "$@") >"$directory/configure.log" 2>&1; then
    cat "$directory/configure.log" >&2
    die "CMake could not configure the build; its words are above."
  fi
  say "$stamp" >"$directory/.configured"
}

# build DIRECTORY TARGET...: says nothing when nothing changed; shows what the compiler says, whatever happens.
build() {
  local directory=$root/$1 line started=$SECONDS first=1
  shift
  progress_tenth=-1
  set +e
  nice -n 5 ninja -C "$directory" -j "$(build_jobs)" "$@" 2>&1 | while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (Re-checking|Re-running) ]]; then
      continue
    elif [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      [[ $first ]] && step "Building in $(basename "$directory")" && first=''
      progress 'built' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    elif [[ $line != ninja:\ Entering* && $line != 'ninja: no work to do.' && $line != --\ * ]]; then
      printf '%s%s\n' "$clear_line" "$line"
    fi
  done
  local status=${PIPESTATUS[0]}
  set -e
  printf '%s' "$clear_line"
  ((status == 0)) || die "the build failed; the compiler's words are above."
  ((SECONDS - started < 3)) || say "    built in $((SECONDS - started)) s"
}
