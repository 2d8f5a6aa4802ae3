#!/bin/bash
# Entry point of acd-dbm: an empty database at the first start (no schemas: data comes by the load), accounts from the
# mounted secrets at each start, binary log for the replica.
set -euo pipefail
. /usr/local/lib/jtel/database.sh

prepare_private
prepare_data
write_init_file
say "starting MariaDB master, server id $server_id"
exec mariadbd --defaults-file=/etc/mysql/jtel.cnf --server-id="$server_id" --init-file="$private/init.sql" \
  --log-bin=binlog --binlog-format=ROW --sync-binlog=1 --binlog-expire-logs-seconds=259200
