#!/usr/bin/env bash
# Prints the path of a Python with Debian's python3-cryptography, and installs that when it is missing and can be.
set -euo pipefail
python=/usr/bin/python3
has() { "$python" -c 'import cryptography' 2>/dev/null; }
if ! has; then
  export DEBIAN_FRONTEND=noninteractive
  { apt-get install -y -qq python3-cryptography || { apt-get update -qq && apt-get install -y -qq python3-cryptography; }; } >&2
fi
has && echo "$python"
