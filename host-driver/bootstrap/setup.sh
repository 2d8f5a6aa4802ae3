# ---- from here on the script is the same for every host ----
set -u
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
DEBIAN_FRONTEND=noninteractive
export PATH LC_ALL DEBIAN_FRONTEND

base=/opt/jtel
rules=$base/.firewall
conf=/etc/docker/daemon.json
kept=$base/.daemon.json.before

say() {
  printf '%s\n' "jtel set-up: $*"
}

fail() {
  printf '%s\n' "jtel set-up: $*" >&2
  exit 1
}

# at_least HAVE WANT: compares versions like 2.26.1-4 by their numbers.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "${1%%[!0-9.]*}" | sort -V | head -n 1)" = "$2" ]
}

# replace FILE: puts stdin in its place, if it differs. A file that is a mount point (in a container) cannot be renamed onto.
replace() {
  cat >"$1.jtel-new" || fail "cannot write beside $1"
  if cmp -s "$1.jtel-new" "$1"; then
    rm -f "$1.jtel-new"
    return 1
  fi
  mv -f "$1.jtel-new" "$1" 2>/dev/null || { cat "$1.jtel-new" >"$1" && rm -f "$1.jtel-new"; } || fail "cannot write $1"
  say "wrote $1"
}

systemd() {
  [ -d /run/systemd/system ]
}

# Takes the way of the proxy, too; apt knows the names of the variables in small letters. They end with the subshell.
apt_get() (
  if [ -n "$proxy" ]; then
    HTTP_PROXY='' HTTPS_PROXY='' NO_PROXY=''
    eval "$proxy"
    export http_proxy="$HTTP_PROXY" https_proxy="$HTTPS_PROXY" no_proxy="$NO_PROXY"
  fi
  exec apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
)

apt_updated=no
install_packages() {
  if [ "$apt_updated" = no ]; then
    say "reading the package lists"
    apt_get update || fail "apt-get update failed: check the network, spec.host.proxy and /etc/apt/sources.list.d"
    apt_updated=yes
  fi
  [ $# -gt 0 ] || return 0
  say "installing $*"
  apt_get install --no-install-recommends "$@" || fail "apt-get could not install $*"
}

candidate() {
  apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \([0-9]*:\)\{0,1\}//p' | grep -v '(none)'
}

docker_version() {
  docker version --format '{{.Server.Version}}' 2>/dev/null
}

compose_version() {
  docker compose version --short 2>/dev/null | sed 's/^v//'
}

check_system() {
  [ "$(id -u)" = 0 ] || [ "$mode" = Preinstalled ] || fail "must run as root: sudo sh SCRIPT run USER"
  [ -s /etc/machine-id ] || fail "/etc/machine-id is empty: run systemd-machine-id-setup"
  ID= VERSION_ID=
  . /etc/os-release
  if [ "$mode" = Managed ]; then
    [ "$ID" = debian ] && at_least "${VERSION_ID:-0}" 12 ||
      fail "this is ${PRETTY_NAME:-an unknown system}, only Debian 12 or later can be set up: install Docker and compose by hand and use bootstrap: Preinstalled"
  fi
  id "$user" >/dev/null 2>&1 || fail "there is no user $user"
}

install_docker() {
  if ! command -v dockerd >/dev/null; then
    install_packages
    packages=docker.io
    # From Debian 13 on the client is a package of its own, and only recommended.
    [ -z "$(candidate docker-cli)" ] || packages="$packages docker-cli"
    install_packages ca-certificates $packages
  fi
  if ! command -v docker >/dev/null; then
    install_packages docker-cli
  fi
  have=$(compose_version)
  if [ -z "$have" ] || ! at_least "$have" 2.20; then
    install_packages
    found=
    for package in docker-compose-plugin docker-compose-v2 docker-compose; do
      offered=$(candidate "$package")
      if [ -n "$offered" ] && at_least "$offered" 2.20; then
        found=$package
        break
      fi
    done
    [ -n "$found" ] || fail "no compose plugin of version 2.20 or later in the package sources: add a source that has docker-compose-plugin (Debian 12's own has none), or install it by hand"
    install_packages "$found"
  fi
}

start_docker() {
  if systemd; then
    systemctl enable -q --now docker || fail "systemctl could not start docker: see journalctl -u docker"
  elif [ -z "$(docker_version)" ]; then
    service docker start || fail "service docker start failed"
  fi
  wait_for_docker
}

wait_for_docker() {
  tries=0
  until [ -n "$(docker_version)" ]; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || fail "the Docker daemon does not answer a minute after its start"
    sleep 1
  done
}

reload_docker() {
  kill -HUP "$(cat /var/run/docker.pid)" || fail "cannot make Docker read its settings again"
}

# Makes Docker leave containers alone when it stops ($1 true), or stop them as always: one of the few settings that it takes without a
# new start. A setting that is merely gone from its file stays as it was, so both are written.
set_live_restore() {
  with_members "\"live-restore\": $1" <"$kept" >"$conf.jtel-new" && mv -f "$conf.jtel-new" "$conf" || fail "cannot write $conf"
  kill -HUP "$(cat /var/run/docker.pid)" || return 1
  tries=0
  until [ "$(docker info --format '{{.LiveRestoreEnabled}}')" = "$1" ]; do
    tries=$((tries + 1))
    [ $tries -lt 20 ] || return 1
    sleep 0.5
  done
}

# Starts Docker anew, and with it all of its rules, while the containers run on.
restart_docker() {
  if [ -n "$(docker ps -q)" ] && [ "$(docker info --format '{{.LiveRestoreEnabled}}')" != true ]; then
    if [ -e "$conf" ]; then cp -p "$conf" "$kept" || fail "cannot keep $conf"; else : >"$kept"; fi
    set_live_restore true || {
      restore_daemon_json
      fail "Docker has to be started anew, and would stop all containers: do that yourself when it does no harm (systemctl restart docker)"
    }
  fi
  if systemd; then
    systemctl restart docker || fail "systemctl could not restart docker: see journalctl -u docker"
  else
    service docker restart >/dev/null || fail "service docker restart failed"
  fi
  wait_for_docker
  restore_daemon_json
}

# Takes back what restart_docker changed for a moment; also when it was interrupted.
restore_daemon_json() {
  [ -e "$kept" ] || return 0
  set_live_restore false || say "Docker keeps live-restore until its next start"
  if [ -s "$kept" ]; then mv -f "$kept" "$conf"; else rm -f "$conf" "$kept"; fi || fail "cannot put $conf back"
}

# stdin: a JSON object, or nothing. Puts members ($1) at its beginning; a member of the same name that is false goes.
with_members() {
  awk -v members="$1" '
    { text = text $0 "\n" }
    END {
      gsub(/"live-restore"[ \t\n]*:[ \t\n]*false[ \t\n]*,?/, "", text)
      sub(/^[ \t\n]*/, "", text)
      if (text == "") text = "{}\n"
      rest = substr(text, 2)
      empty = rest ~ /^[ \t\n]*}/
      printf "{ %s%s%s", members, empty ? " " : ",", rest
    }'
}

