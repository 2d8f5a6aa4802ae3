# The host is changed here, so nobody goes on without an answer of Docker.
daemon_hangs() {
  kill -USR1 $$
}

# The verbs: what can be done to a host, one verb per call. host-common.sh comes before this in the one script
# that the driver installs.
case $verb in
# Prints the machine's id, then state.json if there is one. $1, if given: the owner to take over from.
claim)
  lock
  check_fence "$@"
  printf '%s\n' "$machine"
  cat "$dir/state.json" 2>/dev/null
  exit 0
  ;;

# Replaces state.json if it is still the one that the caller computed from ($1: its sha256, or - for none).
put-state)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  whole_stdin
  have=-
  if [ -s "$dir/state.json" ]; then
    have=$(sha256sum <"$dir/state.json")
    have=${have%% *}
  fi
  [ "$have" = "$1" ] || die "$STALE" "state.json was changed in between"
  cat >"$dir/.state.new" && sync "$dir/.state.new" && mv -f "$dir/.state.new" "$dir/state.json" || die "$FAILED" "cannot write state.json"
  ;;

# Prints the compose file of the release that runs, and its secret files, each on a line with its name, in base64. Of what is
# too long for a generated one only the digest, after a colon. Nothing if none runs.
read-deployed)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  cd "$dir/current" 2>/dev/null && [ -f compose.yaml ] || exit 0
  printf 'compose.yaml %s\n' "$(head -c 1048577 compose.yaml | base64 -w 0)"
  while read -r file; do
    case $file in '' | *[!0-9a-f]*) continue ;; esac
    [ "$(stat -c %a "$dir/files/$file" 2>/dev/null)" = 600 ] || continue
    if [ "$(stat -c %s "$dir/files/$file")" -le 8192 ]; then
      printf '%s %s\n' "$file" "$(head -c 8192 "$dir/files/$file" | base64 -w 0)"
    else
      digest=$(sha256sum <"$dir/files/$file")
      printf '%s :%s\n' "$file" "${digest%% *}"
    fi
  done <files.list
  exit 0
  ;;

# A tar on stdin: files/<name>, and what lies in the release's directory (archive.ts).
write-release)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  whole_stdin
  rm -rf "$dir"/.incoming.*
  new=$dir/.incoming.$$
  trap 'rm -rf "$new"' EXIT
  mkdir -m 0700 "$new" && mkdir "$new/files" || die "$FAILED" "cannot create $new"
  bounded tar -x -p --no-same-owner -C "$new" -f - || die "$FAILED" "cannot unpack the release"
  find "$new" -type f -exec sync {} + || die "$FAILED" "cannot write the release to disk"
  mkdir -p "$dir/files" "$dir/releases/$1" || die "$FAILED" "cannot create $dir/releases/$1"
  # A file of that name has that content, unless the disk lost it or somebody edited it. So compare, and leave
  # a mounted file alone if it is right. Containers keep the file that they were started with, so containers
  # with another one are restarted, also those that a call before this did not come to.
  edited=
  for file in "$new"/files/*; do
    [ -e "$file" ] || continue
    to=$dir/files/${file##*/}
    if cmp -s "$file" "$to" && [ "$(stat -c %a "$file")" = "$(stat -c %a "$to")" ]; then
      continue
    fi
    [ ! -e "$to" ] || edited="$edited $to"
    mv -f "$file" "$to" || die "$FAILED" "cannot store $to"
  done
  # Only root may read a release. Others may pass through to see where "current" leads.
  chmod 0711 "$dir/releases/$1"
  # compose.yaml comes last: a release directory that has it is complete.
  for file in files.list files.sum images.list starts.list create-old-docker.yaml create.yaml compose.yaml; do
    mv -f "$new/$file" "$dir/releases/$1/$file" || die "$FAILED" "cannot store $file"
  done
  # compose.yaml comes first and without its name, because older drivers read only that line.
  (cd "$dir/releases/$1" && sha256sum <compose.yaml && sha256sum starts.list create.yaml create-old-docker.yaml) >"$dir/releases/$1/sum" ||
    die "$FAILED" "cannot store $dir/releases/$1/sum"
  sync "$dir/releases/$1" "$dir/releases" "$dir/files"
  patience=20
  others=$(
    outdated "$project" "$dir" "$dir/releases/$1/files.list" | cut -d ' ' -f 1
    for file in $edited; do
      for id in $(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project"); do
        case " $(docker inspect -f '{{range .Mounts}}{{.Source}} {{end}}' "$id") " in *" $file "*) echo "$id" ;; esac
      done
    done
  )
  for id in $(printf '%s\n' $others | sort -u); do
    bounded docker restart "$id" >/dev/null || die "$FAILED" "cannot restart container $id, which runs with another file than it should"
  done
  ;;

