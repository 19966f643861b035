#!/usr/bin/env bash
# make.sh [MNIST]: draws the pictures of README's "Your own data" anew, into this folder. MNIST is the folder of its four
# files, which are downloaded otherwise. Some ten minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")"
mnist=${1:-mnist} run=$PWD/../../../run
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT

# shown NAME COUNT OPTION…: trains, and keeps COUNT new images.
shown() {
  "$run" train --out "$runs/$1" "${@:3}"
  "$run" vae sample "$runs/$1" --count "$2" --out "$PWD/$1.png"
}

/usr/bin/python3 own_data.py "$runs"
shown fashion 30 --data fashion-mnist --network conv --epochs 4
shown photos 30 --data "$runs/photos" --size 32x32 --network conv --epochs 30 --norm batch \
  --likelihood shared-gaussian --activation relu --init fan-in --batch-size 50
shown waves 30 --data "$runs/waves.npy" --network conv --latent 8 --epochs 15
shown shapes 30 --data shapes --epochs 10
shown labels 100 --data "$mnist" --condition label --epochs 10
"$run" train --data "$runs/measured.csv" --label-column kind --condition label --hidden 50 --latent 4 \
  --epochs 100 --out "$runs/fruits"
"$run" vae sample "$runs/fruits" --count 6 --out "$PWD/fruits.csv"
