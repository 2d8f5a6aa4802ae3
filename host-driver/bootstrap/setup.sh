
# Sets up the machine and its network, and says what is done in which order. setup-common.sh and
# setup-docker.sh come before this in the one script.
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

# The firewall is applied at once. It is kept for the next boot only if somebody confirms it over a new
# connection; otherwise it is rolled back by itself.
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

# Debian's own file for the service nftables begins with "flush ruleset", so loading it removes Docker's rules
# and ours. If nobody changed the file, it is rewritten so that it removes only its own table.
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
