#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""speed.py serve - a server of TCP at port 95 and of UDP at 94, which counts.
speed.py up|down ADDRESS BYTES [CONNECTIONS [PORT]] - seconds for as many bytes
in all; speed.py udp ADDRESS SECONDS - send as fast as possible; speed.py got
ADDRESS - the bytes that arrived at UDP since the last question."""
import socket
import sys
import threading
import time

counted = 0


def as_debian(sock):
    """The congestion control of Debian's kernels, or one that everybody may
    have: the machine's own, such as BBR, takes losses in another way."""
    for name in b"cubic", b"reno":
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
            return
        except OSError:
            pass


def read_all(sock):
    n = 0
    while data := sock.recv(65536):
        n += len(data)
    return n


def talk(sock):
    global counted
    with sock:
        try:
            kind, number = sock.recv(64).decode().split()
            if kind == "up":
                sock.sendall(b"%d" % int(number))
                read_all(sock)
            elif kind == "down":
                sock.sendall(bytes(int(number)))
            else:
                sock.sendall(b"%d" % counted)
                counted = 0
        except OSError:
            pass


def serve_udp():
    global counted
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("", 94))
        while True:
            size = len(sock.recv(65536))
            counted += size


def serve():
    listener = socket.create_server(("", 95), family=socket.AF_INET6,
                                    backlog=64, dualstack_ipv6=True)
    threading.Thread(target=serve_udp, daemon=True).start()
    as_debian(listener)
    print("ready", flush=True)
    while True:
        threading.Thread(target=talk, args=(listener.accept()[0],),
                         daemon=True).start()


def ask(address, kind, number, port=95):
    sock = socket.create_connection((address, port), 30)
    as_debian(sock)
    sock.sendall(b"%s %d" % (kind.encode(), number))
    return sock


def move(kind, address, number, port, moved):
    with ask(address, kind, number, port) as sock:
        if kind == "up":
            sock.recv(64)
            sock.sendall(bytes(number))
            sock.shutdown(socket.SHUT_WR)
        got = read_all(sock)
        if kind == "up" or got == number:
            moved.append(number)


def many(kind, address, number, connections=1, port=95):
    moved = []
    started = time.monotonic()
    all_of_them = [threading.Thread(target=move, args=(
        kind, address, number // connections, port, moved))
        for _ in range(connections)]
    for one in all_of_them:
        one.start()
    for one in all_of_them:
        one.join()
    if len(moved) != connections:
        sys.exit("a transfer is not complete")
    return time.monotonic() - started


def flood(address, seconds):
    end = time.monotonic() + seconds
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(kind, socket.SOCK_DGRAM) as sock:
        while time.monotonic() < end:
            try:
                sock.sendto(bytes(1000), (address, 94))
            except OSError:
                pass


what = sys.argv[1]
if what == "serve":
    serve()
elif what == "udp":
    flood(sys.argv[2], float(sys.argv[3]))
elif what == "got":
    with ask(sys.argv[2], "got", 0) as asked:
        print(asked.recv(64).decode())
else:
    print("%.2f" % many(what, sys.argv[2], *map(int, sys.argv[3:])))
