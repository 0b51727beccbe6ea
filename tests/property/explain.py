#!/usr/bin/env python3
"""explain.py DRIVER [TRUNKAUDIT] [--cases N] [--seed S] [--only I]: answers with mistakes in them, explained by the product.

Each case is a random challenge, request and credentials. An answer is made with one or two of the mistakes listed here, by Python's hashes
and a writer of its own, and the product must name exactly those. Two mistakes may give the same bytes (a password of six letters cut at
six is the password itself; a username in lower case may be the same as one without blanks). So what was named counts as exact also when
the mistakes of those names, as this file makes them, give the very same header value, and are not more than were made: the class is
computed from the bytes alone. A right answer must be found right, and one made with another password must stay unexplained."""
import argparse
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile

from answer import ALGORITHMS, ALNUM, HASHES, hash_hex, some

SHARE_MIN = 0.999  # of single mistakes that must be named exactly
SHOWN = 5
LENGTHS = [8, 10, 12, 15, 16, 20, 24, 31, 32, 40, 63, 64, 127, 128, 255]
METHODS = [b'REGISTER', b'INVITE', b'OPTIONS', b'ACK', b'BYE', b'CANCEL', b'PRACK', b'UPDATE', b'SUBSCRIBE', b'MESSAGE']
VARIABLE = re.compile(rb'\$(?:\{[A-Za-z_]\w*\}|[A-Za-z_]\w*|[0-9])', re.ASCII)
ACCENTS = [('\u00e9', 'e\u0301'), ('\u00e4', 'a\u0308'), ('\u00d6', 'O\u0308'), ('\u00f1', 'n\u0303'), ('\u00e7', 'c\u0327'), ('\u0161', 's\u030c')]

# -- digest -----------------------------------------------------------------------------------------------------------------


def digest(name, data):
    """Raw bytes."""
    if name == 'SHA-512-cut':
        return hashlib.sha512(data).digest()[:32]
    return bytes.fromhex(hash_hex(name, data).decode())


def written(raw, style):
    return raw if style == 'binary' else raw.hex().upper().encode() if style == 'upper' else raw.hex().encode()


class Answer:
    """What is hashed (h) and what is sent (s). A value of s that is None is not sent."""

    def __init__(self, world):
        w = world
        session = w.algorithm.endswith('-sess')
        self.h = dict(username=w.username, realm=w.realm, password=w.password, method=w.method, uri=w.uri, nonce=w.nonce, nc=w.nc,
                      cnonce=w.cnonce, qop=w.qop, int=w.qop == b'auth-int', body=w.body, body_form='hash',
                      hash=w.algorithm.replace('-sess', ''), session=session, key='hex', ha2='hex')
        q = w.qop is not None
        self.s = dict(username=w.username, realm=w.realm, nonce=w.nonce, uri=w.uri, response=None, algorithm=w.algorithm_word,
                      opaque=w.opaque, qop=w.qop, nc=w.nc if q else None, cnonce=w.cnonce if q or session else None, userhash=None)
        self.quoted = {'username', 'realm', 'nonce', 'uri', 'response', 'cnonce', 'opaque'}
        self.finish = None

    def response(self):
        h = self.h
        made, style = (h['key'], 'hex') if h['key'] in HASHES else (h['hash'], h['key'])
        key = written(digest(made, b':'.join((h['username'], h['realm'], h['password']))), style)
        if h['session']:
            key = written(digest(h['hash'], b':'.join((key, h['nonce'], h['cnonce']))), 'hex')
        a2 = [h['method'], h['uri']]
        if h['int']:
            a2.append({'hash': written(digest(h['hash'], h['body']), 'hex'), 'nothing': b'', 'itself': h['body']}[h['body_form']])
        ha2 = written(digest(h['hash'], b':'.join(a2)), h['ha2'])
        middle = [] if h['qop'] is None else [h['nc'], h['cnonce'], h['qop']]
        value = written(digest(h['hash'], b':'.join([key, h['nonce']] + middle + [ha2])), 'hex')
        return self.finish(value) if self.finish else value

    def text(self):
        parts = []
        for name, value in self.s.items():
            if name == 'response' and value is None:
                value = self.response()
            elif value is None or value == 'left out':
                continue
            parts.append(name.encode() + b'=' + (b'"' + quoted_always(value) + b'"' if name in self.quoted else value))
        return b'Digest ' + b', '.join(parts)


# -- random cases -------------------------------------------------------------------------------------------------------------