# Arguments: the digest of the release, and the services to start; without services, all. stdin: where its
# data sets are (missing_data).
up)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  whole_stdin
  refuse_moved
  need_docker
  began=$(date -u +%Y-%m-%dT%H:%M:%S)
  missing=$(missing_data)
  [ -z "$missing" ] || die "$DATA_MISSING" "$missing"
  release=releases/$1
  shift
  cd "$dir/$release" 2>/dev/null && [ -f compose.yaml ] || die "$FAILED" "$release does not lie on the host"
  for file in starts.list create.yaml create-old-docker.yaml; do
    [ -f "$file" ] || die "$FAILED" "$release has no $file: observe again"
  done
  [ $# -gt 0 ] || set -- $(awk '$2 == "-" { print $1 }' starts.list)
  services=$(closure_of "$@" <starts.list)
  remove_strangers
  # The log is a file, so a lost connection does not stop compose half-way.
  bounded docker compose -p "$project" -f "$(create_file)" --ansi never --progress plain \
    create --no-build --pull never --remove-orphans -- $services </dev/null >"$dir/compose.log" 2>&1 || compose_failed $?
  start_services "$services" </dev/null >>"$dir/compose.log" 2>&1 || compose_failed $?
  ln -sfn "$release" "$dir/.current.new" && mv -fT "$dir/.current.new" "$dir/current" || die "$FAILED" "cannot switch current"
  ;;

# Arguments: services that keep running. Without any, everything stops.
stop)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  need_docker
  cd "$dir"
  if [ $# -gt 0 ]; then
    keep=" $* "
    others=
    running=$(docker ps --filter "label=com.docker.compose.project=$project" --format '{{.Label "com.docker.compose.service"}}') || no_docker
    for service in $(printf '%s\n' $running | sort -u); do
      case "$keep" in *" $service "*) ;; *) others="$others $service" ;; esac
    done
    [ -z "$others" ] || bounded docker compose -p "$project" -f current/compose.yaml --ansi never --progress plain stop $others </dev/null >compose.log 2>&1 ||
      compose_failed $?
    exit 0
  fi
  if [ -f current/compose.yaml ]; then
    bounded docker compose -p "$project" -f current/compose.yaml --ansi never --progress plain stop </dev/null >compose.log 2>&1 ||
      compose_failed $?
  fi
  left=$(docker ps -q --filter "label=com.docker.compose.project=$project") || no_docker
  if [ -n "$left" ]; then
    bounded docker stop $left >compose.log 2>&1 || compose_failed $?
  fi
  ;;

# Removes the containers of a stack that is elsewhere now, so nothing starts them again. Their volumes stay.
retire)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  is_moved || die "$FAILED" "$project was not moved"
  need_docker
  running=$(docker ps -q --filter "label=com.docker.compose.project=$project") || no_docker
  if [ -n "$running" ] && [ -f "$dir/current/compose.yaml" ]; then
    cd "$dir" && bounded docker compose -p "$project" -f current/compose.yaml --ansi never --progress plain stop </dev/null >compose.log 2>&1 ||
      compose_failed $?
  fi
  running=$(docker ps -q --filter "label=com.docker.compose.project=$project") || no_docker
  [ -z "$running" ] || bounded docker stop $running >"$dir/compose.log" 2>&1 || compose_failed $?
  all=$(containers_of) || no_docker
  [ -z "$all" ] || bounded docker rm -f $all >"$dir/compose.log" 2>&1 || compose_failed $?
  ;;

# The directory with the state goes last. Until then, the next try knows to whom the remains belong.
destroy)
  lock || exit 0
  if [ ! -e "$dir/fence" ]; then
    rm -f "$dir/lock" "$dir/next" && rmdir "$dir" 2>/dev/null
    exit 0
  fi
  check_fence
  if (unset -f docker && command -v docker) >/dev/null; then
    need_docker
    all=$(containers_of && docker ps -aq --filter "label=jtel.de/project=$project") || no_docker
    all=$(printf '%s\n' $all | sort -u)
    [ -z "$all" ] || bounded docker rm -f -v $all >/dev/null || die "$FAILED" "cannot remove containers of $project"
    all=$(docker network ls -q --filter "label=com.docker.compose.project=$project") || no_docker
    [ -z "$all" ] || bounded docker network rm $all >/dev/null || die "$FAILED" "cannot remove networks of $project"
    all=$(docker volume ls -q --filter "label=com.docker.compose.project=$project" && docker volume ls -q --filter "label=jtel.de/project=$project") ||
      no_docker
    all=$(printf '%s\n' $all | sort -u)
    [ -z "$all" ] || bounded docker volume rm $all >/dev/null || die "$FAILED" "cannot remove volumes of $project"
  fi
  rm -rf "$dir/current" "$dir/releases" "$dir/files" "$dir"/.incoming.* "$dir"/*.log || die "$FAILED" "cannot remove the files of $project"
  rm -rf "$dir" || die "$FAILED" "cannot remove $dir"
  ;;

# Arguments: digests of the releases to keep, beside the current one.
prune)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  current=$(readlink "$dir/current" 2>/dev/null)
  gone=
  for release in "$dir"/releases/*; do
    [ -d "$release" ] || continue
    name=${release##*/}
    keep=no
    for kept in "${current##*/}" "$@"; do
      [ "$kept" = "$name" ] && keep=yes
    done
    [ "$keep" = yes ] && continue
    gone="$gone $(cat "$release/images.list" 2>/dev/null)"
    rm -rf "$release" || die "$FAILED" "cannot remove $release"
  done
  for file in "$dir"/files/*; do
    [ -e "$file" ] || continue
    grep -qxF -e "${file##*/}" "$dir"/releases/*/files.list 2>/dev/null || rm -f "$file" || die "$FAILED" "cannot remove $file"
  done
  # Older drivers made .create.yaml.
  rm -rf "$dir"/.incoming.* "$dir/.create.yaml"
  for image in $gone; do
    grep -qxF -e "$image" "$base"/*/releases/*/images.list 2>/dev/null && continue
    # Docker itself refuses to remove an image that a container uses.
    bounded docker image rm "$image" >/dev/null 2>&1
  done
  # Removes helper scripts of other drivers a month after they were installed. A driver installs its own again
  # if it is missing.
  find "$base/.bin" -name 'jtel-host-*' ! -path "$0" -mtime +30 -delete 2>/dev/null
  exit 0
  ;;

