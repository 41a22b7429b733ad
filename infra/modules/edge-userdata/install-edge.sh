# Installs a release and starts the edge. Run it with `sh -eu`: it ends at the first command that fails. The arguments
# are triples: an architecture, the URL of its archive, and the SHA-256 of the archive.
case $(uname -m) in
  x86_64) here=x64 ;;
  aarch64) here=arm64 ;;
  *) here=$(uname -m) ;;
esac
while [ "$#" -gt 0 ] && [ "$1" != "$here" ]; do shift 3; done
if [ "$#" -eq 0 ]; then
  echo "The release has no archive for $here." >&2
  exit 1
fi
url=$2
sha256=$3

mkdir -p /opt/skerry
cd /opt/skerry
# The network may come up later than this script.
tries=60
until curl --globoff --fail --silent --show-error --location --connect-timeout 10 --speed-time 30 --speed-limit 1 \
  --output archive.tar.gz "$url"; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || exit 1
  sleep 5
done
echo "$sha256  archive.tar.gz" | sha256sum --check --quiet

version=$(tar -tzf archive.tar.gz | sed -n '1s,/.*,,p')
tar -xzf archive.tar.gz --no-same-owner
rm archive.tar.gz
ln -sfn "$version" current
ln -sf /opt/skerry/current/bin/skerry /usr/local/bin/skerry
cp current/lib/systemd/system/skerry-edge.service /etc/systemd/system/
systemctl daemon-reload

systemctl enable skerry-edge
# This start fails if the origin cannot be reached yet. systemd repeats it, and this script waits for ten minutes.
systemctl start skerry-edge || true
state=activating
seconds=600
while [ "$state" = activating ] && [ "$seconds" -gt 0 ]; do
  state=$(systemctl is-active skerry-edge || true)
  seconds=$((seconds - 1))
  sleep 1
done
[ "$state" = active ] && exit
systemctl status --no-pager skerry-edge >&2 || true
exit 1