class World:
    def __init__(self, r):
        self.host = r.choice([b'carrier.example', b'Sip.Carrier.example', b'192.0.2.7', b'[2001:db8::1]', b'sbc1.apac.carrier.example'])
        self.uri = (r.choice([b'sip:', b'sip:', b'sips:']) + r.choice([b'', b'', b'alice@', b'+6421555@', b'a%20b@']) + self.host +
                    r.choice([b'', b'', b':5060', b':5061', b':5080']) + r.choice([b'', b'', b';transport=tcp', b';transport=tls;lr']))
        self.realm = r.choice([b'carrier.example', b'Carrier', b'acme, inc', b' edge ', b'say "hi"', b'back\\slash', b'sip.Carrier.example',
                               some(r, ALNUM, 1, 40), some(r, ALNUM, 64, 80), some(r, ALNUM + b' ', 3, 20)])
        self.configured = r.choice([None, None, b'configured.example'])
        self.nonce = r.choice([some(r, ALNUM + b'+/', 32, 32), some(r, ALNUM, 24, 60) + b'==', some(r, b'0123456789abcdef', 32, 48),
                               b'1729103338/' + some(r, b'0123456789abcdef', 32, 32), b'634df9bc-54d5-431f-8dc7-' + some(r, ALNUM, 12, 12)])
        self.opaque = r.choice([None, None, b'', some(r, ALNUM, 1, 70)])
        self.algorithm = r.choice(ALGORITHMS + ['MD5'] * 6)
        self.algorithm_word = None if self.algorithm == 'MD5' and r.randrange(2) else self.algorithm.encode()
        session = self.algorithm.endswith('-sess')
        self.offered = r.choice([b'auth', b'auth-int', b'auth,auth-int', b'auth, auth-int', b'auth-int,auth'] + ([] if session else [None]))
        words = [w.strip() for w in (self.offered or b'').split(b',')]
        self.qop = None if self.offered is None else r.choice([w for w in words if w])
        self.nc = b'%08x' % r.choice([1, 1, 2, 10, 0x1a, 0x2b3c, r.randrange(1, 1 << 32)])
        self.cnonce = some(r, ALNUM, 8, 48)
        self.method = r.choice(METHODS)
        self.body = r.choice([b'', b'', b'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n', b'one line', b'a\r\nb'])
        self.username = r.choice([b'alice', b'Trunk01', b'+6421555123', b'byoc_user@carrier.example', b'a b', some(r, ALNUM, 3, 12),
                                  b'user%40x', b'J\xc3\xa4son'])
        self.password = self.make_password(r)
        accents = [a for a, _ in ACCENTS]
        self.other = some(r, ALNUM, 14, 20)
        if r.randrange(8) == 0:
            self.password += r.choice(accents).encode()

    @staticmethod
    def make_password(r):
        pieces = [some(r, ALNUM, 3, 10)]
        for _ in range(r.randint(0, 4)):
            pieces.append(r.choice([b'%', b'%40', b'%%', b'$', b'$$', b'$HOME', b'${x}', b'&', b'&amp;', b'<', b'>', b'"', b"'", b'\\', b'\\"', b'#',
                                    b';', b':', b'@', b'+', b' ', b'/', b'?', b'=', b',', b'!', b'\xc3\xa9', b'\xe2\x82\xac', b'O\xcc\x88',
                                    b'\xc5\xa1', some(r, ALNUM, 1, 8)]))
        pieces.append(some(r, ALNUM, 1, 6))
        whole = b''.join(pieces)
        kind = r.randrange(16)
        if kind == 0:
            return b'"' + whole + b'"'
        if kind == 1:
            return some(r, ALNUM, 60, 300)
        if kind == 2:
            return b' ' + whole + b' '
        return whole

    def challenge(self, r):
        parts = [b'realm="' + quoted_always(self.realm) + b'"', b'nonce="' + quoted_always(self.nonce) + b'"']
        if self.opaque is not None:
            parts.append(b'opaque="' + quoted_always(self.opaque) + b'"')
        if self.algorithm_word is not None:
            parts.append(b'algorithm=' + self.algorithm_word)
        if self.offered is not None:
            parts.append(b'qop="' + self.offered + b'"')
        r.shuffle(parts)
        return b'Digest ' + b', '.join(parts)


def quoted_always(value):
    return b''.join(b'\\' + bytes([c]) if c in b'"\\' else bytes([c]) for c in value)


# -- mistakes -------------------------------------------------------------------------------------------------------------------


