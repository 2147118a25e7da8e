#!/bin/sh
# Installs the real hosts that tests run wheels in, where apt can; says so where it cannot.
set -eu
packages=$(cat "$(dirname "$0")/apt-packages.txt")
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null; then
    echo "install-hosts: no apt-get here; tests that need$missing are skipped" >&2
    exit 0
fi
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing
