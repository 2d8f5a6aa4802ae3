#!/bin/bash
# Entry point of acd-dbm: an empty database at the first start (no schemas: data comes by the load), accounts from the
# mounted secrets at each start, binary log for the replica.
# JTEL_DATABASE_TLS=off: the server speaks no TLS. Secret database-tls: its own certificate and key. Secret database-keys: tables
# are encrypted with these keys.
set -euo pipefail
. /usr/local/lib/jtel/database.sh

prepare_private
prepare_data
write_init_file
options=()
[ "${JTEL_DATABASE_TLS:-on}" = on ] || options+=(--skip-ssl)
# The server has long stepped down from root when it reads its keys.
own() { install -o mysql -g mysql -m 400 "/run/secrets/$1" "$private/$1"; }
if [ -e /run/secrets/database-tls ]; then
  own database-tls
  options+=("--ssl-cert=$private/database-tls" "--ssl-key=$private/database-tls")
fi
if [ -e /run/secrets/database-keys ]; then
  own database-keys
  options+=(--plugin-load-add=file_key_management "--file-key-management-filename=$private/database-keys" --innodb-encrypt-tables=ON)
fi
say "starting MariaDB master, server id $server_id"
exec mariadbd --defaults-file=/etc/mysql/jtel.cnf --server-id="$server_id" --init-file="$private/init.sql" \
  --log-bin=binlog --binlog-format=ROW --sync-binlog=1 --binlog-expire-logs-seconds=259200 "${options[@]}"