class Mistake:
    """What it changes: values that are hashed (h) and sent (s), the quotes of parameters, the response."""

    def __init__(self, cause, what, h=None, s=None, quote=(), unquote=(), finish=None):
        self.cause, self.what, self.h, self.s = cause, what, h or {}, s or {}
        self.quote, self.unquote, self.finish = quote, unquote, finish

    @property
    def fields(self):
        quotes = {'quotes ' + name for name in (*self.quote, *self.unquote)} | set(self.unquote)  # without quotes not every value can be sent
        return self.h.keys() | self.s.keys() | quotes | ({'response'} if self.finish else set())

    def change(self, a):
        a.h.update(self.h)
        a.s.update(self.s)
        a.quoted = (a.quoted | set(self.quote)) - set(self.unquote)
        a.finish = self.finish or a.finish

    def changes(self, a):
        return bool(self.quote or self.unquote or self.finish or any(a.h[k] != v for k, v in self.h.items()) or
                    any(a.s[k] != v for k, v in self.s.items()))


def hashed(cause, what, **values):
    return Mistake(cause, what + ', hashed', values)


def sent(cause, what, **values):
    return Mistake(cause, what + ', sent', {}, values)


def both(cause, what, **values):
    return Mistake(cause, what + ', sent and hashed', values, values)


def everywhere(cause, what, **values):
    return [hashed(cause, what, **values), sent(cause, what, **values), both(cause, what, **values)]


def percent(value, kept, digits='%%%02X', space=None):
    return b''.join(bytes([c]) if c in ALNUM + kept else space if space and c == 32 else (digits % c).encode() for c in value)


def unpercent(value):
    out, i = bytearray(), 0
    while i < len(value):
        try:
            if value[i:i + 1] == b'%' and len(value[i + 1:i + 3]) == 2 and all(c in b'0123456789abcdefABCDEF' for c in value[i + 1:i + 3]):
                out.append(int(value[i + 1:i + 3], 16))
                i += 3
                continue
        except ValueError:
            pass
        out.append(value[i])
        i += 1
    return bytes(out)


def unpaired(value):
    out, i = bytearray(), 0
    while i < len(value):
        if value[i] == 92 and i + 1 < len(value):
            i += 1
        out.append(value[i])
        i += 1
    return bytes(out)


def entities(value, apostrophe=b'&#39;', quote=b'&quot;'):
    value = value.replace(b'&', b'&amp;').replace(b'<', b'&lt;').replace(b'>', b'&gt;')
    return value.replace(b'"', quote).replace(b"'", apostrophe)


def without_entities(value):
    for text, c in ((b'&lt;', b'<'), (b'&gt;', b'>'), (b'&quot;', b'"'), (b'&apos;', b"'"), (b'&#39;', b"'"), (b'&#34;', b'"')):
        value = value.replace(text, c)
    return value.replace(b'&amp;', b'&')


def cuts(value, characters, lengths):
    for c in characters:
        at = value.find(bytes([c]))
        if at >= 0:
            yield value[:at]
    for n in lengths:
        if n < len(value):
            yield value[:n]


def password_values(w):
    p = w.password
    for end in (b'\n', b'\r\n', b'\r', b'\0'):
        yield 'password_line_end', p + end
    for value in (p + b' ', b' ' + p, b' ' + p + b' ', p + b'\t', p.strip(), p.rstrip(), p.lstrip()):
        yield 'password_blanks', value
    for value in cuts(p, b'#;,: "\'@%&$\\/?=', LENGTHS):
        yield 'password_cut', value
    yield 'password_cut', p[:-1]
    yield 'password_cut', p[1:]
    yield 'password_quotes', b'"' + p + b'"'
    yield 'password_quotes', b"'" + p + b"'"
    if p[:1] == p[-1:] == b'"' and len(p) > 1:
        yield 'password_quotes', p[1:-1]
    for kept in (b'-._~', b"-._~!*'()", b'-_.!~*\'()&=+$,;?/'):
        yield 'password_percent', percent(p, kept)
    yield 'password_percent', percent(p, b'-._~', '%%%02x')
    yield 'password_percent', percent(p, b'-._*', space=b'+')
    yield 'password_percent', unpercent(p)
    yield 'password_percent', unpercent(p.replace(b'+', b' '))
    yield 'password_percent', p.replace(b'+', b' ')
    yield 'password_percent', p.replace(b'%', b'%%')
    yield 'password_percent', p.replace(b'%%', b'%')
    yield 'password_entities', entities(p)
    yield 'password_entities', entities(p, b'&apos;')
    yield 'password_entities', entities(p, b"'", b'"')
    yield 'password_entities', without_entities(p)
    yield 'password_dollar', p.replace(b'$', b'$$')
    yield 'password_dollar', p.replace(b'$$', b'$')
    yield 'password_dollar', VARIABLE.sub(b'', p)
    yield 'password_backslash', p.replace(b'\\', b'\\\\').replace(b'"', b'\\"')
    yield 'password_backslash', unpaired(p)
    yield 'password_backslash', p.replace(b'\\', b'')
    for value in (p.lower(), p.upper(), p.swapcase()):
        yield 'password_case', value
    yield from charset_values(p)
    yield 'password_empty', b''
    yield 'password_username', w.username
    yield 'password_username', w.realm
    for name in HASHES:
        yield 'password_hashed', written(digest(name, b':'.join((w.username, w.realm, p))), 'hex')
    yield 'password_hashed', written(digest('MD5', p), 'hex')


