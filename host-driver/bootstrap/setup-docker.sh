
# Docker: installs it, starts it, gives it its settings, and restarts it without harm to what runs.
install_docker() {
  if ! command -v dockerd >/dev/null; then
    install_packages
    packages=docker.io
    # Since Debian 13 the client is a separate package, and only recommended.
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

# With $1 true, Docker leaves containers running when it stops; otherwise it stops them as usual. This is one
# of the few settings that it takes without a restart. A setting that only disappears from the file keeps its
# value, so both values are written.
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

# Restarts Docker, which makes all of its rules again. The containers keep running.
restart_docker() {
  if [ -n "$(docker ps -q)" ] && [ "$(docker info --format '{{.LiveRestoreEnabled}}')" != true ]; then
    if [ -e "$conf" ]; then cp -p "$conf" "$kept" || fail "cannot keep $conf"; else : >"$kept"; fi
    set_live_restore true || {
      restore_daemon_json
      fail "Docker has to be started anew, and would stop all containers: do that yourself when it does no harm (systemctl restart docker)"
    }
  fi
  if systemd; then
    # Docker's unit refuses a fourth start within a minute, for whatever reason.
    systemctl reset-failed docker 2>/dev/null
    systemctl restart docker || fail "systemctl could not restart docker: see journalctl -u docker"
  else
    service docker restart >/dev/null || fail "service docker restart failed"
  fi
  wait_for_docker
  restore_daemon_json
}

# Reverts what restart_docker changed for a moment, also after an interruption.
restore_daemon_json() {
  [ -e "$kept" ] || return 0
  set_live_restore false || say "Docker keeps live-restore until its next start"
  if [ -s "$kept" ]; then mv -f "$kept" "$conf"; else rm -f "$conf" "$kept"; fi || fail "cannot put $conf back"
}

# stdin: a JSON object, or nothing. Puts the members ($1) at its beginning, and removes a member of the same
# name that is false.
with_members() {
  awk -v members="$1" '
    { text = text $0 "\n" }
    END {
      # With the comma before it, unless it is the first.
      gsub(/,[ \t\n]*"live-restore"[ \t\n]*:[ \t\n]*false/, "", text)
      gsub(/"live-restore"[ \t\n]*:[ \t\n]*false[ \t\n]*,?/, "", text)
      sub(/^[ \t\n]*/, "", text)
      if (text == "") text = "{}\n"
      rest = substr(text, 2)
      empty = rest ~ /^[ \t\n]*}/
      printf "{ %s%s%s", members, empty ? " " : ",", rest
    }'
}

# stdin: the output of with_members. Removes the members ($1) again.
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

# Members of daemon.json from the spec. Their text is kept, so that it can be removed again. Docker reads them
# when it starts. While containers run, a person or the next reboot has to restart it: bridges cannot change
# under running containers.
set_docker() {
  mine=$base/.daemon.json.members
  had=$(cat "$mine" 2>/dev/null)
  [ "$had" != "$docker_members" ] || return 0
  # Also removes what an interrupted set-up put in.
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

# Docker pulls through the proxy, and jobs use what Docker uses. The file may hold a password, so only root
# may read it.
set_proxy() {
  file=$base/.proxy.env
  [ -n "$proxy" ] || [ -e "$file" ] || [ -e "$base/.proxy.pending" ] || return 0
  # The change is not finished until Docker was started with it.
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

# Whether the rules exist by which Docker publishes ports. A firewall reload with "flush ruleset" removes
# them.
has_docker_rules() {
  iptables -w 10 -t nat -n -L DOCKER >/dev/null 2>&1 || nft list table ip docker-bridges >/dev/null 2>&1
}

# Docker makes its rules only when it starts, or starts a container. If it never made any (its setting
# "iptables": false), none are missing.
mend_docker_rules() {
  if has_docker_rules; then
    : >"$base/.docker-rules"
  elif [ -e "$base/.docker-rules" ]; then
    say "Docker's firewall rules are gone: starting Docker anew, containers run on"
    restart_docker
    has_docker_rules || fail "Docker's firewall rules are gone, and did not come back with Docker's new start: see its log"
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
