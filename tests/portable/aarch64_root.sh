#!/usr/bin/env bash
# aarch64_root.sh FOLDER PACKAGE…: unpacks these Debian packages for 64-bit ARM into FOLDER, unless they are there.
# Nothing is installed and the machine's own apt is left as it is: lists and archives are kept in the folder as well.
set -euo pipefail

folder=$1
shift
packages=("$@")
[[ -f $folder/complete && $(<"$folder/complete") == "${packages[*]}" ]] && exit 0

rm -rf "$folder"
mkdir -p "$folder"/apt/{lists/partial,archives/partial}
folder=$(cd "$folder" && pwd)
apt=(apt-get -qq -o APT::Architectures=arm64 -o APT::Architecture=arm64 -o APT::Sandbox::User=
     -o Dir::State::Lists="$folder/apt/lists" -o Dir::State::status=/dev/null
     -o Dir::Cache="$folder/apt" -o Dir::Cache::archives="$folder/apt/archives")
"${apt[@]}" update >&2
(cd "$folder/apt/archives" && "${apt[@]}" download "${packages[@]}" >&2)
for archive in "$folder"/apt/archives/*.deb; do
  dpkg-deb -x "$archive" "$folder"
done
rm -r "$folder/apt"
printf '%s\n' "${packages[*]}" >"$folder/complete"
