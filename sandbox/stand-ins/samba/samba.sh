#!/bin/sh
# Makes the account and serves. Volumes that are mounted below /srv belong to the account from then on.
set -eu
: "${SMB_PASSWORD:?is missing}"
sed "s/@WORM_GRACE_SECONDS@/$WORM_GRACE_SECONDS/" /etc/samba/smb.conf.in >/etc/samba/smb.conf
chown jtel:jtel /srv/plain /srv/worm
printf '%s\n%s\n' "$SMB_PASSWORD" "$SMB_PASSWORD" | smbpasswd -s -a jtel >/dev/null
exec smbd --foreground --no-process-group --debug-stdout
