#!/bin/sh
# scripts.sh: shellcheck has nothing to say of any script.
set -eu
scripts=$(tests/house/tracked '*.sh' .ci/run tests/house/tracked)
[ -n "$scripts" ] || { echo "scripts.sh: no files found"; exit 1; }
# shellcheck disable=SC2086 # no file of ours has a space in its name
shellcheck --exclude=SC1091 $scripts
