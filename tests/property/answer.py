#!/usr/bin/env python3
"""answer.py DRIVER [--cases N] [--seed S] [--only I]: random challenges, answered by the product, verified by this file.

The verifier is a registrar's side of RFC 7616 and RFC 3261 section 22 of its own: it knows what it put into the challenge, reads the
Authorization value with a grammar of its own and computes the response with Python's hashes. What no client may answer must be refused.
Each case depends on the seed and its number only: a failure prints how to repeat it."""
import argparse
import hashlib
import random
import re
import subprocess
import sys

SHOWN = 3  # failures printed for each property
ECHO_MAX = 1024  # bytes of realm, nonce and opaque that a client is expected to echo
PARAMETERS_MAX = 32

# -- digest ---------------------------------------------------------------------------------------------------------------

HASHES = {'MD5': 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512_256'}
ALGORITHMS = [name + suffix for name in HASHES for suffix in ('', '-sess')]


def hash_hex(algorithm, data):
    name = algorithm[:-5] if algorithm.endswith('-sess') else algorithm
    return hashlib.new(HASHES[name], data).hexdigest().encode()


def first_a1(algorithm, username, realm, password):
    return hash_hex(algorithm, b':'.join((username, realm, password)))


def request_digest(algorithm, ha1, nonce, method, uri, qop, nc, cnonce, body):
    """RFC 7616 section 3.4.1; RFC 2069 without qop. With an empty method it is what a server proves itself with."""
    if algorithm.endswith('-sess'):
        ha1 = hash_hex(algorithm, b':'.join((ha1, nonce, cnonce)))
    a2 = [method, uri]
    if qop == 'auth-int':
        a2.append(hash_hex(algorithm, body))
    ha2 = hash_hex(algorithm, b':'.join(a2))
    if qop == 'none':
        return hash_hex(algorithm, b':'.join((ha1, nonce, ha2)))
    return hash_hex(algorithm, b':'.join((ha1, nonce, nc, cnonce, qop.encode(), ha2)))


def published():
    """Whether this verifier agrees with the examples of FIPS 180-4, RFC 2617 and RFC 7616 (errata 4495 and 4897)."""
    if hash_hex('SHA-512-256', b'abc') != b'53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23':
        return False
    mufasa = (b'Mufasa', b'testrealm@host.com', b'Circle Of Life')
    found = request_digest('MD5', first_a1('MD5', *mufasa), b'dcd98b7102dd2f0e8b11d0f600bfb0c093', b'GET', b'/dir/index.html', 'auth',
                           b'00000001', b'0a4f113b', b'')
    if found != b'6629fae49393a05397450978507c4ef1':
        return False
    mufasa = (b'Mufasa', b'http-auth@example.org', b'Circle of Life')
    for algorithm, expected in (('MD5', b'8ca523f5e9506fed4657c9700eebdbec'),
                                ('SHA-256', b'753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1')):
        found = request_digest(algorithm, first_a1(algorithm, *mufasa), b'7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v', b'GET',
                               b'/dir/index.html', 'auth', b'00000001', b'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', b'')
        if found != expected:
            return False
    doe = ('J\u00e4s\u00f8n Doe'.encode(), b'api@example.org', b'Secret, or not?')
    found = request_digest('SHA-512-256', first_a1('SHA-512-256', *doe), b'5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK', b'GET',
                           b'/doe.json', 'auth', b'00000001', b'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v', b'')
    return found == b'3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5'


# -- random challenges ------------------------------------------------------------------------------------------------------

ALNUM = b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
PLAIN = ALNUM + b'-._~!*+/=:;@$&?%'  # what goes without quotes in a tolerant reader
PRINTABLE = bytes(range(32, 127))
ANY = PRINTABLE + bytes(range(128, 256))
TRICKY = ['', ' ', ',', '=', ':', '"', '\\', '\\\\', '\\"', 'a,b', 'a", nonce="b', ', realm=', '%s%n', 'sip:a@b', "'", '=?', 'r\u00e9alm',
          '\u043f\u0430\u0440\u043e\u043b\u044c', '\u65e5\u672c', '\U0001f511', 'e\u0301']
UNKNOWN_ALGORITHMS = [b'SHA-512', b'SHA-1', b'MD5-', b'MD5-sess-', b'MD', b'AKAv1-MD5', b'SHA256', b'SHA-512-25', b'token', b'MD5,SHA-256']
UNKNOWN_QOPS = ['auth-conf', 'authx', 'aut', 'auth-', 'auth-intx', 'xauth', 'token', '*']
UNKNOWN_NAMES = [b'x', b'realms', b'xnonce', b'auth-param', b'nextnonce', b'response', b'uri', b'nc', b'username', b'cnonce', b"!'%*"]
KNOWN_NAMES = [b'realm', b'nonce', b'opaque']
# A client that lets one of these through would send back what cannot be sent, or answer what was not asked.
BREAKS = ['no realm', 'no nonce', 'two realms', 'two nonces', 'no comma', 'open quote', 'control', 'no equals', 'no name', 'unquoted quote',
          'unquoted backslash', 'scheme', 'no scheme', 'scheme not ended', 'too long', 'too many', 'algorithm']


def some(r, alphabet, low, high):
    return bytes(r.choices(alphabet, k=r.randint(low, high)))


def any_text(r):
    """Octets without control characters."""
    kind = r.randrange(8)
    if kind == 0:
        return r.choice(TRICKY).encode()
    if kind == 1:
        return b''.join(r.choice(TRICKY).encode() for _ in range(r.randint(2, 6)))
    if kind == 2:
        return some(r, ANY, 0, 40)
    if kind == 3:
        return some(r, b'\\", ab', 1, 12)
    if kind == 4:
        return some(r, PRINTABLE, 0, 200)
    return some(r, PLAIN, 1, 40)


def mixed_case(r, text):
    kind = r.randrange(4)
    if kind == 0:
        return text.lower()
    if kind == 1:
        return text.upper()
    if kind == 2:
        return bytes(c ^ 32 if 65 <= c & 223 <= 90 and r.randrange(2) else c for c in text)
    return text


def space(r):
    return b'' if r.randrange(4) else r.choice([b' ', b'  ', b'\t', b'\r\n ', b'\n\t'])


def quoted(r, value):
    """The inside of a quoted-string: quotes and backslashes escaped, at times also what needs no escape."""
    needless = r.randrange(6) == 0
    return b''.join(b'\\' + bytes([c]) if c in b'"\\' or (needless and c < 128 and r.randrange(3) == 0) else bytes([c]) for c in value)


def is_plain(value):
    return value != b'' and all(c in PLAIN for c in value)


class Case:
    """A challenge with what its maker knows of it, the credentials, and the request it is about."""

    def __init__(self, r):
        self.broken = r.choice(BREAKS) if r.randrange(8) == 0 else None
        self.cannot = self.broken
        self.realm, self.nonce = any_text(r), any_text(r)
        self.opaque = r.choice([None, b'', any_text(r), any_text(r)])
        self.algorithm = r.choice(ALGORITHMS)
        self.algorithm_word = mixed_case(r, self.algorithm.encode())
        if self.broken == 'algorithm':
            self.algorithm_word = r.choice(UNKNOWN_ALGORITHMS)
        elif self.algorithm == 'MD5' and r.randrange(2):
            self.algorithm_word = None
        self.userhash = r.choice([None, None, None, False, True])
        self.make_qop(r)
        self.make_credentials(r)
        self.echoed = 0
        self.challenge = self.write(r)
        self.make_proof(r)

    def make_qop(self, r):
        self.offered = None
        if r.randrange(4):
            words = ['auth'] * r.randrange(2) + ['auth-int'] * r.randrange(2) + r.sample(UNKNOWN_QOPS, r.choice([0, 0, 0, 1, 2]))
            r.shuffle(words)
            self.offered = words
        known = [q for q in self.offered or [] if q in ('auth', 'auth-int')]
        self.qop = r.choice(known) if known and r.randrange(8) else r.choice(['none', 'none', 'auth', 'auth-int'])
        if self.qop != 'none' and self.qop not in known:
            self.cannot = self.cannot or 'qop'
        if self.qop == 'none' and self.algorithm.endswith('-sess'):
            self.cannot = self.cannot or 'session'

    def make_credentials(self, r):
        self.username = any_text(r) if r.randrange(16) else some(r, ANY, 100, 400)
        self.password = any_text(r)
        self.ha1 = None
        if r.randrange(3) == 0:
            self.ha1 = first_a1(self.algorithm, self.username, self.realm, self.password)
            if r.randrange(16) == 0:
                self.ha1 = self.ha1[:-1] if r.randrange(2) else self.ha1 + b'0'
                self.cannot = self.cannot or 'HA1'
        self.method = r.choice([b'REGISTER', b'OPTIONS', some(r, ALNUM, 1, 12)])
        self.uri = r.choice([b'sip:carrier.example', b'sip:[2001:db8::1]:5061;transport=tls', b'sips:h?a=b&c=d', b'sip:' + some(r, PLAIN, 1, 60)])
        self.nc = b'%08x' % r.choice([1, 1, 1, 2, 10, 0xabcdef, r.randrange(1, 1 << 32)])
        self.cnonce = some(r, ALNUM + b'+/=', 8, 48)
        self.body = r.choice([b'', b'', any_text(r), some(r, bytes(range(256)), 0, 300)])

    def make_proof(self, r):
        """The Authentication-Info of a server that knows the secret, or of one that only pretends."""
        self.proof = r.choice(['right', 'right', 'wrong', 'wrong', 'absent'])
        self.info = self.info_body = None
        if self.cannot or (self.proof == 'absent' and r.randrange(2)):
            self.proof = 'absent'
            return
        self.info_body = r.choice([b'', some(r, bytes(range(256)), 0, 100)])
        right = self.digest(b'', self.info_body)
        value = right
        if self.proof == 'wrong':
            wrong = [b'', right[:-1], right + b'0', b'0' * len(right), self.digest(self.method, self.info_body),
                     self.digest(b'', self.info_body, password=self.password + b'x')]
            at = r.randrange(len(right))
            wrong.append(right[:at] + (b'1' if right[at:at + 1] == b'0' else b'0') + right[at + 1:])
            value = r.choice([w for w in wrong if w != right])
        parts = [(b'nextnonce', any_text(r)), (b'xrspauth', right), (b'note', b'rspauth="' + right + b'"')]
        if self.qop != 'none':
            parts += [(b'qop', self.qop.encode()), (b'nc', self.nc), (b'cnonce', self.cnonce)]
        parts = r.sample(parts, r.randint(0, len(parts)))
        if self.proof != 'absent':
            parts.append((b'rspauth', value))
        r.shuffle(parts)
        self.info = self.join(r, [self.parameter(r, mixed_case(r, n), v, has_word=n == b'rspauth') for n, v in parts])

    def digest(self, method, body, password=None):
        ha1 = first_a1(self.algorithm, self.username, self.realm, self.password if password is None else password)
        return request_digest(self.algorithm, ha1, self.nonce, method, self.uri, self.qop, self.nc, self.cnonce, body)

    # -- writing the challenge

    def parameter(self, r, name, value, needs_quotes=False, has_word=False):
        if not needs_quotes and is_plain(value) and r.randrange(3) == 0:
            inside = text = value
        else:
            inside = value if has_word else quoted(r, value)
            text = b'"' + inside + b'"'
        if name.lower() in KNOWN_NAMES:
            self.echoed += len(inside)
        return name + space(r) + b'=' + space(r) + text

    @staticmethod
    def join(r, parts):
        empty = b',' if r.randrange(16) == 0 and len(parts) < PARAMETERS_MAX else b''
        between = [space(r) + b',' + (empty or r.choice([b' ', b' ', b'', space(r)])) for _ in parts]
        return b''.join(p + b for p, b in zip(parts, between[:-1] + [empty + space(r)]))

    def write(self, r):
        def known(name, value, **how):
            return self.parameter(r, mixed_case(r, name), value, **how)

        parts = []
        if self.broken != 'no realm':
            parts.append(known(b'realm', self.realm))
        if self.opaque is not None:
            parts.append(known(b'opaque', self.opaque))
        is_long = self.broken == 'too long' or r.randrange(64) == 0
        if is_long:  # exactly what may be echoed, or one byte more
            size = ECHO_MAX - self.echoed + (self.broken == 'too long')
            self.nonce = some(r, ALNUM, size, size)
        if self.broken != 'no nonce':
            parts.append(known(b'nonce', self.nonce, has_word=is_long))
        if self.broken == 'two realms':
            parts.append(known(b'realm', any_text(r)))
        if self.broken == 'two nonces':
            parts.append(known(b'nonce', any_text(r)))
        if self.algorithm_word is not None:
            parts.append(known(b'algorithm', self.algorithm_word, needs_quotes=b',' in self.algorithm_word, has_word=True))
        if self.offered is not None:
            comma = r.choice([b',', b', ', b' , ', b',  '])
            words = comma.join(mixed_case(r, w.encode()) for w in self.offered)
            parts.append(known(b'qop', words, has_word=True))
        if self.userhash is not None:
            parts.append(known(b'userhash', mixed_case(r, b'true' if self.userhash else b'false'), has_word=True))
        for name, values in ((b'stale', [b'true', b'false', b'maybe']), (b'charset', [b'UTF-8', b'ISO-8859-1']),
                             (b'domain', [b'sip:a sip:b', b''])):
            if r.randrange(4) == 0:
                parts.append(known(name, mixed_case(r, r.choice(values)), has_word=True))
        for _ in range(r.choice([0, 0, 0, 1, 3])):
            parts.append(known(r.choice(UNKNOWN_NAMES), any_text(r)))
        full = PARAMETERS_MAX if r.randrange(64) == 0 else 0
        if self.broken == 'too many':
            full = r.randint(PARAMETERS_MAX + 1, PARAMETERS_MAX + 20)
        while len(parts) < full:
            parts.append(b'x=y')
        r.shuffle(parts)
        return self.scheme(r) + self.join_broken(r, parts)

    def scheme(self, r):
        if self.broken == 'scheme':
            return r.choice([b'Basic ', b'Bearer ', b'NTLM ', b'Digests ', b'Diges ', b'X-Digest '])
        if self.broken == 'no scheme':
            return r.choice([b'', b'="" ', b'"Digest" '])
        if self.broken == 'scheme not ended':
            return r.choice([b'Digest, ', b'Digest=', b'Digest"'])
        return space(r) + mixed_case(r, b'Digest') + r.choice([b' ', b' ', b'\t', b'  ', b'\r\n '])

    def join_broken(self, r, parts):
        at = r.randint(0, len(parts))
        extra = {
            'no equals': r.choice([b'x', b'realm "a"', b'"x"']),
            'no name': r.choice([b'="x"', b'=', b'@=x', b'\xc3\xa9="x"', b'{a}=b']),
            'unquoted quote': r.choice([b'x=a"', b'x=a"b"', b'x=a"b']),
            'unquoted backslash': r.choice([b'x=\\', b'x=a\\b']),
            'control': b'x="' + some(r, ANY.replace(b'"', b'').replace(b'\\', b''), 0, 5) + r.choice([b'\0', b'\n', b'\r\n', b'\x7f', b'\x1b']) + b'"',
            'no comma': b'x="y"' + r.choice([b' ', b'\t', b'']) + b'z="y"',
        }.get(self.broken)
        if extra is not None:
            parts.insert(at, extra)
        whole = self.join(r, parts)
        if self.broken == 'open quote':
            whole += b',x="' + r.choice([b'', b'abc', b'abc\\', b'abc\\"'])
        return whole

    def record(self):
        fields = (self.challenge, self.username, None if self.ha1 else self.password, self.ha1, self.method, self.uri, self.qop.encode(),
                  self.nc, self.cnonce, self.body, self.info or b'', self.info_body or b'')
        return b' '.join(b'-' if f is None else b'x' + f.hex().encode() for f in fields) + b'\n'


# -- reading the answer -----------------------------------------------------------------------------------------------------

TOKEN = rb"[A-Za-z0-9\-.!%*_+`'~]+"
QUOTED = rb'"((?:[ !\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\x00-\x09\x0b\x0c\x0e-\x7f])*)"'
PARAMETER = re.compile(rb'(' + TOKEN + rb')=(?:' + QUOTED + rb'|(' + TOKEN + rb'))')
QUOTED_NAMES = {'username', 'realm', 'nonce', 'uri', 'response', 'opaque', 'cnonce'}
TOKEN_NAMES = {'algorithm', 'qop', 'nc', 'userhash'}


class Refused(Exception):
    def __init__(self, prop, why):
        super().__init__(why)
        self.prop = prop


def require(condition, prop, why):
    if not condition:
        raise Refused(prop, why)


def read_answer(text):
    """Name to value; the grammar of RFC 3261 section 25.1 and the quoting rules of RFC 7616 section 3.4."""
    require(text.startswith(b'Digest '), 'grammar', 'the scheme is not Digest')
    at, found = len(b'Digest '), {}
    while True:
        m = PARAMETER.match(text, at)
        require(m, 'grammar', 'no parameter at byte %d' % at)
        name, is_quoted = m.group(1).decode().lower(), m.group(2) is not None
        require(name not in found, 'grammar', name + ' is there twice')
        require(name in QUOTED_NAMES | TOKEN_NAMES, 'grammar', name + ' has no place in an answer')
        require(is_quoted == (name in QUOTED_NAMES), 'grammar', name + (' is quoted' if is_quoted else ' is not quoted'))
        found[name] = re.sub(rb'\\(.)', rb'\1', m.group(2), flags=re.DOTALL) if is_quoted else m.group(3)
        at = m.end()
        if at == len(text):
            return found
        m = re.compile(rb'[ \t]*,[ \t]*').match(text, at)
        require(m, 'grammar', 'no comma at byte %d' % at)
        at = m.end()


def verify(case, text):
    a = read_answer(text)
    for name in ('username', 'realm', 'nonce', 'uri', 'response'):
        require(name in a, 'grammar', 'there is no ' + name)
    require(a['realm'] == case.realm and a['nonce'] == case.nonce, 'echo', 'realm or nonce is not ours')
    require(a.get('opaque') == case.opaque, 'echo', 'opaque is not ours')
    word = case.algorithm_word
    require((a.get('algorithm') or b'').lower() == (word or b'').lower(), 'echo', 'algorithm is not ours')
    require(a['uri'] == case.uri, 'echo', 'uri is not that of the request')

    if case.qop == 'none':
        require(not {'qop', 'nc', 'cnonce'} & set(a), 'qop', 'qop, nc or cnonce without qop')
    else:
        require(a.get('qop') == case.qop.encode(), 'qop', 'qop is not the wanted one')
        require(re.fullmatch(rb'[0-9a-f]{8}', a.get('nc', b'')) and a['nc'] == case.nc, 'qop', 'nc')
        require(a.get('cnonce') == case.cnonce, 'qop', 'cnonce')

    if case.userhash:
        require(a.get('userhash') == b'true', 'username', 'userhash is not said')
        require(a['username'] == hash_hex(case.algorithm, case.username + b':' + case.realm), 'username', 'the userhash is wrong')
    else:
        require(a.get('userhash', b'false') == b'false' and a['username'] == case.username, 'username', 'the username is wrong')

    expected = case.digest(case.method, case.body)
    require(re.fullmatch(rb'[0-9a-f]+', a['response']), 'response', 'not lower-case hex')
    require(a['response'] == expected, 'response', 'expected ' + expected.decode())


# -- running ------------------------------------------------------------------------------------------------------------------

PROPERTIES = {
    'published': 'the verifier agrees with the published examples',
    'answered': 'what can be answered is answered',
    'refused': 'what must not be answered is refused',
    'grammar': 'every answer is read by an independent grammar, values quoted as they must be',
    'echo': 'realm, nonce, opaque, algorithm and uri come back unchanged',
    'qop': 'qop, nc and cnonce are there exactly when they must be',
    'username': 'the username, plain or hashed, is the right one',
    'response': 'the response is accepted',
    'right': 'a right rspauth is accepted',
    'wrong': 'a wrong rspauth is not accepted',
    'absent': 'an rspauth that is not there is not read out of another value',
    'every kind': 'every algorithm with every qop, and every refusal, was among the cases',
}


class Tally:
    def __init__(self):
        self.tried = dict.fromkeys(PROPERTIES, 0)
        self.failed = {p: [] for p in PROPERTIES}

    def note(self, prop, failure=None):
        self.tried[prop] += 1
        if failure is not None:
            self.failed[prop].append(failure)

    def report(self):
        bad = 0
        for prop, text in PROPERTIES.items():
            failures = self.failed[prop]
            good = not failures and self.tried[prop] > 0
            bad += not good
            print('%s - %s (%d tried%s)' % ('ok' if good else 'not ok', text, self.tried[prop], ', %d failed' % len(failures) if failures else ''))
            for failure in failures[:SHOWN]:
                print(failure)
        print('%d passed, %d failed' % (len(PROPERTIES) - bad, bad))
        return bad


def describe(case, seed, number, line, why):
    return '\n'.join('    ' + text for text in (
        '%s; repeat it with: --seed %s --only %d' % (why, seed, number),
        'challenge  %r' % case.challenge,
        'user %r, password %r, HA1 %r' % (case.username, case.password, case.ha1),
        '%s %r, qop %s, nc %s, cnonce %s, body %r' % (case.method.decode(), case.uri, case.qop, case.nc.decode(), case.cnonce.decode(), case.body),
        'proof %s %r, body %r' % (case.proof, case.info, case.info_body),
        'printed    %r' % line))


def judge(case, line, tally, tell):
    """One printed line: each property it bears on is tried once."""
    if line.startswith(b'cannot: '):
        if case.cannot:
            tally.note('refused')
        else:
            tally.note('answered', tell('not answered'))
        return
    if case.cannot:
        tally.note('refused', tell('answered in spite of: ' + case.cannot))
        return
    tally.note('answered')
    proof, _, text = line.partition(b' ')
    failed = None
    try:
        verify(case, text)
    except Refused as e:
        failed = e.prop
        tally.note(failed, tell(str(e)))
    for prop in ('grammar', 'echo', 'qop', 'username', 'response'):
        if prop == failed:
            break
        tally.note(prop)
    tally.note(case.proof, None if proof.decode() == case.proof else tell('taken for ' + proof.decode()))


def run(driver, seed, numbers):
    tally, kinds = Tally(), set()
    tally.note('published', None if published() else '    it does not')
    with subprocess.Popen([driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for number in numbers:
            case = Case(random.Random('%s/%d' % (seed, number)))
            kinds.add(case.cannot or (case.algorithm, case.qop))
            try:
                process.stdin.write(case.record())
                process.stdin.flush()
                line = process.stdout.readline()
            except BrokenPipeError:
                line = b''
            judge_line = line[:-1]
            if not line.endswith(b'\n'):
                tally.note('answered', describe(case, seed, number, line, 'the driver ended'))
                process.kill()
                break
            judge(case, judge_line, tally, lambda why: describe(case, seed, number, judge_line, why))
        else:
            process.stdin.close()
            if process.wait() != 0:
                tally.note('answered', '    the driver failed at its end')
    wanted = set(BREAKS) | {'qop', 'session', 'HA1'}
    wanted |= {(a, q) for a in ALGORITHMS for q in ('none', 'auth', 'auth-int') if q != 'none' or not a.endswith('-sess')}
    for kind in sorted(wanted - kinds, key=str):
        tally.note('every kind', '    never met: %s' % (kind,))
    tally.note('every kind')
    return tally


def main():
    parser = argparse.ArgumentParser(description='random challenges, answered by DRIVER, verified independently')
    parser.add_argument('driver')
    parser.add_argument('--cases', type=int, default=20000)
    parser.add_argument('--seed', default=str(random.SystemRandom().randrange(1 << 32)))
    parser.add_argument('--only', type=int, help='the one case to run')
    options = parser.parse_args()
    print('seed %s' % options.seed, flush=True)
    numbers = range(options.cases) if options.only is None else [options.only]
    tally = run(options.driver, options.seed, numbers)
    if options.only is None:
        return 1 if tally.report() else 0
    failures = [f for prop, failed in tally.failed.items() if prop != 'every kind' for f in failed]
    print('\n'.join(failures) or 'ok')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
