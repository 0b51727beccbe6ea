#!/bin/sh
# explain.sh [BUILD] [ROUNDS]: how many hypotheses `trunkaudit explain` tries in a CPU second, beside the bare hash rate of the same run.
# Nothing here passes or fails by time.
set -eu
build=${1:-build}
rounds=${2:-5}
make --no-print-directory -s BUILD="$build" "$build/libcommon.a" >&2
mkdir -p "$build/bench"
# shellcheck disable=SC2046 # the words are flags
cc -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow -Wconversion -I. -o "$build/bench/explain_bench" tests/bench/explain_bench.c \
	"$build/libcommon.a" $(pkg-config --cflags --libs libcrypto)
exec "$build/bench/explain_bench" "$rounds"
