#!/bin/bash
# Healthy: HAProxy answers and at least one web server behind it is up (its monitor page says 503 otherwise).
set -euo pipefail
exec 3<> /dev/tcp/127.0.0.1/8404
printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
IFS= read -r -t 4 status <&3
printf '%s\n' "$status"
[[ $status == *" 200 "* ]]
