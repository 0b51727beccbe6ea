#!/bin/sh
# run.sh BUILD answer|explain [OPTIONS of the .py]: random cases through libcommon.a, judged by an implementation in another language.
# answer: challenges that are answered; explain: answers with mistakes that are named, some by the command line.
set -eu
cd "$(dirname "$0")/../.."
build=${1:?usage: $0 BUILD answer|explain [--cases N] [--seed S] [--only I]}
name=${2:?usage: $0 BUILD answer|explain [--cases N] [--seed S] [--only I]}
shift 2
mkdir -p "$build/tests/property"
driver=$build/tests/property/$name
# shellcheck disable=SC2046,SC2086 # flags are lists
${CC:-cc} -std=c17 -D_GNU_SOURCE -I. ${CFLAGS:--O1 -g} -o "$driver" "tests/property/$name.c" "$build/libcommon.a" \
	$(pkg-config --cflags --libs libcrypto)
[ "$name" != explain ] || set -- "$build/trunkaudit" "$@"
export PYTHONDONTWRITEBYTECODE=1 # answer.py is read by explain.py
exec python3 "tests/property/$name.py" "$driver" "$@"