def charset_values(p):
    text = p.decode()
    for encoding in ('latin-1', 'cp1252'):
        try:
            yield 'password_charset', text.encode(encoding)
        except UnicodeEncodeError:
            pass
        try:
            yield 'password_charset', p.decode(encoding).encode()
        except UnicodeDecodeError:
            pass
    yield 'password_charset', text.encode('ascii', 'replace')
    yield 'password_charset', text.encode('ascii', 'ignore')
    yield 'password_charset', b'\xef\xbb\xbf' + p
    composed = decomposed = text
    for one, two in ACCENTS:
        composed = composed.replace(two, one)
        decomposed = decomposed.replace(one, two)
    yield 'password_composition', composed.encode()
    yield 'password_composition', decomposed.encode()


def username_values(w):
    u = w.username
    name, at, _ = u.rpartition(b'@')
    if at:
        yield 'username_domain', name
    for domain in (w.host, w.realm):
        yield 'username_domain', u + b'@' + domain
        yield 'username_scheme', b'sip:' + u + b'@' + domain
    yield 'username_scheme', b'sip:' + u
    yield 'username_case', u.lower()
    yield 'username_case', u.upper()
    yield 'username_hashed', hash_hex(w.algorithm, u + b':' + w.realm)
    yield 'username_escaped', percent(u, b'-_.!~*\'()&=+$,;?/')
    yield 'username_escaped', percent(u, b'-._~')
    yield 'username_escaped', unpercent(u)
    yield 'username_plus', u[1:] if u[:1] == b'+' else b'+' + u
    yield 'username_blanks', u + b' '
    yield 'username_quotes', b'"' + u + b'"'
    yield 'username_empty', b''


def realm_values(w):
    r = w.realm
    if w.configured:
        yield 'realm_configured', w.configured
    yield 'realm_case', r.lower()
    yield 'realm_case', r.upper()
    for value in (r.strip(), r.lstrip(), r.rstrip(), r + b' '):
        yield 'realm_blanks', value
    yield 'realm_empty', b''
    yield 'realm_domain', w.host
    if b'@' in w.username:
        yield 'realm_domain', w.username.rpartition(b'@')[2]
    yield 'realm_escapes', quoted_always(r)
    yield 'realm_escapes', r.replace(b'\\', b'')
    yield 'realm_quotes', b'"' + r + b'"'
    for value in cuts(r, b',"', LENGTHS):
        yield 'realm_cut', value


def uri_values(w):
    uri = w.uri
    scheme, rest = uri.split(b':', 1)
    user, at, rest = rest.rpartition(b'@')
    user += at
    at = rest.find(b']') + 1
    end = min([i for i in (rest.find(b':', at), rest.find(b';', at)) if i >= 0] + [len(rest)])
    host, rest = rest[:end], rest[end:]
    port, semicolon, parameters = rest.partition(b';')
    parameters = semicolon + parameters
    start = scheme + b':'
    for other in (b'', b':5060', b':5061'):
        yield 'uri_port', start + user + host + other + parameters
    for other in (b'', b';transport=udp', b';transport=tcp', b';transport=tls', b';transport=TLS', b';lr', b';user=phone'):
        yield 'uri_parameters', start + user + host + port + other
    for other in (b'sip:', b'sips:', b''):
        yield 'uri_scheme', other + user + host + port + parameters
    yield 'uri_user', start + host + port + parameters
    yield 'uri_user', start + w.username.partition(b'@')[0] + b'@' + host + port + parameters
    yield 'uri_brackets', b'<' + uri + b'>'
    yield 'uri_brackets', b'"' + uri + b'"'
    yield 'uri_case', uri.lower()
    yield 'uri_case', uri.upper()
    yield 'uri_host', host
    yield 'uri_host', host + port
    yield 'uri_host', start + host
    yield 'uri_escaped', unpercent(uri)
    yield 'uri_escaped', percent(uri, b'-._~')
    yield 'uri_empty', b''


def nonce_values(w):
    n = w.nonce
    for value in cuts(n, b'=/+-', LENGTHS):
        yield 'nonce_cut', value
    yield 'nonce_cut', n[:-1]
    yield 'nonce_quotes', b'"' + n + b'"'
    yield 'nonce_escaped', n.replace(b'+', b' ')
    yield 'nonce_escaped', percent(n, b'-._~')
    yield 'nonce_case', n.lower()
    yield 'nonce_case', n.upper()
    yield 'nonce_empty', b''


