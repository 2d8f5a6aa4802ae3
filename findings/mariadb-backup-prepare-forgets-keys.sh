#!/bin/sh
# `mariadb-backup --prepare` of a database that is encrypted at rest takes the place of the keys from backup-my.cnf in the backup.
# One would guess: that holds whatever else is on the command line; `--no-defaults` or an option file of one's own (`--defaults-file`, the
# usual way to keep passwords out of arguments) only says what is in there.
# What happens: with either of them the tool still loads the plug-in that backup-my.cnf names, but gives it none of the plug-in's
# variables from there. It then fails as if the key were wrong ("corrupted file"). What works is no such option at all, or
# --defaults-file=<backup>/backup-my.cnf. And before: a backup that was made without the keys ends with 0 and "completed OK!".
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
"$work/root/usr/sbin/mariadbd" --defaults-file="$work/server.cnf" >server.log 2>&1 &
server=$!
sql() { "$bin/mariadb" --no-defaults --skip-ssl --socket="$work/socket" --user=root "$@"; }
tries=0
until sql -e 'SELECT 1' >/dev/null 2>&1; do tries=$((tries + 1)); [ $tries -lt 300 ] || { cat server.log; exit 1; }; sleep 0.1; done
sql -e 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(500)); INSERT INTO d.t SELECT seq, REPEAT("x", 400) FROM d.seq_1_to_5000'
backup() { "$bin/mariadb-backup" --no-defaults --backup --target-dir="$work/$1" --datadir="$work/data" --socket="$work/socket" --user=root >"$1.log" 2>&1; }
backup made
mv keys away
backup keyless && keyless=0 || keyless=$?
said=$(tail -n1 keyless.log)
mv away keys
prepare() {
  name=$1
  shift
  cp -r made "$name"
  if "$bin/mariadb-backup" "$@" --prepare --target-dir="$work/$name" >"$name.log" 2>&1; then echo works; else echo fails; fi
}
printf '[mariabackup]\nuse-memory=64M\n' >own.cnf
one=$(prepare one)
two=$(prepare two --no-defaults)
three=$(prepare three "--defaults-file=$work/own.cnf")
four=$(prepare four "--defaults-file=$work/four/backup-my.cnf")
"$bin/mariadb-backup" --version 2>&1 | head -n1
echo "a backup without the keys: exit code $keyless, last words: ${said##*] }; expected: a failure"
echo "prepared without options: $one; with --no-defaults: $two; with an option file of one's own: $three; with backup-my.cnf as that file: $four"
echo "expected: works each time"
[ "$keyless $one $two $three $four" = '0 works fails fails works' ]
