#!/bin/sh
# Makes a small Debian root file system and writes it to stdout as a tar archive. Runs as root.
# Usage: build.sh SUITE MIRROR WORK-DIRECTORY; the directory holds sources.list, apt.conf and certificates.
set -eu
suite=$1 mirror=$2 work=$3
root=$work/root

# $work may lie on a file system mounted nodev or noexec (/tmp often is); debootstrap says so itself and ends.
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >&2

cp "$work/sources.list" "$root/etc/apt/sources.list"
cp "$work/apt.conf" "$root/etc/apt/apt.conf.d/90-sandbox"
for certificate in "$work"/certificates/*.crt; do
	[ -e "$certificate" ] || continue
	cp "$certificate" "$root/usr/local/share/ca-certificates/"
done
chroot "$root" update-ca-certificates >&2

# No documentation, no translations, now and in the images built on this one.
cat >"$root/etc/dpkg/dpkg.cfg.d/90-sandbox" <<'EOF'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
EOF
# Packages must not start services while an image is built.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

find "$root/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/locale/* "$root"/usr/share/lintian/* \
	"$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/* "$root"/tmp/*
# Every container gets its own.
: >"$root/etc/machine-id"

tar -C "$root" --numeric-owner --one-file-system -c .