def input_mistakes(w):
    for cause, value in password_values(w):
        yield hashed(cause, repr(value), password=value)
    for cause, value in username_values(w):
        yield from everywhere(cause, repr(value), username=value)
    for cause, value in realm_values(w):
        yield from everywhere(cause, repr(value), realm=value)
    for cause, value in uri_values(w):
        yield from everywhere(cause, repr(value), uri=value)
    for cause, value in nonce_values(w):
        yield from everywhere(cause, repr(value), nonce=value)
    for field in ('username', 'realm', 'nonce', 'uri'):  # what nobody could guess, so the answer must show it
        value = w.other if field != 'uri' else b'sip:' + w.other + b'.example'
        yield sent(field + '_other', repr(value), **{field: value})
        yield both(field + '_other', repr(value), **{field: value})
    yield hashed('ha1_case', 'HA1', key='upper')
    yield hashed('ha1_binary', 'HA1', key='binary')
    yield hashed('ha2_case', 'HA2', ha2='upper')
    yield hashed('ha2_binary', 'HA2', ha2='binary')
    for name in HASHES:
        if name != w.algorithm.replace('-sess', ''):
            yield hashed('ha1_algorithm', name, key=name)
    for method in METHODS + [b'GET']:
        yield hashed('method_other', repr(method), method=method)
    yield hashed('method_case', 'lower', method=w.method.lower())
    yield hashed('method_empty', 'empty', method=b'')


def tail_mistakes(w):
    q = w.qop is not None
    session = w.algorithm.endswith('-sess')
    if q:
        count = int(w.nc, 16)
        for value in (b'%x' % count, b'%08X' % count, b'"' + w.nc + b'"'):
            if value != w.nc:
                yield hashed('nc_malformed', repr(value), nc=value)
        for value in (b'%x' % count, b'%08X' % count, b'%07x' % count):
            if value != w.nc:
                yield sent('nc_malformed', repr(value), nc=value)
                yield both('nc_malformed', repr(value), nc=value)
        yield hashed('nc_decimal', 'padded', nc=b'%08d' % count)
        yield hashed('nc_decimal', 'plain', nc=b'%d' % count)
        for value in (1, count - 1, (count + 1) % (1 << 32), 0):
            yield hashed('nc_count', str(value), nc=b'%08x' % value)
        yield hashed('nc_left_out', 'empty', nc=b'')
        for value in (b'00000001', b''):
            yield Mistake('nc_missing', 'not sent, %r hashed' % value, {'nc': value}, {'nc': None})
    if q or session:
        yield hashed('cnonce_left_out', 'empty', cnonce=b'')
        for value in [b'"' + w.cnonce + b'"', w.cnonce.lower(), w.cnonce.upper()] + list(cuts(w.cnonce, b'', LENGTHS)):
            yield hashed('cnonce_other', repr(value), cnonce=value)
        yield both('cnonce_missing', 'empty', cnonce=b'')
        yield Mistake('cnonce_missing', 'not sent, empty in the hash', {'cnonce': b''}, {'cnonce': None})
        yield both('cnonce_unusual', 'dash', cnonce=b'ab-' + w.cnonce)
        yield both('cnonce_unusual', 'long', cnonce=(w.cnonce * 9)[:64])
    if w.opaque is not None:
        yield sent('opaque_missing', 'not sent', opaque=None)
        yield sent('opaque_changed', 'cut', opaque=(w.opaque or b'x')[:-1] if w.opaque else b'x')
    yield sent('opaque_changed', 'other', opaque=w.other)


