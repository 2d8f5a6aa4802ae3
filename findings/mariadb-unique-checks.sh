#!/bin/bash
# Every dump of MariaDB begins with SET UNIQUE_CHECKS=0, FOREIGN_KEY_CHECKS=0 (and since 11.x has a table in one transaction), "to make the
# load faster". One would guess: it does, or
# does nothing. What happens (10.11 and 11.8): with both off, INSERTs into an empty InnoDB table go into its bulk load, which sorts
# them into temporary files first; for rows that come in the order of the key, as in a dump, the server needs two to three times the
# processor time of the same file with UNIQUE_CHECKS=1. Seen with 200 MB: 17.4 s against 6.1 s (11.8.9), 18.3 s against 6.6 s (10.11.19).
# Debian's packages, unpacked beside the system; nothing is installed.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server" || :; }; rm -rf "$work"' EXIT
cd "$work"
if [ "$(id -u)" = 0 ]; then chown _apt "$work"; fi
series=$(apt-cache policy mariadb-server-core | sed -n 's/^  Candidate: //p')
case $series in 1:10.11.* | 1:11.8.*) ;; *) echo "MariaDB $series was not looked at"; exit 1 ;; esac
libraries=$(apt-cache depends mariadb-server-core mariadb-client-core | sed -n 's/^  Depends: \(lib[^<]*\)$/\1/p' | grep -v '^libc6$' | sort -u)
# shellcheck disable=SC2086 # one word each
apt-get download -qq mariadb-server-core mariadb-server mariadb-client-core $libraries 2> /dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
bin=$work/root/usr
export LD_LIBRARY_PATH=$bin/lib/$(uname -m)-linux-gnu
chmod 755 "$work"
user=$(id -un)
"$bin/bin/mariadb-install-db" --no-defaults --basedir="$bin" --datadir="$work/data" --user="$user" --auth-root-authentication-method=normal \
  --skip-test-db > install.log 2>&1 || { grep -v "^$" install.log | head -20; exit 1; }
"$bin/sbin/mariadbd" --no-defaults --basedir="$bin" --datadir="$work/data" --socket="$work/socket" --skip-networking --user="$user" \
  --innodb-buffer-pool-size=256M --innodb-log-file-size=128M --innodb-flush-log-at-trx-commit=2 2> server.log &
server=$!
sql() { "$bin/bin/mariadb" --no-defaults --socket="$work/socket" --user=root "$@"; }
for _ in $(seq 100); do sql -e 'SELECT 1' > /dev/null 2>&1 && break; sleep 0.2; done
awk 'BEGIN {
  text = "ring; answered by agent; recording 4f6a62364d644817097133fc280eb2cb; menu press one for sales, press one for sales, press one for sales, "
  for (id = 1; id <= 400000; id++) {
    printf "%s(%d,%d,\"%d %s%s\")", (id % 3000 == 1 ? (id > 1 ? ";\n" : "") "INSERT INTO calls VALUES " : ","), id, id % 500, id, text, text
  }
  print ";"
}' > rows.sql
ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }
load() {
  sql -e 'CREATE OR REPLACE DATABASE d; CREATE TABLE d.calls (id INT PRIMARY KEY, agent INT, log TEXT, KEY (agent))'
  before=$(ticks)
  { echo "SET unique_checks = $1, foreign_key_checks = 0, autocommit = 0;"; cat rows.sql; echo 'COMMIT;'; } | sql d
  echo $(($(ticks) - before))
}
off=$(load 0)
on=$(load 1)
echo "MariaDB $series, $(du -m rows.sql | cut -f1) MB of INSERTs in the order of the key, processor time of the server in 1/100 s:"
echo "unique_checks = 0: $off; unique_checks = 1: $on; expected: the first is not larger"
[ "$off" -gt $((on * 3 / 2)) ]
