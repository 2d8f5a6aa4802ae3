# What master and replica share: data directory, accounts, identity. Sourced, not run.
#
# The volume is mounted at /var/lib/mysql; the data directory proper is /var/lib/mysql/data, so that it can come into being
# by one rename: a container killed during its first start leaves nothing that looks like a database.

umask 077
state=/var/lib/mysql
data=$state/data
# tmpfs in every container: what holds a password never touches a disk.
private=/dev/shm/jtel
client=$private/client.cnf

say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*"; }

fail() { say "error: $*" >&2; exit 1; }

# Contents of a mounted secret without the final newline.
secret() {
  local file=/run/secrets/$1
  [ -r "$file" ] || fail "secret $1 is not mounted at $file"
  local value
  value=$(cat "$file")
  [ -n "$value" ] || fail "secret $1 at $file is empty"
  printf '%s' "$value"
}

# SQL expression for any text, whatever quotes it holds.
sql_text() { printf "CONVERT(0x%s USING utf8mb4)" "$(printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n')"; }

# Statements that make an account exist with this password. $1 user, $2 host, $3 password
account() {
  printf "CREATE USER IF NOT EXISTS '%s'@'%s';\n" "$1" "$2"
  printf "EXECUTE IMMEDIATE CONCAT('ALTER USER ''%s''@''%s'' IDENTIFIED BY ', QUOTE(%s));\n" "$1" "$2" "$(sql_text "$3")"
}

# Password of the replication account: both sides derive it from the root password, nobody has to hand it round.
replication_password() { printf 'replication:%s' "$1" | sha256sum | cut -d' ' -f1; }

prepare_private() {
  mkdir -p "$private" /run/mysqld
  chown mysql:mysql "$private" /run/mysqld
  chmod 700 "$private"
  chmod 755 /run/mysqld
}

# $1 root password. The escapes are those of option files: backslash and double quote.
write_client_file() {
  printf '[client]\nuser=root\nsocket=/run/mysqld/mysqld.sock\npassword="%s"\n' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')" > "$client"
  # Since 11.4 the client insists on TLS even at a socket.
  [ "${JTEL_DATABASE_TLS:-on}" = on ] || echo skip-ssl >> "$client"
}

prepare_data() {
  if [ ! -d "$data" ]; then
    say "first start: making an empty database"
    rm -rf "$state/data.new"
    cp -a /usr/share/jtel/empty-datadir "$state/data.new"
    sync -f "$state/data.new"
    mv "$state/data.new" "$data"
  fi
  # A restored directory may belong to anyone.
  chown mysql:mysql "$state"
  chmod 755 "$state"
  find "$data" ! -user mysql -exec chown mysql:mysql {} +
  # Random per data directory: transactions of an earlier life of this database are then never mistaken for this one's,
  # and a replica that asks for them is told so (error 1236) instead of quietly diverging.
  if [ ! -s "$data/jtel-server-id" ]; then
    od -An -N4 -tu4 /dev/urandom | tr -d ' \n' > "$data/jtel-server-id"
    chown mysql:mysql "$data/jtel-server-id"
  fi
  server_id=$(cat "$data/jtel-server-id")
  [ "$server_id" != 0 ] || server_id=1
}

# Accounts are set at each start, without the binary log: a restored database with other passwords works at once.
write_init_file() {
  local root_password app_password
  root_password=$(secret database-root-password)
  app_password=$(secret database-app-password)
  write_client_file "$root_password"
  {
    echo "SET SESSION sql_log_bin = 0;"
    echo "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host NOT IN ('localhost', '%'));"
    echo "DELETE FROM mysql.proxies_priv WHERE Host NOT IN ('localhost', '%');"
    echo "FLUSH PRIVILEGES;"
    for host in localhost %; do
      account root "$host" "$root_password"
      printf "GRANT ALL PRIVILEGES ON *.* TO 'root'@'%s' WITH GRANT OPTION;\n" "$host"
    done
    account jtel % "$app_password"
    # shellcheck disable=SC2016 # backticks are SQL
    echo 'GRANT ALL PRIVILEGES ON `jtel`.* TO '"'jtel'@'%';"
    # shellcheck disable=SC2016
    echo 'GRANT ALL PRIVILEGES ON `jtelstats`.* TO '"'jtel'@'%';"
    account jtel_replication % "$(replication_password "$root_password")"
    echo "GRANT REPLICATION SLAVE, REPLICA MONITOR ON *.* TO 'jtel_replication'@'%';"
  } > "$private/init.sql"
  chown mysql:mysql "$private/init.sql"
}

sql() { mariadb --defaults-file="$client" --batch --skip-column-names "$@"; }
