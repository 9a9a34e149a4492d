#!/bin/bash
# A role and a database for each service that stores something; run once by the postgres image, when its volume is new.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

for service in auth data command; do
  # The password goes from the file to the server; neither a command line nor the log sees it.
  PASSWORD_FILE=/run/secrets/postgres/${service}_password psql -q -v ON_ERROR_STOP=1 -v name="croft_$service" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
SET log_min_error_statement = panic;
\set password `cat "$PASSWORD_FILE"`
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
psql -q -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
SQL
