#!/bin/sh
# run.sh BUILD [OPTIONS of answer.py]: random challenges through libcommon.a, its answers verified by an implementation in another language.
set -eu
cd "$(dirname "$0")/../.."
build=${1:?usage: $0 BUILD [--cases N] [--seed S] [--only I]}
shift
mkdir -p "$build/tests/property"
# shellcheck disable=SC2046,SC2086 # flags are lists
${CC:-cc} -std=c17 -D_GNU_SOURCE -I. ${CFLAGS:--O1 -g} -o "$build/tests/property/answer" tests/property/answer.c "$build/libcommon.a" \
	$(pkg-config --cflags --libs libcrypto)
exec python3 tests/property/answer.py "$build/tests/property/answer" "$@"