def qop_mistakes(w):
    body = w.qop == b'auth-int'
    if w.qop is None:
        for word in (b'auth', b'auth-int'):
            yield Mistake('qop_not_offered', 'sent and hashed %r' % word, {'qop': word, 'int': word == b'auth-int'},
                          {'qop': word, 'nc': w.nc, 'cnonce': w.cnonce})
        yield sent('qop_not_offered', 'cnonce and nc alone', cnonce=w.cnonce, nc=w.nc)
        return
    if not w.algorithm.endswith('-sess'):
        yield Mistake('qop_omitted', 'RFC 2069', {'qop': None, 'int': False, 'session': False}, {'qop': None, 'nc': None, 'cnonce': None})
    yield Mistake('qop_hashed', 'only nc and cnonce sent', {'int': body}, {'qop': None, 'nc': w.nc, 'cnonce': w.cnonce})
    lists = {w.offered, b'auth,auth-int', b'auth, auth-int'}
    for text in sorted(lists):
        if b',' not in text:
            continue
        for is_int in (False, True):
            yield hashed('qop_list_hashed', repr(text), qop=text, int=is_int)
            yield Mistake('qop_list_hashed', 'sent %r, int %d' % (text, is_int), {'qop': text, 'int': is_int}, {'qop': text}, quote=['qop'])
    yield hashed('qop_ignored', 'RFC 2069', qop=None, int=False)
    other = b'auth' if body else b'auth-int'
    yield hashed('qop_other', repr(other), qop=other, int=not body)
    yield hashed('auth_int_body', 'H(body)', int=not body)
    yield hashed('qop_quotes', 'quotes', qop=b'"' + w.qop + b'"')
    yield hashed('qop_case', 'upper', qop=w.qop.upper())
    yield both('qop_case', 'upper', qop=w.qop.upper())
    yield hashed('qop_left_out', 'empty', qop=b'')
    for text in (b'undefined', b'auth-conf'):
        yield sent('qop_unknown', repr(text), qop=text)
        yield Mistake('qop_unknown', repr(text), {'qop': text, 'int': body}, {'qop': text})
    if body:
        for value in (w.body.replace(b'\r\n', b'\n'), w.body.rstrip(), w.body + b'\r\n' if w.body else b'\r\n'):
            yield hashed('body_line_ends', repr(value), body=value)
        yield hashed('body_empty', 'empty', body=b'')
        yield hashed('body_unhashed', 'nothing', body_form='nothing')
        yield hashed('body_unhashed', 'itself', body_form='itself')


def algorithm_mistakes(w):
    right, session = w.algorithm.replace('-sess', ''), w.algorithm.endswith('-sess')
    has_cnonce = w.qop is not None or session
    for name in ALGORITHMS:
        plain, is_session = name.replace('-sess', ''), name.endswith('-sess')
        if plain == right or (is_session and not has_cnonce):
            continue
        yield hashed('algorithm_other', name, hash=plain, session=is_session)
        yield Mistake('algorithm_other', 'sent ' + name, {'hash': plain, 'session': is_session}, {'algorithm': name.encode()})
    if has_cnonce:
        yield hashed('session_left_out' if session else 'session_unasked', 'session', session=not session)
    if right == 'SHA-512-256':
        yield hashed('sha_cut', 'SHA-512', hash='SHA-512-cut', session=session)
    if w.algorithm_word is not None:
        yield sent('algorithm_unechoed' if w.algorithm == 'MD5' else 'algorithm_missing', 'not sent', algorithm=None)
        yield sent('algorithm_case', 'lower', algorithm=w.algorithm_word.lower())


def raw_mistakes(w):
    def plain(value):
        return value and not any(c in b', "\\\t' for c in value)

    for name, value in (('username', w.username), ('realm', w.realm), ('nonce', w.nonce), ('uri', w.uri), ('response', b'x')):
        if plain(value):
            yield Mistake('unquoted_value', name, unquote=[name])
    if w.qop is not None:
        yield Mistake('quoted_qop', 'qop', quote=['qop'])
        yield Mistake('quoted_nc', 'nc', quote=['nc'])
        yield Mistake('unquoted_value', 'cnonce', unquote=['cnonce'])
    if w.algorithm_word is not None:
        yield Mistake('quoted_algorithm', 'algorithm', quote=['algorithm'])
    for name in ('username', 'realm', 'nonce', 'uri', 'response'):
        yield sent('answer_incomplete', name, **{name: 'left out'})
    yield sent('userhash_plain', 'userhash', userhash=b'true', username=w.username)
    yield Mistake('response_case', 'upper', finish=lambda x: x.upper())
    yield Mistake('response_cut', '31', finish=lambda x: x[:31])
    yield Mistake('response_cut', '24', finish=lambda x: x[:24])
    if not w.algorithm.startswith('MD5'):
        yield Mistake('response_cut', '32', finish=lambda x: x[:32])


def all_mistakes(w):
    right = Answer(w)
    for maker in (input_mistakes, tail_mistakes, qop_mistakes, algorithm_mistakes, raw_mistakes):
        for mistake in maker(w):
            if mistake.changes(right):
                yield mistake


def made(w, mistakes):
    a = Answer(w)
    for m in mistakes:
        m.change(a)
    return a.text()


# -- judging ---------------------------------------------------------------------------------------------------------------------

NOT_FINDINGS = {'answer_right', 'answer_unexplained', 'answer_unchecked'}


