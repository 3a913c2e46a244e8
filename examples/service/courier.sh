#!/bin/sh
# Run once by the database's container, before there are tables: makes the user of the dispatchers, and lets it read and
# write, and nothing else, in whatever `tipline migrate` makes later as the user who owns the database.
set -eu

psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
    --set=password="$(cat /run/secrets/courier-password)" <<'SQL'
CREATE ROLE courier LOGIN PASSWORD :'password';
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO courier;
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE ON TABLES TO courier;
SQL
