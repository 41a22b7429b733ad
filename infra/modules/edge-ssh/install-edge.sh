# Installs or upgrades the edge on this host, and waits until it is healthy. Runs as root. Arguments: the folder of the
# uploads, the id of the join token, the SHA-256 of the archive, the URL of the admin port, how many seconds to wait,
# and the URL of the archive if it was not uploaded.
uploads=$1
token_id=$2
sha256=$3
admin=$4
seconds=$5
url=${6-}
archive=$uploads/archive.tar.gz
data=/var/lib/private/skerry-edge

fail() {
  echo "install-edge: $1" >&2
  exit 1
}

if [ -n "$url" ]; then
  if command -v curl >/dev/null; then
    curl --globoff --fail --silent --show-error --location --connect-timeout 10 --speed-time 30 --speed-limit 1 \
      --retry 5 --output "$archive" "$url"
  elif command -v wget >/dev/null; then
    wget --quiet --tries 5 --timeout 30 --output-document "$archive" "$url"
  else
    fail 'the host needs curl or wget to download the archive. Install one, or give the archive as a file.'
  fi
fi
echo "$sha256  $archive" | sha256sum --check --quiet || fail 'the archive is not the one that the SHA-256 names.'

mkdir -p /etc/skerry /opt/skerry
# An edge that was installed by hand keeps its data. An imported skerry_edge has no token.
if [ -n "$token_id" ] && [ -e "$data/identity.json" ] && [ ! -e /etc/skerry/token-id ]; then
  fail "the host already runs an edge. Import it with terraform import, or stop it and delete $data."
fi

# Every archive has a folder of its own, because a release under the same version may differ.
version=$(tar -tzf "$archive" | sed -n '1s,/.*,,p')
[ -n "$version" ] || fail 'the archive is not one of a release.'
release=$version-$(echo "$sha256" | cut -c 1-12)
before=$(readlink /opt/skerry/current || true)
if [ ! -e "/opt/skerry/$release" ]; then
  rm -rf /opt/skerry/.unpacking
  mkdir /opt/skerry/.unpacking
  tar -C /opt/skerry/.unpacking -xzf "$archive" --no-same-owner
  mv "/opt/skerry/.unpacking/$version" "/opt/skerry/$release"
  rmdir /opt/skerry/.unpacking
fi

# Another token means another identity, which begins with an empty data folder.
if [ -n "$token_id" ] && [ "$(cat /etc/skerry/token-id 2>/dev/null || true)" != "$token_id" ]; then
  systemctl stop skerry-edge 2>/dev/null || true
  rm -rf "$data" /var/lib/skerry-edge
  install -m 0600 "$uploads/join-token" /etc/skerry/join-token
fi
echo "$token_id" >/etc/skerry/token-id
install -m 0600 "$uploads/edge.env" /etc/skerry/edge.env
install -D -m 0644 "$uploads/terraform.conf" /etc/systemd/system/skerry-edge.service.d/terraform.conf
rm -rf "$uploads"

ln -sfn "$release" /opt/skerry/current
mkdir -p /usr/local/bin
ln -sf /opt/skerry/current/bin/skerry /usr/local/bin/skerry
cp /opt/skerry/current/lib/systemd/system/skerry-edge.service /etc/systemd/system/
systemctl daemon-reload
systemctl enable --quiet skerry-edge

# A drained edge is not ready, but it must hold all sites.
is_healthy() {
  /opt/skerry/current/runtime/node --eval '
    const { status, waiting } = await (await fetch(`${process.argv[1]}/readyz`)).json();
    process.exit(status === "ready" || (status === "drained" && waiting.length === 0) ? 0 : 1);
  ' --input-type=module "$admin" 2>/dev/null
}

systemctl reset-failed skerry-edge 2>/dev/null || true
end=$(($(date +%s) + seconds))
# The start may fail at first, for example because the origin cannot be reached. systemd repeats it.
timeout "$seconds" systemctl restart skerry-edge 2>/dev/null || true
until [ "$(systemctl is-active skerry-edge || true)" = active ] && is_healthy; do
  if [ "$(systemctl is-failed skerry-edge || true)" = failed ] || [ "$(date +%s)" -ge "$end" ]; then
    SYSTEMD_COLORS=0 journalctl --unit skerry-edge --lines 30 --no-pager >&2 || true
    fail "the edge is not healthy with release $release (before: ${before:-none}). It stays drained."
  fi
  sleep 1
done
rm -f /etc/skerry/join-token

# The release before stays, for the way back.
for old in /opt/skerry/*-????????????; do
  [ "$old" = "/opt/skerry/$release" ] || [ "$old" = "/opt/skerry/$before" ] || rm -rf "$old"
done
