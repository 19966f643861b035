#!/usr/bin/env bash
# check.sh [--all | --fix]: what is read and not run. Layout (clang-format), spelling (codespell), the API reference
# (Doxygen) and clang-tidy, which takes seconds a file and so looks at what changed most within a day; --all: at all.
# --fix lays out the files instead. Run in the repository; compile commands in build/check, by Clang.
set -uo pipefail

failed=()
step() {  # step NAME COMMAND…
  printf 'check: %s\n' "$1" >&2
  "${@:2}" || failed+=("$1")
}

mapfile -t sources < <(git ls-files '*.h' '*.cpp')
if [[ ${1:-} == --fix ]]; then
  exec clang-format-19 -i "${sources[@]}"
fi

layout() { printf '%s\0' "${sources[@]}" | xargs -0 -P "$(nproc)" -n 50 clang-format-19 --dry-run --Werror; }
spelling() {
  git ls-files | grep -vE '\.(safetensors|png|svg|csv)$' |
    xargs codespell --ignore-words tests/check/words.txt
}
reference() { mkdir -p build && doxygen tests/check/Doxyfile; }

# Files that are compiled for other machines, with other libraries or a header made beforehand, or not to compile, are
# left out, and deleted ones. Of many changes those of most lines are looked at, the first dozen: some minute.
tidy() {
  local base file most=12 chosen files=()
  if [[ ${1:-} != --all ]] && base=$(git rev-list -1 --before='1 day ago' HEAD) && [[ $base ]]; then
    mapfile -t chosen < <(git diff --numstat "$base" -- '*.h' '*.cpp' | sort -nr | cut -f3)
  else
    chosen=("${sources[@]}") most=${#sources[@]}
  fi
  for file in "${chosen[@]}"; do
    [[ ! -f $file || $file =~ /compile_fail/|^tests/outside/|^bench/|^models/study/ ]] || files+=("$file")
  done
  printf '%s\0' "${files[@]:0:most}" |
    xargs -0 -r -P "$(nproc)" -n 1 clang-tidy-19 -p build/check --quiet --warnings-as-errors='*' 2>&1 |
    { grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed |^Use -header-filter|^$' || true; }
}

step layout layout
step spelling spelling
step reference reference
step clang-tidy tidy "$@"
if ((${#failed[@]})); then
  printf 'check: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
