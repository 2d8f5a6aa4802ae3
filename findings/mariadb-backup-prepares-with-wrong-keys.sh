#!/bin/sh
# `mariadb-backup --prepare` of a database that is encrypted at rest, with other keys than the server had that was backed up.
# One would guess: it fails, since it cannot read a single page; a backup that can be prepared counts as tested.
# What happens: where the redo log asks for no page, as after a quiet minute, it ends with 0 and "completed OK!". The server starts on the
# result, too, and says so only when somebody reads a table. (Where all pages are in the redo log, which is not encrypted by default, it
# is worse: they come back from there, and are written with the other key.)
# Needs apt sources of Debian or a derivative; nothing is installed, packages are unpacked into a temporary folder.
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; sleep 1; rm -rf "$work"' EXIT
cd "$work"
chmod 755 "$work"
for package in mariadb-server-core mariadb-client-core mariadb-backup mariadb-server mariadb-common libmariadb3 \
  libaio1 libaio1t64 liburing2 libpmem1 libndctl6 libdaxctl1 libkmod2 libsnappy1v5 libnuma1 libpcre2-posix3; do
  apt-get download "$package" >/dev/null 2>&1 || : "another release does without"
done
for file in *.deb; do dpkg-deb -x "$file" root; done
export LD_LIBRARY_PATH="$work/root/usr/lib/$(uname -m)-linux-gnu:$work/root/lib/$(uname -m)-linux-gnu"
bin=$work/root/usr/bin plugins=$work/root/usr/lib/mysql/plugin
as=$(id -un)
key=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
printf '1;%s\n' "$key" >keys
cat >server.cnf <<END
[mariadbd]
user=$as
datadir=$work/data
socket=$work/socket
pid-file=$work/pid
skip-networking
plugin-dir=$plugins
lc-messages-dir=$work/root/usr/share/mysql
plugin-load-add=file_key_management
file-key-management-filename=$work/keys
innodb-encrypt-tables=ON
END
"$bin/mariadb-install-db" --defaults-file=server.cnf --basedir="$work/root/usr" --auth-root-authentication-method=normal --skip-test-db >install.log 2>&1
sql() { "$bin/mariadb" --no-defaults --skip-ssl --batch --skip-column-names --socket="$work/socket" --user=root "$@"; }
start() {
  "$work/root/usr/sbin/mariadbd" --defaults-file="$work/server.cnf" "$@" >server.log 2>&1 &
  server=$!
  tries=0
  until sql -e 'SELECT 1' >/dev/null 2>&1; do tries=$((tries + 1)); [ $tries -lt 300 ] || { cat server.log; exit 1; }; sleep 0.1; done
}
start
sql -e 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(500)); INSERT INTO d.t SELECT seq, REPEAT("x", 400) FROM d.seq_1_to_5000'
sql -e 'SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0; SET GLOBAL innodb_max_dirty_pages_pct = 0'
age() { sql -e "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Innodb_checkpoint_age'"; }
tries=0
until [ "$(age)" -lt 1000 ]; do tries=$((tries + 1)); [ $tries -lt 300 ] || { echo 'no checkpoint'; exit 1; }; sleep 0.1; done
"$bin/mariadb-backup" --no-defaults --backup --target-dir="$work/made" --datadir="$work/data" --socket="$work/socket" --user=root >made.log 2>&1
kill "$server"
wait "$server" || :
printf '1;%s\n' "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >keys
"$bin/mariadb-backup" --prepare --target-dir="$work/made" >prepare.log 2>&1 && code=0 || code=$?
said=$(tail -n1 prepare.log)
start --datadir="$work/made"
read=$(sql -e 'SELECT COUNT(*) FROM d.t' 2>&1 | tail -n1)
"$bin/mariadb-backup" --version 2>&1 | head -n1
echo "prepared with other keys: exit code $code, last words: ${said##*] }; expected: a failure"
echo "the server on it: starts; a table in it: $read; expected: it does not start"
case "$code $said $read" in "0 "*"completed OK!"*"ERROR "*) ;; *) exit 1 ;; esac
