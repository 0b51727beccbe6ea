#!/usr/bin/env python3
"""secrets.py LAB FILE...: looks in files for every secret of the lab whose directory is LAB, in every form in which it could have got there:
passwords, HA1s and the client secret (LAB/secrets), the HA1s that the passwords make, the tokens that were given (LAB/tokens), the Basic
header that fetched them; plain, in Latin-1, base64 at any offset, hex, percent-encoded, and as JSON, SQL and a quoted-string write it. Also
for the answers themselves: they are secrets too, since a password can be guessed from one.

Prints each find, never the secret, and exits with 1; prints the number of secrets and exits with 0 when there is none."""
import base64
import hashlib
import json
import pathlib
import re
import sys
import urllib.parse

SHORTEST = 8  # bytes; less would be found by chance
HASHES = ('md5', 'sha256', 'sha512_256')
ANSWER = re.compile(rb'\b(?:response|rspauth)="[0-9a-f]{16,}"')


def trunks(text):
    """The text values of each trunk in a configuration as the lab writes it."""
    for block in text.split('\n  - ')[1:]:
        pairs = re.findall(r'^ *(\w+): "((?:[^"\\]|\\.)*)"$', block, re.MULTILINE)
        yield {key: re.sub(r'\\(.)', r'\1', value) for key, value in pairs} | dict(re.findall(r'(password|ha1): \{file: "(.*)"\}', block))


def secrets_of(lab):
    """Name and bytes of each secret."""
    for path in sorted((lab / 'secrets').iterdir()):
        yield path.name, path.read_bytes().rstrip(b'\n')
    for n, token in enumerate((lab / 'tokens').read_text().split()):
        yield f'token {n + 1}', token.encode()
    text = (lab / 'trunkauditd.yaml').read_text()
    client = re.search(r'client_id: "(.*)"', text)
    if client:
        secret = (lab / 'secrets' / 'client_secret').read_bytes()
        yield 'basic credentials', client[1].encode() + b':' + secret
    for trunk in trunks(text):
        if 'password' in trunk and 'realm' in trunk:
            a1 = [trunk['username'].encode(), trunk['realm'].encode(), pathlib.Path(trunk['password']).read_bytes()]
            for name in HASHES:
                yield f'{name} HA1 of {trunk["name"]}', hashlib.new(name, b':'.join(a1)).digest()


def base64_forms(data):
    """What remains of it in base64 whatever stands before and behind it."""
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + data)
        end = len(text) if (offset + len(data)) % 3 == 0 else len(text.rstrip(b'=')) - 1
        inner = text[(0, 2, 3)[offset]:end]
        yield 'base64', inner
        yield 'base64url', inner.replace(b'+', b'-').replace(b'/', b'_')


def forms(data):
    yield 'plain', data
    yield 'hex', data.hex().encode()
    yield 'hex', data.hex().upper().encode()
    yield from base64_forms(data)
    percent = urllib.parse.quote_from_bytes(data, safe='').encode()
    yield 'percent-encoded', percent
    yield 'percent-encoded', re.sub(rb'%..', lambda m: m[0].lower(), percent)
    yield 'percent-encoded', urllib.parse.quote_from_bytes(data).encode()
    yield 'a quoted-string', re.sub(rb'(["\\])', rb'\\\1', data)
    yield 'SQL', data.replace(b"'", b"''")
    try:
        text = data.decode()
        yield 'JSON', json.dumps(text)[1:-1].encode()
        yield 'JSON', json.dumps(text, ensure_ascii=False)[1:-1].encode()
        yield 'Latin-1', text.encode('latin-1')
    except UnicodeError:
        pass


def main():
    lab, files = pathlib.Path(sys.argv[1]), sys.argv[2:]
    secrets = {data: name for name, data in secrets_of(lab) if len(data) >= SHORTEST}
    wanted = {}
    for data, name in secrets.items():
        for how, form in forms(data):
            wanted.setdefault(form, (name, how))
    found = set()
    for file in files:
        content = pathlib.Path(file).read_bytes()
        found |= {f'{name} as {how} in {pathlib.Path(file).name}' for form, (name, how) in wanted.items() if form in content}
        answer = ANSWER.search(content)
        if answer:
            found.add(f'an answer in {pathlib.Path(file).name}: {answer[0][:20].decode()}…')
    print('\n'.join(sorted(found)) or f'{len(secrets)} secrets, {len(files)} files')
    sys.exit(1 if found else 0)


main()
