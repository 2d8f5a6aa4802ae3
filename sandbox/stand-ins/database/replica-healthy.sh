#!/bin/bash
# Healthy: a complete clone, both replication threads at work, and not far behind.
# JTEL_REPLICATION_MAX_LAG_SECONDS: how far behind the master the replica may be, default 30.
set -euo pipefail
[ -e /var/lib/mysql/cloned ] || { echo "no complete clone of the master yet"; exit 1; }
status=$(mariadb --defaults-file=/dev/shm/jtel/client.cnf -e 'SHOW SLAVE STATUS\G')
field() { sed -n "s/^ *$1: //p" <<< "$status"; }
[ "$(field Slave_IO_Running)" = Yes ] || { echo "not connected to the master: $(field Last_IO_Error)"; exit 1; }
[ "$(field Slave_SQL_Running)" = Yes ] || { echo "replication stopped: $(field Last_SQL_Error)"; exit 1; }
[ ! -s /var/lib/mysql/cloned ] || [ "$(field Master_Server_Id)" = "$(cat /var/lib/mysql/cloned)" ] || { echo "the master is not the one that was cloned"; exit 1; }
lag=$(field Seconds_Behind_Master)
[ "$lag" != NULL ] && [ "$lag" -le "${JTEL_REPLICATION_MAX_LAG_SECONDS:-30}" ] || { echo "$lag s behind the master"; exit 1; }