# stdin: what with_members made. Takes the members ($1) out again.
without_members() {
  awk -v members="$1" '
    { text = text $0 "\n" }
    END {
      at = members == "" ? 0 : index(text, members)
      if (at) {
        rest = substr(text, at + length(members))
        sub(/^ *,/, "", rest)
        text = substr(text, 1, at - 1) rest
      }
      printf "%s", text
    }'
}

# Members of daemon.json from the spec. Their text is kept, so that it can be taken out again. Docker reads them when it starts; while
# containers run that is left to a person or the next reboot, because changed bridges cannot be changed under them.
set_docker() {
  mine=$base/.daemon.json.members
  had=$(cat "$mine" 2>/dev/null)
  [ "$had" != "$docker_members" ] || return 0
  # Also what an interrupted set-up put in already.
  others=$(without_members "$had" <"$conf" | without_members "$docker_members") 2>/dev/null
  for key in bip default-address-pools; do
    case $docker_members in *"\"$key\""*) ;; *) continue ;; esac
    case $others in *"\"$key\""*) fail "$conf has $key already: take it out there, or leave it out of spec.host.docker" ;; esac
  done
  mkdir -p "${conf%/*}" || fail "cannot create ${conf%/*}"
  if [ -n "$docker_members" ]; then
    printf '%s' "$others" | with_members "$docker_members" | replace "$conf" || :
    grep -qF -e "$docker_members" "$conf" || fail "cannot write $conf"
  else
    printf '%s\n' "$others" | replace "$conf" || :
  fi
  if [ -z "$(docker ps -q)" ]; then
    restart_docker
  else
    say "Docker's new settings take effect at its next start; containers run, so that is left to you (systemctl restart docker stops them for a moment)"
  fi
  printf '%s' "$docker_members" >"$mine" || fail "cannot write $mine"
}

