#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""reach.py PROBE... - what a process reaches: a line "PROBE: RESULT" for each.

A probe is KIND,ADDRESS,PORT.  The servers of the test answer "outside"."""
import errno
import select
import socket
import struct
import sys

TIMEOUT = 3


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def answer(sock):
    return sock.recv(64).decode(errors="replace").strip() or "nothing"


def tcp(address, port):
    with socket.create_connection((address, port), TIMEOUT) as sock:
        return answer(sock)


def udp(address, port):
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect((address, port))
        sock.send(b"x")
        return answer(sock)


def big(address, port):
    """UDP in several fragments."""
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect((address, port))
        sock.send(b"x" * 4000)
        return answer(sock)


def error(address, port):
    """The host's own ICMP error for a port that nobody has."""
    try:
        return udp(address, port)
    except ConnectionRefusedError:
        return "outside"


def ping(address, _):
    six = ":" in address
    proto = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    with socket.socket(family(address), socket.SOCK_DGRAM, proto) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect((address, 0))
        sock.send(struct.pack("!BBHHH", 128 if six else 8, 0, 0, 1, 1))
        sock.recv(64)
        return "outside"


def raw(address, port):
    """UDP with a header of our own."""
    with socket.socket(family(address), socket.SOCK_RAW,
                       socket.IPPROTO_UDP) as sock:
        head = struct.pack("!HHHH", 4000, port, 9, 0)
        sock.sendto(head + b"x", (address, 0))
        return "sent"


def packet(_, port):
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", ("eth0", 0x0800, 0, 0, b"\xff" * 6))
        return "sent"


def route(address, port):
    """By way of an allowed host: a loose source route to the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS,
                        b"\x01\x83\x07\x04" + socket.inet_aton(address))
        sock.sendto(b"x", (address, port))
        return "sent"


def extended(address, port, option, header):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, option, header)
        sock.sendto(b"x", (address, port))
        return "sent"


def route6(address, port):
    """By way of an allowed host: a routing header of IPv6, RFC 8754."""
    there = [socket.inet_pton(socket.AF_INET6, one)
             for one in (address, "fd80::1")]
    return extended(address, port, socket.IPV6_RTHDR,
                    b"\0\x04\x04\x01\x01\0\0\0" + b"".join(there))


def hops6(address, port):
    """With an option for each hop, as a cover for what follows."""
    return extended(address, port, socket.IPV6_HOPOPTS,
                    b"\0\0\x01\x04" + bytes(4))


def options6(address, port):
    return extended(address, port, socket.IPV6_DSTOPTS,
                    b"\0\0\x01\x04" + bytes(4))


def own(address, port):
    """By way of an answer to a packet that was sent in the other's name."""
    freebind = 78       # IPV6_FREEBIND
    kind = socket.AF_INET6, socket.SOCK_DGRAM
    with socket.socket(*kind) as me, socket.socket(*kind) as other, \
            socket.socket(*kind) as route_there:
        route_there.connect((address, port))
        mine = route_there.getsockname()[0]
        me.settimeout(TIMEOUT)
        me.bind((mine, 4321))
        other.setsockopt(socket.IPPROTO_IPV6, freebind, 1)
        other.bind((address, port))
        other.sendto(b"x", (mine, 4321))
        me.recv(64)
        me.sendto(b"x", (address, port))
        return answer(me)


def held_udp(address, port):
    """The same with UDP."""
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect((address, port))
        sock.send(b"x")
        print("held:", answer(sock), flush=True)
        sys.stdin.readline()
        sock.send(b"x")
        return answer(sock)


def held(address, port):
    """A connection that stays: says when the server's next line comes."""
    with socket.socket(family(address), socket.SOCK_STREAM) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect((address, port))
        print("held:", answer(sock), flush=True)
        sys.stdin.readline()
        sock.settimeout(10)
        sock.send(b"more\n")
        select.select([sock], [], [], 10)
        return answer(sock)


def probe(text):
    kind, address, port = text.split(",")
    try:
        return globals()[kind](address, int(port))
    except socket.gaierror as error:
        return "EAI%d" % error.errno
    except socket.timeout:
        return "silence"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


for argument in sys.argv[1:]:
    print(argument + ":", probe(argument), flush=True)
