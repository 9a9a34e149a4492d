#!/bin/sh
# Starts NGINX as Croft's gateway, and keeps it right: services are found again at new addresses, a new certificate is taken up.
# SPDX-License-Identifier: Apache-2.0
#
# Everything is set by the environment; README.md beside this file has the list.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
run=${CROFT_GATEWAY_RUN:-/tmp/croft-gateway}
nginx=${CROFT_GATEWAY_NGINX:-nginx}
pause=${CROFT_GATEWAY_PAUSE:-5}
http=${CROFT_GATEWAY_HTTP:-80}
https=${CROFT_GATEWAY_HTTPS:-443}
certificate=${CROFT_TLS_CERTIFICATE:-}
key=${CROFT_TLS_KEY:-}

say() { printf 'gateway: %s\n' "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# fitting NAME VALUE: what stands in NGINX's configuration must not be able to say more than a value says.
fitting() {
  case $2 in
    '' | *[!A-Za-z0-9._:/@[\]-]*) die "$1 is «$2»; letters, digits and . _ : / @ [ ] - are allowed" ;;
  esac
}

# listen_also PORT WORDS: the same port for IPv6, when only a port was given and this machine has IPv6.
listen_also() {
  case $1 in
    *[!0-9]*) ;;
    *) [ ! -s /proc/net/if_inet6 ] || printf 'listen [::]:%s %s default_server;' "$1" "$2" ;;
  esac
}

# fill TEMPLATE FILE: with @NAME@ replaced.
fill() {
  sed -e "s|@RUN@|$run|g" -e "s|@PARTS@|$run/parts|g" -e "s|@WORKERS@|${CROFT_GATEWAY_WORKERS:-auto}|g" \
    -e "s|@ACCESS_LOG@|$access_log|g" -e "s|@HTTP@|$http|g" -e "s|@HTTPS@|$https|g" \
    -e "s|@LISTEN6_HTTP@|$(listen_also "$http" '')|g" -e "s|@LISTEN6_HTTPS@|$(listen_also "$https" 'ssl http2')|g" \
    -e "s|@CERTIFICATE@|$certificate|g" -e "s|@KEY@|$key|g" -e "s|@REDIRECT_PORT@|$redirect_port|g" \
    -e "s|@ACME@|${CROFT_GATEWAY_ACME:-/var/www/acme}|g" \
    -e "s|@RATE@|${CROFT_GATEWAY_RATE:-200}|g" -e "s|@BURST@|${CROFT_GATEWAY_BURST:-400}|g" \
    -e "s|@LOGIN_RATE@|${CROFT_GATEWAY_LOGIN_RATE:-10}|g" -e "s|@LOGIN_BURST@|${CROFT_GATEWAY_LOGIN_BURST:-40}|g" \
    -e "s|@CONNECTIONS@|${CROFT_GATEWAY_CONNECTIONS:-256}|g" "$1" >"$2"
}

# addresses HOST: every address it has now, one a line. A name server that cannot reach its own may think about an unknown name for
# twenty seconds; the other services are not to wait for that.
addresses() {
  timeout 2 getent ahosts "$1" | while read -r address kind _; do
    case $kind:$address in
      STREAM:*:*) printf '[%s]\n' "$address" ;;
      STREAM:*) printf '%s\n' "$address" ;;
    esac
  done | sort -u
}

# upstream NAME HOST:PORT: a service that cannot be found is written down as down, so that the gateway starts without it.
upstream() {
  host=${2%:*}
  host=${host#[}
  host=${host%]}
  found=$(addresses "$host")
  [ -n "$found" ] || found=$(cat "$run/addresses.$1" 2>/dev/null || true)
  printf '%s\n' "$found" >"$run/addresses.$1"
  printf 'upstream %s {\n' "$1"
  for address in $found; do printf '  server %s:%s max_fails=2 fail_timeout=3s;\n' "$address" "${2##*:}"; done
  [ -n "$found" ] || printf '  server 127.0.0.1:9 down;\n'
  printf '  keepalive 32;\n}\n'
}

upstreams() {
  upstream auth "$auth"
  upstream data "$data"
  upstream command "$command"
  upstream visualisation "$visualisation"
}

certificates() { [ -z "$certificate" ] || cksum "$certificate" "$key" 2>/dev/null || true; }

# take_up: writes down where the services are now, and has NGINX read it, when that or the certificate has changed.
take_up() {
  upstreams >"$run/upstreams.new"
  now=$(certificates)
  if cmp -s "$run/upstreams.new" "$run/upstreams.conf" && [ "$now" = "$taken" ]; then return; fi
  mv "$run/upstreams.new" "$run/upstreams.conf"
  if "$nginx" -e stderr -t -q -c "$run/nginx.conf"; then
    taken=$now
    kill -HUP "$child"
    say 'took up what has changed'
  elif [ "$now" != "$refused" ]; then
    refused=$now
    say 'the new certificate or key cannot be used; going on with the old one'
  fi
}

auth=${CROFT_GATEWAY_AUTH:-auth:9090}
data=${CROFT_GATEWAY_DATA:-data:8181}
command=${CROFT_GATEWAY_COMMAND:-command:7070}
visualisation=${CROFT_GATEWAY_VISUALISATION:-visualisation:5555}
redirect_port=:${CROFT_GATEWAY_REDIRECT_PORT:-${https##*:}}
[ "$redirect_port" != :443 ] || redirect_port=''
access_log="${CROFT_GATEWAY_ACCESS_LOG:-/dev/stdout} croft"
[ "$access_log" != 'off croft' ] || access_log=off

for pair in "CROFT_GATEWAY_HTTP $http" "CROFT_GATEWAY_HTTPS $https" "CROFT_GATEWAY_RUN $run" "CROFT_GATEWAY_AUTH $auth" \
  "CROFT_GATEWAY_DATA $data" "CROFT_GATEWAY_COMMAND $command" "CROFT_GATEWAY_VISUALISATION $visualisation"; do
  fitting "${pair%% *}" "${pair#* }"
done
if [ -n "$certificate$key" ]; then
  fitting CROFT_TLS_CERTIFICATE "$certificate"
  fitting CROFT_TLS_KEY "$key"
  [ -r "$certificate" ] || die "cannot read the certificate $certificate (CROFT_TLS_CERTIFICATE); «croft tls init» makes one"
  [ -r "$key" ] || die "cannot read the key $key (CROFT_TLS_KEY)"
fi
command -v "$nginx" >/dev/null || die "there is no program $nginx; on Debian: apt install nginx"

mkdir -p "$run/parts" "$run/body" "$run/proxy" "$run/unused"
for part in "$here"/parts/*; do fill "$part" "$run/parts/$(basename "$part" .template)"; done
fill "$here/nginx.conf.template" "$run/nginx.conf"
if [ -n "$certificate" ]; then fill "$here/tls.conf.template" "$run/servers.conf"; else fill "$here/plain.conf.template" "$run/servers.conf"; fi
upstreams >"$run/upstreams.conf"
taken=$(certificates)
refused=$taken

"$nginx" -e stderr -t -q -c "$run/nginx.conf" || die 'NGINX refuses this configuration; its words are above'
"$nginx" -e stderr -c "$run/nginx.conf" &
child=$!
# Orderly: what is under way is answered first.
trap 'kill -QUIT "$child" 2>/dev/null' TERM INT
say "ready on $http${certificate:+ and, with TLS, $https}"

while kill -0 "$child" 2>/dev/null; do
  sleep "$pause" &
  nap=$!
  wait "$nap" || { kill "$nap" 2>/dev/null || true; break; }
  take_up
done
wait "$child"
