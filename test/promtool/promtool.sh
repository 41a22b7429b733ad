#!/usr/bin/env bash
# Prints the path of promtool: the one on PATH, or that of Debian's package, unpacked into the folder $1.
# Nothing is installed: the package would start a server.
set -euo pipefail
command -v promtool && exit
mkdir -p "$1" && cd "$1"
if [ ! -x usr/bin/promtool ]; then
  apt-get download -qq prometheus >&2 || { apt-get update -qq >&2 && apt-get download -qq prometheus >&2; }
  dpkg -x prometheus_*.deb .
  rm prometheus_*.deb
fi
echo "$PWD/usr/bin/promtool"