# Docker pulls through the proxy, and jobs take the way that Docker takes. May hold a password: for root alone.
set_proxy() {
  file=$base/.proxy.env
  [ -n "$proxy" ] || [ -e "$file" ] || [ -e "$base/.proxy.pending" ] || return 0
  # Until Docker was started with it, the change is under way.
  pending=$base/.proxy.pending
  [ -e "$pending" ] || [ "$(cat "$file" 2>/dev/null)" != "$proxy" ] || return 0
  : >"$pending" || fail "cannot write $pending"
  if [ -n "$proxy" ]; then
    (umask 077 && printf '%s\n' "$proxy" >"$file.new") && mv -f "$file.new" "$file" || fail "cannot write $file"
  else
    rm -f "$file"
  fi
  if systemd; then
    drop_in=/etc/systemd/system/docker.service.d/jtel-proxy.conf
    mkdir -p "${drop_in%/*}"
    if [ -n "$proxy" ]; then printf '[Service]\nEnvironmentFile=-%s\n' "$file" | replace "$drop_in" || :; else rm -f "$drop_in"; fi
    systemctl daemon-reload || fail "systemctl daemon-reload failed"
  else
    defaults=/etc/default/docker
    [ -e "$defaults" ] || : >"$defaults"
    {
      sed '/^# jtel begin/,/^# jtel end/d' "$defaults"
      [ -z "$proxy" ] || printf '# jtel begin (written by the jtel operator)\nif [ -r %s ]; then set -a; . %s; set +a; fi\n# jtel end\n' "$file" "$file"
    } | replace "$defaults" || :
  fi
  restart_docker
  rm -f "$pending"
  say "Docker was started with another proxy"
}

# Whether the rules are there with which Docker publishes ports. Somebody who reloads a firewall with "flush ruleset" takes them away.
has_docker_rules() {
  iptables -w 10 -t nat -n -L DOCKER >/dev/null 2>&1 || nft list table ip docker-bridges >/dev/null 2>&1
}

# Docker makes its rules only when it starts, or starts a container. Where it was never seen to make any (its setting "iptables":
# false), none are missed.
mend_docker_rules() {
  if has_docker_rules; then
    : >"$base/.docker-rules"
  elif [ -e "$base/.docker-rules" ]; then
    say "Docker's firewall rules are gone: starting Docker anew, containers run on"
    restart_docker
    has_docker_rules || fail "Docker's firewall rules are gone, and did not come back with Docker's new start: see its log"
  fi
}

# Debian's own file for the service nftables begins with "flush ruleset": loading it takes Docker's rules and ours away. As long as
# nobody changed the file, it takes only its own table away from now on.
tame_nftables() {
  file=/etc/nftables.conf
  grep -qsx 'flush ruleset' "$file" || return 0
  packaged=$(dpkg-query -W -f '${Conffiles}\n' nftables 2>/dev/null | awk -v file="$file" '$1 == file { print $2 }')
  have=$(md5sum <"$file")
  if [ "$mode" = Managed ] && [ "${have%% *}" = "$packaged" ]; then
    sed 's/^flush ruleset$/# "flush ruleset" stood here; it takes the rules of Docker and of the jtel stack away, too.\ntable inet filter\ndelete table inet filter/' "$file" |
      replace "$file" || :
  else
    say "$file has \"flush ruleset\": when it is loaded, the rules of Docker and of the jtel stack are gone until the operator looks again"
  fi
}

check_docker() {
  have=$(docker_version)
  [ -n "$have" ] || fail "no Docker daemon answers: start it, or use bootstrap: Managed"
  at_least "$have" 20.10 || fail "Docker $have is too old, 20.10 is needed"
  have=$(compose_version)
  [ -n "$have" ] || fail "docker compose is missing: install the plugin, or use bootstrap: Managed"
  at_least "$have" 2.20 || fail "docker compose $have is too old, 2.20 is needed"
}

admit_user() {
  [ "$(id -u "$user")" != 0 ] || return 0
  getent group docker >/dev/null || groupadd --system docker || fail "cannot create group docker"
  case " $(id -nG "$user") " in
  *' docker '*) ;;
  *)
    usermod -aG docker "$user" || fail "cannot put $user into group docker"
    say "put $user into group docker"
    ;;
  esac
}

set_time_zone() {
  [ -n "$time_zone" ] || return 0
  if [ ! -e "/usr/share/zoneinfo/$time_zone" ] && [ "$mode" = Managed ]; then
    install_packages tzdata
  fi
  [ -e "/usr/share/zoneinfo/$time_zone" ] || fail "time zone $time_zone is not known here: install tzdata or correct timeZone"
  [ "$(readlink /etc/localtime)" = "/usr/share/zoneinfo/$time_zone" ] && return 0
  ln -sfn "/usr/share/zoneinfo/$time_zone" /etc/localtime || fail "cannot set the time zone"
  [ ! -e /etc/timezone ] || printf '%s\n' "$time_zone" >/etc/timezone
  say "time zone is $time_zone now"
}

