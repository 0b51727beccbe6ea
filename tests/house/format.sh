#!/bin/sh
# format.sh: every C file is as clang-format would write it (make format).
set -eu
files=$(tests/house/tracked '*.c' '*.h')
[ -n "$files" ] || { echo "format.sh: no files found"; exit 1; }
# shellcheck disable=SC2086 # no file of ours has a space in its name
clang-format --dry-run -Werror $files
