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

# replace FILE: replaces the file with stdin, if they differ. A file that is a mount point (in a container)
# cannot be the target of a rename.
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

# Uses the proxy too. apt knows the variables by their lower-case names. The variables end with the subshell.
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
