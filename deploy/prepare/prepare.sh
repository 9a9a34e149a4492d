#!/bin/sh
# Makes the secrets that are not there yet and gives each volume to the user of its container; run by compose.yaml before all others.
# SPDX-License-Identifier: Apache-2.0
#
# /secrets/<container>/<secret>: readable by that container's user and nobody else. What is there stays as it is, so this may run
# at every start. A file in deploy/secrets (here /own) of the same name wins over what would be made.
set -eu
umask 077

secret() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }

# uid_of CONTAINER: as compose.yaml says; postgres goes by its name, which this image knows.
uid_of() {
  case $1 in
    auth) echo 10001 ;;
    data) echo 10002 ;;
    command) echo 10003 ;;
    visualisation) echo 10004 ;;
    broker) echo 10005 ;;
    redis) echo 10006 ;;
    gateway) echo 10007 ;;
    postgres) id -u postgres ;;
  esac
}

# keep CONTAINER NAME TEXT: writes a secret whole or not at all.
keep() {
  mkdir -p "/secrets/$1"
  [ -e "/secrets/$1/$2" ] || { printf '%s\n' "$3" >"/secrets/$1/.$2" && mv "/secrets/$1/.$2" "/secrets/$1/$2"; }
}

# made NAME: one secret that several containers share, remembered in a folder that none of them can enter.
made() {
  mkdir -p /secrets/made
  [ -s "/secrets/made/$1" ] || { secret >"/secrets/made/.$1" && mv "/secrets/made/.$1" "/secrets/made/$1"; }
  cat "/secrets/made/$1"
}

own() { [ ! -s "/own/$1" ] || cat "/own/$1"; }

keep postgres password "$(made postgres)"
keep redis password "$(made redis)"
keep redis password.conf "requirepass $(made redis)"
for service in auth data command visualisation; do
  keep broker "${service}_password" "$(made "mqtt_$service")"
  keep "$service" mqtt_password "$(made "mqtt_$service")"
  keep "$service" sessions_url "redis://:$(made redis)@redis:6379"
done
for service in auth data command; do
  keep postgres "${service}_password" "$(made "database_$service")"
  keep "$service" database_url "postgresql://croft_$service:$(made "database_$service")@postgres:5432/croft_$service"
done
# Set by hand, so they are taken anew each time, or are empty.
for name in smtp_url smtp_from; do
  own "$name" >"/secrets/command/.$name"
  mv "/secrets/command/.$name" "/secrets/command/$name"
done

# Certificates for TLS, when there are any: yours, or those of `croft tls init` in the broker's volume.
for server in gateway broker; do
  for file in "$server.pem" "$server.key"; do
    from=/own/$file
    [ -s "$from" ] || from=/state/broker/tls/$file
    [ -s "$from" ] || continue
    mkdir -p "/secrets/$server"
    cat "$from" >"/secrets/$server/.$file"
    mv "/secrets/$server/.$file" "/secrets/$server/$file"
  done
done

for container in auth data command visualisation broker redis postgres gateway; do
  [ -d "/secrets/$container" ] || continue
  chown -R "$(uid_of "$container")" "/secrets/$container"
  chmod 0500 "/secrets/$container"
  chmod 0400 "/secrets/$container"/*
  [ ! -d "/state/$container" ] || chown "$(uid_of "$container"):$(uid_of "$container")" "/state/$container"
done
chmod 0711 /secrets
echo 'the secrets are there'