def same_bytes(w, text, causes):
    """Whether mistakes of exactly these causes give the same bytes."""
    causes = sorted(causes)
    if not causes:
        return text == Answer(w).text()
    groups = [[m for m in all_mistakes(w) if m.cause == c] for c in causes]
    if len(groups) == 1:
        return any(made(w, [m]) == text for m in groups[0])
    return any(made(w, [m, n]) == text for m in groups[0] for n in groups[1])


class Case:
    def __init__(self, seed, number, met):
        r = random.Random('%s/%d' % (seed, number))
        self.number = number
        self.world = w = World(r)
        self.challenge = w.challenge(r)
        self.kind = r.choice(['one'] * 10 + ['two'] * 6 + ['right', 'other password', 'right by HA1', 'one by HA1', 'one without secret'])
        self.mistakes = []
        if self.kind.startswith(('one', 'two')):
            self.choose(r, met)
        a = Answer(w)
        for m in self.mistakes:
            m.change(a)
        if self.kind == 'other password':
            a.h['password'] = some(r, ALNUM, 6, 24) + b'Zq'
        self.text = a.text()

    def choose(self, r, met):
        allowed = [m for m in all_mistakes(self.world) if self.is_allowed(m)]
        causes = sorted({m.cause for m in allowed})
        first = min(causes, key=lambda c: (met.get(c, 0), r.random()))
        one = r.choice([m for m in allowed if m.cause == first])
        self.mistakes = [one]
        if self.kind == 'one':
            met[first] = met.get(first, 0) + 1
        if self.kind != 'two':
            return
        right, alone = Answer(self.world).text(), made(self.world, [one])
        rest = [m for m in allowed if m.cause != one.cause and not m.fields & one.fields]
        r.shuffle(rest)
        for other in rest:
            if made(self.world, [one, other]) not in (right, alone, made(self.world, [other])):
                self.mistakes.append(other)
                return
        self.kind = 'one'

    def is_allowed(self, m):
        if self.kind == 'one by HA1':  # nothing of what HA1 is made of
            return not m.fields & {'username', 'realm', 'password', 'key', 'hash', 'session', 'algorithm', 'userhash', 'response'}
        if self.kind == 'one without secret':  # what the text shows
            return not m.finish and m.fields <= {'opaque', 'username', 'realm', 'nonce', 'uri', 'quotes qop', 'quotes nc', 'quotes algorithm'} and (
                m.s or m.quote)
        return True

    def record(self):
        w = self.world
        ha1 = hash_hex(w.algorithm, b':'.join((w.username, w.realm, w.password))) if 'HA1' in self.kind else None
        password = None if ha1 or 'without' in self.kind else w.password
        fields = (self.challenge, self.text, w.method, w.uri, w.body, w.username, w.configured, password, ha1)
        return b' '.join(b'-' if f is None else b'x' + f.hex().encode() for f in fields) + b'\n'

    def judge(self, line):
        """Returns None when it is named exactly, else why not."""
        words = line.split()
        end, found = words[0], set(words[2:]) - NOT_FINDINGS
        expected = {m.cause for m in self.mistakes}
        if self.kind == 'other password':
            return None if words == ['unexplained', '0', 'answer_unexplained'] else 'it is not unexplained'
        if self.kind.startswith('right'):
            return None if words == ['right', '1', 'answer_right'] else 'it is not right'
        if any(m.cause == 'answer_incomplete' and 'response' in m.fields for m in self.mistakes) and end == 'unexplained':
            end = 'mistake'  # without a response there is nothing to reproduce
        if end not in ('mistake', 'right') or (end == 'right' and not found <= REMARKS):
            return 'the end is ' + end
        if found == expected or (len(found) <= len(expected) and same_bytes(self.world, self.text, found)):
            return None
        return 'found %s' % sorted(found)

    def describe(self, seed, line, why):
        w = self.world
        return '\n'.join('    ' + text for text in (
            '%s; repeat it with: --seed %s --only %d' % (why, seed, self.number),
            '%s: %s' % (self.kind, '; '.join(m.cause + ' ' + m.what for m in self.mistakes)),
            'challenge  %r' % self.challenge,
            'answer     %r' % self.text,
            'user %r, password %r, %s %r, body %r' % (w.username, w.password, w.method.decode(), w.uri, w.body),
            'printed    %r' % line))


REMARKS = {'cnonce_unusual', 'qop_omitted', 'algorithm_unechoed', 'algorithm_case'}

# -- running ------------------------------------------------------------------------------------------------------------------------


