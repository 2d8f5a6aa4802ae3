#!/bin/bash
# Health check of the Node stand-ins: the service's own answer. Bash's sockets instead of another Node process: it runs
# every few seconds in every container.
set -euo pipefail

http() {
  exec 3<> "/dev/tcp/127.0.0.1/$1"
  printf 'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  local status headers=yes line body=
  IFS= read -r -t 4 status <&3
  while IFS= read -r -t 4 line <&3 || [ -n "$line" ]; do
    [ $headers = no ] && body+=$line
    [ "$line" = $'\r' ] && headers=no
  done
  printf '%s\n' "$body"
  [[ $status == *" 200 "* ]]
}

sip() {
  local id="health-$$-$RANDOM" line
  exec 3<> "/dev/udp/127.0.0.1/$1"
  printf '%s\r\n' "OPTIONS sip:health@127.0.0.1:$1 SIP/2.0" "Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK$id" \
    "From: <sip:health@127.0.0.1>;tag=$id" "To: <sip:health@127.0.0.1>" "Call-ID: $id" "CSeq: 1 OPTIONS" \
    "Max-Forwards: 1" "Content-Length: 0" "" > /dev/shm/options.$$
  cat /dev/shm/options.$$ >&3
  rm -f /dev/shm/options.$$
  # One read for the datagram: what a read leaves of it is lost, and Bash's own reads byte by byte.
  line=$(timeout 4 head -c 11 <&3)
  printf '%s\n' "$line"
  [ "$line" = "SIP/2.0 200" ]
}

case $JTEL_SERVICE in
  task-runner) http 8090 ;;
  web) http 8080 ;;
  tel1) http 8091 ;;
  fs1) sip "${JTEL_SIP_PORT:-5060}" ;;
  *) echo "no health check for $JTEL_SERVICE"; exit 1 ;;
esac
