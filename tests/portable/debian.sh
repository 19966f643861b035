#!/usr/bin/env bash
# debian.sh SUITE FOLDER [ARG…]: what a newcomer does on a fresh Debian of that name (bookworm, trixie), as root: in
# FOLDER, which debootstrap fills from the archive that this machine's apt uses, `./run train` and `./run test ARG…`.
set -euo pipefail

suite=$1 folder=$2
shift 2
if [[ ! -f $folder/complete ]]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
  [[ $mirror ]] || { echo "debian.sh: apt's sources name no archive of Debian" >&2; exit 3; }
  rm -rf "$folder"
  mkdir -p "$folder"
  debootstrap --variant=minbase "$suite" "$folder" "$mirror" >&2
  touch "$folder/complete"
fi

# The sources as they are here; what was built there before is kept.
mkdir -p "$folder/gradus"
find "$folder/gradus" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
tar -C "$(dirname "$0")/../.." --exclude=./build --exclude=./runs --exclude=./.git -c . | tar -x -C "$folder/gradus"

# In a space of mounts of its own, so that nothing stays mounted.
exec unshare --mount bash -c '
  mount -t proc proc "$0/proc" || echo "debian.sh: going on without /proc" >&2
  exec chroot "$0" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" bash -euc "
    cd /gradus
    ./run train --epochs 1
    ./run test \"\$@\"" run "$@"' "$folder" "$@"
