# Asks Docker, and finds out what a volume holds, without reading any content, and which containers run with
# another file. Used by the scripts that look at a host and that change it. Nothing here waits long: it gives up on a directory of millions after five seconds.

# Docker's client waits for ever for a daemon that hangs. So each question ends after $patience seconds. Then
# daemon_hangs, which the script that includes this has, decides what becomes of it.
docker() {
  timeout -k 5 "${patience:-6}" docker "$@"
  asked=$?
  case $asked in 124 | 137) daemon_hangs ;; esac
  return "$asked"
}

# A look goes on without Docker.
daemon_hangs() {
  :
}

# Prints "ID NAME" for each container of project $1 that runs with another file than $2/files/NAME is now, of those that list $3
# names. A container keeps the file that it was started with, also when another took its place: then the kernel calls the
# container's own deleted. That is seen from what runs, so it does not matter who died when. Only root sees it.
outdated() {
  of=$(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$1" </dev/null 2>/dev/null) && [ -n "$of" ] || return 0
  docker inspect -f '{{.Id}} {{.State.Pid}}' $of </dev/null 2>/dev/null | while read -r id pid; do
    [ -r "${proc:-/proc}/$pid/mountinfo" ] || continue
    while read -r _ _ _ from at _; do
      case $from in */"$1"/files/*//deleted) ;; *) continue ;; esac
      name=${from%//deleted}
      name=${name##*/}
      grep -qxF -e "$name" "$3" || continue
      cmp -s "$2/files/$name" "${proc:-/proc}/$pid/root$at" || printf '%s %s\n' "$id" "$name"
    done <"${proc:-/proc}/$pid/mountinfo"
  done
}

first_in() {
  timeout 5 find "$@" -print -quit 2>/dev/null
}

# What `docker volume inspect` says of the place of a volume.
where='{{with .Options}}{{.device}}{{end}}|{{.Mountpoint}}'

# Sets $place to the directory of a volume on the host; $1 is what $where says of it. Fails if nobody can look
# into it: it is mounted only while a container has it, or this user may not read it.
place_of() {
  device=${1%%|*} place=${1#*|}
  case $device in
  '') ;;
  /dev/* | [!/]*) mountpoint -q "$place" || return 1 ;;
  # A directory is mounted there. If it is on its own disk, it is empty while that disk is missing.
  *) place=$device ;;
  esac
  [ "$(id -u)" = 0 ] || [ -r "$place" ]
}

# Sets $content for volume $1: `database` (with somebody's tables), `bare` (an initialised one without),
# `data` (anything else), `marked` (only the mark of a load), `loading` (the mark of an unfinished load),
# `empty`, `missing` (there is no such volume) or `unseen` (nobody can look into it). $2: the database's
# directory in the volume, if that is known.
look_into() {
  content=missing
  place=$(docker volume inspect -f "$where" "$1" 2>/dev/null </dev/null) && look_at "$place" "${2-}"
  return 0
}

# As look_into, for a volume of which $where says $1.
look_at() {
  content=unseen
  place_of "$1" || return 0
  mark=
  for file in "$place/.jtel-data.json" "$place/.jtel-operator/marker.json"; do
    [ -f "$file" ] || continue
    mark=yes
    case $(head -c 1000 "$file") in *'"state":"loading"'*) content=loading && return 0 ;; esac
  done
  base=
  for directory in "$place${2:+/$2}" $(timeout 5 find "$place" -mindepth 1 -maxdepth 1 -type d ! -name '*[!A-Za-z0-9._-]*' 2>/dev/null | head -n 16); do
    if [ -d "$directory/mysql" ]; then base=$directory && break; fi
  done
  if [ -n "$base" ]; then
    content=bare
    tables=$(first_in "$base" -mindepth 2 -maxdepth 2 ! -path "$base/mysql/*" ! -path "$base/performance_schema/*" ! -path "$base/sys/*" \
      ! -path "$base/#*" ! -path "$base/.jtel-*" ! -path "$base/lost+found/*" ! -name db.opt)
    # A schema that is a link is elsewhere.
    [ -n "$tables" ] || tables=$(first_in "$base" -mindepth 1 -maxdepth 1 -type l)
    [ -z "$tables" ] || content=database
    return 0
  fi
  content=empty
  [ -z "$mark" ] || content=marked
  [ -z "$(first_in "$place" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name '.jtel-*')" ] || content=data
  return 0
}