# Keeps the last log lines of services, for people who ask why something failed. $1: how the file names begin;
# then the services.
keep-logs)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  need_docker
  mkdir -p "$dir/failures" && chmod 0700 "$dir/failures" || die "$FAILED" "cannot create $dir/failures"
  name=$1
  shift
  for service in "$@"; do
    id=$(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" | head -n 1)
    [ -n "$id" ] || continue
    file=$dir/failures/$name-$service.log
    bounded docker logs --timestamps --tail 1000 "$id" >"$file.new" 2>&1
    chmod 0600 "$file.new" && mv -f "$file.new" "$file" || die "$FAILED" "cannot write $file"
  done
  ls -1t "$dir"/failures/*.log 2>/dev/null | tail -n +21 | while read -r file; do rm -f "$file"; done
  exit 0
  ;;

# Prints how many bytes the given volumes take on disk, or nothing if one cannot be measured in time. Takes no
# lock, because it changes nothing.
measure)
  need_docker
  total=0
  for volume in "$@"; do
    at=$(docker volume inspect -f '{{.Mountpoint}}' "$volume" 2>/dev/null) && [ -d "$at" ] || exit 0
    bytes=$(bounded nice -n 19 ionice -c 3 du -s --block-size=1 "$at" 2>/dev/null) || exit 0
    total=$((total + ${bytes%%[!0-9]*}))
  done
  printf '%s\n' "$total"
  ;;

# Holds the lock while the caller works through the Docker API, until stdin ends. $1: `start` when something
# will be started. Then it first prints Docker's proxy, which the job uses too.
hold)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  if [ "${1-}" = start ]; then
    refuse_moved
    docker_proxy | head -c 8192
  fi
  echo held
  bounded cat >/dev/null
  exit 0
  ;;

# Runs the set-up script from stdin. $1: the SSH user. The set-up is for the whole host, so projects take
# turns.
setup)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  whole_stdin
  script=$dir/.setup.$$
  trap 'rm -f "$script"' EXIT
  # It may hold a proxy's password.
  (umask 077 && cat >"$script") || die "$FAILED" "cannot store the set-up script"
  # The script does not get the lock's descriptor: a daemon that it starts would hold the lock for ever.
  exec 8>>"$base/.setup-lock"
  flock -w "$seconds" 8 || die "$BUSY" "another set-up holds $base/.setup-lock"
  bounded sh "$script" run "$1" </dev/null >"$dir/setup.log" 2>&1 8>&- 9>&- || {
    code=$?
    tail -n 20 "$dir/setup.log" >&2
    say_where_full >&2
    case $code in 124 | 137) exit "$TIMED_OUT" ;; *) exit "$SETUP" ;; esac
  }
  ;;

# Called when a new connection works with the new firewall. Cancels the roll-back.
confirm-firewall)
  lock || die "$FENCED" "nobody claimed $dir"
  check_fence
  if [ -e "$base/.firewall/unconfirmed" ]; then
    mv -f "$base/.firewall/pending.nft" "$base/.firewall/confirmed.nft" && rm -f "$base/.firewall/unconfirmed" ||
      die "$FAILED" "cannot confirm the firewall"
    nft -s list table inet jtel | sha256sum >"$base/.firewall/live"
  elif [ ! -e "$base/.firewall/confirmed.nft" ]; then
    die "$SETUP" "the firewall was taken back already"
  fi
  ;;

*) die "$USAGE" "no such verb: $verb" ;;
esac