class Tally:
    def __init__(self):
        self.tried, self.failed, self.causes = {}, {}, {}

    def note(self, case, why, text):
        self.tried[case.kind] = self.tried.get(case.kind, 0) + 1
        if case.kind == 'one':
            of = self.causes.setdefault(case.mistakes[0].cause, [0, 0])
            of[0] += 1
            of[1] += why is None
        if why:
            self.failed.setdefault(case.kind, []).append(text)

    def report(self):
        bad = 0
        for kind in sorted(self.tried):
            tried, failed = self.tried[kind], self.failed.get(kind, [])
            share = 1 - len(failed) / tried
            good = not failed or (kind in ('one', 'two') and share >= SHARE_MIN)
            bad += not good
            print('%s - %s: %d of %d exactly (%.3f %%)' % ('ok' if good else 'not ok', kind, tried - len(failed), tried, 100 * share))
            for text in failed[:SHOWN]:
                print(text)
        missing = sorted(all_causes() - set(self.causes))
        bad += bool(missing)
        print('%s - single mistakes of %d causes, each tried at least %d times%s' % (
            'ok' if not missing else 'not ok', len(self.causes), min(of[0] for of in self.causes.values()),
            '; never: ' + ' '.join(missing) if missing else ''))
        return bad


def all_causes():
    found = set()
    for i in range(300):
        found |= {m.cause for m in all_mistakes(World(random.Random(i)))}
    return found


def run_driver(driver, cases):
    output = subprocess.run([driver], input=b''.join(c.record() for c in cases), stdout=subprocess.PIPE, check=False)
    lines = output.stdout.decode().splitlines()
    return lines + ['nothing'] * (len(cases) - len(lines))


def run_command(trunkaudit, case, directory):
    """The same case as pasted messages; returns the driver's words for what it printed."""
    w = case.world
    secret = os.path.join(directory, 'password')
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'wb') as f:
        f.write(w.password + b'\n')
    text = (b'SIP/2.0 401 Unauthorized\r\nCSeq: 1 ' + w.method + b'\r\nWWW-Authenticate: ' + case.challenge + b'\r\nContent-Length: 0\r\n\r\n' +
            w.method + b' ' + w.uri + b' SIP/2.0\r\nCSeq: 2 ' + w.method + b'\r\nAuthorization: ' + case.text +
            b'\r\nContent-Length: %d\r\n\r\n' % len(w.body) + w.body)
    command = [trunkaudit, 'explain', '--json', '--message', '-', '--user', w.username.decode(), '--password-file', secret]
    if w.configured:
        command += ['--realm', w.configured.decode()]
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, check=False)
    if w.password in done.stdout and len(w.password) > 8 and w.password not in case.text + w.uri + case.challenge:
        return 'told the password'
    # python3-minimal has no json: the words are enough
    out = done.stdout.decode()
    end = out.split('"result": "')[1].split('"')[0] if '"result"' in out else 'nothing'
    causes = [part.split('"')[0] for part in out.split('{"cause": "')[1:]]
    codes = {'right': 0, 'mistake': 1, 'unexplained': 3, 'unchecked': 3}
    if done.returncode != codes.get(end):
        return 'exit %d for %s' % (done.returncode, end)
    return ' '.join([end, '1' if '"reproduced"' in out else '0'] + causes)


def main():
    parser = argparse.ArgumentParser(description='answers with mistakes, explained by DRIVER')
    parser.add_argument('driver')
    parser.add_argument('trunkaudit', nargs='?', help='the command line, for some of the cases')
    parser.add_argument('--cases', type=int, default=20000)
    parser.add_argument('--commands', type=int, default=200)
    parser.add_argument('--seed', default=str(random.SystemRandom().randrange(1 << 32)))
    parser.add_argument('--only', type=int, help='the one case to run')
    options = parser.parse_args()
    print('seed %s' % options.seed, flush=True)
    met = {}
    cases = [Case(options.seed, i, met) for i in range(options.cases)]
    if options.only is not None:
        cases = [cases[options.only]]
    tally = Tally()
    for case, line in zip(cases, run_driver(options.driver, cases)):
        why = case.judge(line)
        tally.note(case, why, case.describe(options.seed, line, why) if why else '')
    if options.only is not None:
        print('\n'.join(t for failed in tally.failed.values() for t in failed) or 'ok')
        return 0
    bad = tally.report()
    if options.trunkaudit:
        wrong = []
        chosen = [c for c in cases if c.kind in ('one', 'two', 'right', 'other password')][:options.commands]
        with tempfile.TemporaryDirectory() as directory:
            for case in chosen:
                line = run_command(options.trunkaudit, case, directory)
                why = case.judge(line)
                if why:
                    wrong.append(case.describe(options.seed, line, why))
        bad += bool(wrong)
        print('%s - by the command line: %d of %d exactly' % ('ok' if not wrong else 'not ok', len(chosen) - len(wrong), len(chosen)))
        print('\n'.join(wrong[:SHOWN]), end='\n' if wrong else '')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
