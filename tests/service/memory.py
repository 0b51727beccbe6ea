#!/usr/bin/env python3
"""memory.py PID FILE: looks in the memory of a process for each line of FILE. Prints where each find is, never the line, and exits with 1;
prints how many bytes it looked at and exits with 0 when there is none. Needs root."""
import re
import sys

LARGEST = 1 << 30  # bytes of a mapping; those of a sanitizer's shadow hold no texts

pid, name = sys.argv[1:]
wanted = {line for line in open(name, 'rb').read().split(b'\n') if line}
if not wanted:
    sys.exit(f'{name} is empty')
finds = looked = 0
with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as memory:
    for line in maps:
        first, last, readable, what = re.match(r'([0-9a-f]+)-([0-9a-f]+) (.)\S+ \S+ \S+ \S+ *(.*)', line).groups()
        size = int(last, 16) - int(first, 16)
        if readable != 'r' or what in ('[vvar]', '[vsyscall]') or size > LARGEST:
            continue
        memory.seek(int(first, 16))
        try:
            data = memory.read(size)
        except OSError:  # beyond the end of a mapped file
            continue
        looked += len(data)
        for n, text in enumerate(sorted(wanted)):
            for find in re.finditer(re.escape(text), data):
                print(f'line {n + 1} at {int(first, 16) + find.start():x} {what}')
                finds += 1
print(f'{looked} bytes')
sys.exit(finds > 0)