set_hosts() {
  [ -n "$hosts" ] || grep -q '^# jtel begin' /etc/hosts || return 0
  {
    sed '/^# jtel begin/,/^# jtel end/d' /etc/hosts
    if [ -n "$hosts" ]; then
      printf '# jtel begin (written by the jtel operator)\n%s\n# jtel end\n' "$hosts"
    fi
  } | replace /etc/hosts || :
}

set_dns() {
  drop_in=/etc/systemd/resolved.conf.d/jtel.conf
  if systemd && systemctl is-active -q systemd-resolved; then
    if [ -z "$nameservers$search" ]; then
      [ ! -e "$drop_in" ] || { rm -f "$drop_in" && systemctl restart systemd-resolved; }
      return 0
    fi
    mkdir -p "${drop_in%/*}"
    if printf '[Resolve]\nDNS=%s\nDomains=%s\n' "$nameservers" "$search" | replace "$drop_in"; then
      systemctl restart systemd-resolved || fail "systemd-resolved did not start again"
    fi
    return 0
  fi
  before=$base/.resolv.conf.before
  if [ -z "$nameservers$search" ]; then
    [ ! -e "$before" ] || { replace /etc/resolv.conf <"$before"; rm -f "$before"; }
    return 0
  fi
  [ ! -L /etc/resolv.conf ] || fail "/etc/resolv.conf is a link to $(readlink /etc/resolv.conf): set DNS where that is made, and leave host.dns.nameservers out"
  [ -e "$before" ] || cp /etc/resolv.conf "$before" || fail "cannot keep the old resolv.conf"
  {
    echo '# Written by the jtel operator.'
    [ -z "$search" ] || printf 'search %s\n' "$search"
    for server in $nameservers; do
      printf 'nameserver %s\n' "$server"
    done
  } | replace /etc/resolv.conf || :
}

# Applied at once, kept for the next boot only when confirmed over a new connection, else taken back by itself.
set_firewall() {
  [ -n "$firewall" ] || return 0
  if ! command -v nft >/dev/null; then
    [ "$mode" = Managed ] || fail "nft is missing: install nftables, or leave network.allow out"
    install_packages nftables
  fi
  mkdir -p "$rules" && chmod 0700 "$rules" || fail "cannot create $rules"
  printf '%s\n' "$firewall" >"$rules/pending.nft" || fail "cannot write $rules/pending.nft"
  nft -c -f "$rules/pending.nft" || fail "nft does not accept the firewall"
  if systemd; then
    replace /etc/systemd/system/jtel-firewall.service <<UNIT && systemctl daemon-reload
[Unit]
Description=Firewall of the jtel stack
ConditionPathExists=$rules/confirmed.nft
DefaultDependencies=no
After=local-fs.target nftables.service
Before=network-pre.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$(command -v nft) -f $rules/confirmed.nft

[Install]
WantedBy=multi-user.target
UNIT
    systemctl enable -q jtel-firewall.service || fail "cannot enable jtel-firewall.service"
  fi
  token=$$-$(date +%s)
  printf '%s\n' "$token" >"$rules/unconfirmed" || fail "cannot write $rules/unconfirmed"
  setsid sh -c '
    sleep "$1"
    read -r token <"$2/unconfirmed" && [ "$token" = "$3" ] || exit 0
    if [ -e "$2/confirmed.nft" ]; then nft -f "$2/confirmed.nft"; else nft delete table inet jtel; fi
    rm -f "$2/unconfirmed" "$2/pending.nft"
  ' jtel-firewall "$rollback_seconds" "$rules" "$token" </dev/null >/dev/null 2>&1 &
  nft -f "$rules/pending.nft" || fail "nft could not apply the firewall"
  say "firewall applied; it is taken back in $rollback_seconds s unless confirmed"
}

confirm_firewall() {
  [ -e "$rules/unconfirmed" ] || return 0
  mv -f "$rules/pending.nft" "$rules/confirmed.nft" && rm -f "$rules/unconfirmed" || fail "cannot confirm the firewall"
  say "firewall confirmed"
}

user=${2:-${SUDO_USER:-jtel}}
case ${1:-run} in
run)
  check_system
  mkdir -p "$base" || fail "cannot create $base"
  if [ "$mode" = Managed ]; then
    install_docker
    start_docker
    admit_user
    restore_daemon_json
    set_docker
    set_proxy
  fi
  check_docker
  set_time_zone
  set_hosts
  set_dns
  if [ "$(id -u)" = 0 ]; then
    restore_daemon_json
    mend_docker_rules
  fi
  set_firewall
  tame_nftables
  say "done"
  if [ -n "$firewall" ] && [ -t 1 ]; then
    say "open a second SSH connection now; if that works: sudo sh $0 confirm"
  fi
  ;;
confirm) confirm_firewall ;;
*) fail "usage: sh SCRIPT run USER, or sh SCRIPT confirm" ;;
esac
