#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ask.py QUESTION... - what a name server answers: a line "QUESTION: RESULT" each.

A QUESTION is NAME[,TYPE][,OPTION...].  In NAME a backslash and three digits are
a byte.  Options: at=ADDRESS (else the server of /etc/resolv.conf); tcp, tls, https;
edns (a large size, a cookie, an unknown option and bits of nobody), two
(questions), loop (a name that points at itself), pad (a question of 65535 bytes),
update (a request that changes the zone), chaos (a class of servers' own).
An answer must have the question as it was asked, with the case of its letters."""
import errno
import os
import socket
import ssl
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable-next=wrong-import-position
from names import anonymous, exactly  # noqa: E402

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28,
         "SRV": 33, "SVCB": 64, "HTTPS": 65, "ANY": 255}
CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP"}
TIMEOUT = 5


def server():
    for line in open("/etc/resolv.conf", encoding="ascii"):
        if line.startswith("nameserver"):
            return line.split()[1]
    return "127.0.0.1"


def wire(name):
    labels, label, at = [], b"", 0
    while at < len(name):
        if name[at] == "\\":
            label += bytes([int(name[at + 1:at + 4])])
            at += 4
        elif name[at] == ".":
            labels += [label] if label else []
            label = b""
            at += 1
        else:
            label += name[at].encode()
            at += 1
    labels += [label] if label else []
    return b"".join(bytes([len(one)]) + one for one in labels) + b"\0"


def question(name, kind, options):
    text = b"\xc0\x0c" if "loop" in options else wire(name)
    text += struct.pack("!HH", TYPES[kind], 3 if "chaos" in options else 1)
    more = b""
    if "edns" in options:
        data = struct.pack("!HH8sHH4s", 10, 8, b"cookie..", 65001, 4, b"data")
        more = b"\0" + struct.pack("!HHIH", 41, 65535, 0x4200ff42,
                                   len(data)) + data
    head = struct.pack("!HHHHHH", 4711, 0x2900 if "update" in options else
                       0x0100, 2 if "two" in options else 1,
                       0, 0, 1 if more else 0)
    message = head + text * (2 if "two" in options else 1) + more
    return message.ljust(65535, b"x") if "pad" in options else message


def skip_name(message, at):
    while message[at]:
        if message[at] >= 0xc0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def shown(kind, data):
    if kind in (1, 28):
        return socket.inet_ntop(socket.AF_INET if kind == 1 else
                                socket.AF_INET6, data)
    return {5: "CNAME", 15: "MX", 16: "TXT%d" % len(data), 33: "SRV",
            65: "HTTPS"}.get(kind, str(kind))


def result(message, asked):
    number, flags, questions, count = struct.unpack_from("!HHHH", message)
    if number != 4711:
        return "wrong id"
    if questions and message[12:skip_name(message, 12)] != \
            asked[12:skip_name(asked, 12)]:
        return "another question"
    text, at, ttls = [], 12, set()
    for _ in range(questions):
        at = skip_name(message, at) + 4
    for _ in range(count):
        at = skip_name(message, at)
        kind, _, ttl, size = struct.unpack_from("!HHIH", message, at)
        ttls.add(ttl)
        text.append(shown(kind, message[at + 10:at + 10 + size]))
        at += 10 + size
    if count > 8:
        text = ["%d records" % count]
    return " ".join([CODES.get(flags & 15, str(flags & 15))] +
                    ["TC"] * bool(flags & 0x200) + text +
                    ["ttl %d" % ttl for ttl in sorted(ttls)])


def by_udp(address, message):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect((address, 53))
        sock.send(message)
        return sock.recv(65535)


def by_tcp(address, message, tls):
    with socket.create_connection((address, 853 if tls else 53),
                                  TIMEOUT) as plain:
        sock = anonymous(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(plain) if tls \
            else plain
        sock.sendall(struct.pack("!H", len(message)) + message)
        return exactly(sock, struct.unpack("!H", exactly(sock, 2))[0])


def by_https(address, message):
    with socket.create_connection((address, 443), TIMEOUT) as plain:
        sock = anonymous(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(plain)
        sock.sendall(b"POST /dns-query HTTP/1.1\r\nHost: dns\r\n"
                     b"Content-Type: application/dns-message\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(message) + message)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += exactly(sock, 1)
        return exactly(sock, int(head.split(b"Length:")[1].split()[0]))


def ask(text):
    name, kind, *options = (text + ",A").split(",") if "," not in text else \
        text.split(",")
    address = next((one[3:] for one in options if one.startswith("at=")),
                   None) or server()
    message = question(name, kind, options)
    try:
        if "https" in options:
            return result(by_https(address, message), message)
        if "tcp" in options or "tls" in options:
            return result(by_tcp(address, message, "tls" in options), message)
        return result(by_udp(address, message), message)
    except socket.timeout:
        return "silence"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(argument + ":", ask(argument), flush=True)
