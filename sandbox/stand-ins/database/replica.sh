#!/bin/bash
# Entry point of acd-dbs: clones the master when it has no copy yet, replicates from there by GTID, and clones again when
# replication is broken for good (the master was restored, or the two have diverged).
# JTEL_DATABASE_MASTER: host name of the master, default acd-dbm.
set -euo pipefail
. /usr/local/lib/jtel/database.sh
master=${JTEL_DATABASE_MASTER:-acd-dbm}
cloned=$state/cloned

# One question for all fields: a client for each of them took an eighth of a core.
read_status() { status=$(mariadb --defaults-file="$client" -e 'SHOW SLAVE STATUS\G'); }
status_field() { sed -n "s/^ *$1: //p" <<< "$status"; }

master_client_file() {
  {
    cat "$client"
    printf 'host=%s\nprotocol=tcp\n' "$master"
  } | grep -v ^socket= > "$private/master.cnf"
}

# Removes what an earlier, perhaps half-done, clone left.
drop_schemas() {
  sql -e "SELECT CONCAT('DROP DATABASE \`', REPLACE(schema_name, '\`', '\`\`'), '\`;') FROM information_schema.schemata
    WHERE schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')" | sql
}

# mariadb-dump's own exit code counts (pipefail): a lost connection must not pass for a complete copy.
clone() {
  say "cloning $master"
  rm -f "$cloned"
  sql -e "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL gtid_slave_pos = ''" || return 1
  drop_schemas || return 1
  local master_id
  master_id=$(mariadb --defaults-file="$private/master.cnf" --batch --skip-column-names -e 'SELECT @@GLOBAL.server_id') || return 1
  mariadb-dump --defaults-file="$private/master.cnf" --all-databases --ignore-database=mysql --ignore-database=sys \
    --single-transaction --quick --routines --events --triggers --master-data=1 --gtid | sql || return 1
  sync -f "$state"
  echo "$master_id" > "$cloned.new"
  mv "$cloned.new" "$cloned"
  say "clone complete at GTID $(sql -e 'SELECT @@GLOBAL.gtid_slave_pos')"
}

# The account is set at each start too: the master's secret may have changed.
replicate() {
  sql <<SQL
STOP SLAVE;
EXECUTE IMMEDIATE CONCAT('CHANGE MASTER TO MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 2, MASTER_USER = ''jtel_replication'', MASTER_HOST = ',
  QUOTE($(sql_text "$master")), ', MASTER_PASSWORD = ', QUOTE($(sql_text "$(replication_password "$(secret database-root-password)")")));
START SLAVE;
SQL
}

# A restored master has a new server id and an empty binary log. Until its first write it knows nothing of the position that we
# ask for and gives no error: without this look we would go on with the data of its earlier life.
other_master() {
  local there
  there=$(status_field Master_Server_Id)
  [ -s "$cloned" ] && [ "${there:-0}" != 0 ] && [ "$there" != "$(cat "$cloned")" ]
}

# Errors that waiting does not heal: the SQL thread stopped on one, or the master does not have what we ask for (1236).
broken() {
  local running sql_error io_error
  running=$(status_field Slave_SQL_Running)
  sql_error=$(status_field Last_SQL_Errno)
  io_error=$(status_field Last_IO_Errno)
  { [ "$running" = No ] && [ "${sql_error:-0}" != 0 ]; } || [ "$io_error" = 1236 ]
}

pause() { sleep "$1" & wait $! || true; }

prepare_private
prepare_data
write_init_file
master_client_file
say "starting MariaDB replica of $master, server id $server_id"
mariadbd --defaults-file=/etc/mysql/jtel.cnf --server-id="$server_id" --init-file="$private/init.sql" --relay-log=relay --read-only=1 --skip-slave-start &
server=$!
trap 'kill -TERM $server; wait $server; exit 0' TERM INT

until sql -e 'SELECT 1' > /dev/null 2>&1; do
  kill -0 $server 2> /dev/null || fail "MariaDB ended during its start"
  pause 0.2
done
replicating=no
while :; do
  kill -0 $server 2> /dev/null || { wait $server || fail "MariaDB ended with exit code $?"; exit 0; }
  if [ ! -e "$cloned" ]; then
    replicating=no
    clone || { say "clone of $master failed, trying again in 2 s"; pause 2; }
  elif [ $replicating = no ]; then
    replicate && replicating=yes
  elif ! read_status; then
    pause 2
  elif other_master; then
    say "$master has another life than the one that was cloned"
    rm -f "$cloned"
  elif broken; then
    say "replication is broken for good: $(status_field Last_SQL_Error) $(status_field Last_IO_Error)"
    rm -f "$cloned"
  else
    pause 2
  fi
done
