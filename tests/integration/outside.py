#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""outside.py ADDRESS... - servers that answer "outside" at each address: TCP at
the ports 98 and 99; at 96, which then repeats each line; and UDP at 97 and 4097."""
import os
import socket
import sys
import threading


def open_one(address, kind, port):
    six = ":" in address
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # An address may have its interface: "fe80::1%eth0".
    sock.bind(socket.getaddrinfo(address, port, type=kind)[0][4])
    return sock


def talk(connection, stays):
    with connection:
        try:
            connection.sendall(b"outside\n")
            while stays and (data := connection.recv(64)):
                connection.sendall(data)
        except OSError:
            pass


def serve_tcp(sock, stays):
    while True:
        threading.Thread(target=talk, args=(sock.accept()[0], stays),
                         daemon=True).start()


def serve_udp(sock):
    while True:
        try:
            sock.sendto(b"outside", sock.recvfrom(64)[1])
        except OSError:
            pass


for where in sys.argv[1:]:
    for number in 96, 98, 99:
        listener = open_one(where, socket.SOCK_STREAM, number)
        listener.listen()
        threading.Thread(target=serve_tcp, args=(
            listener, number == 96)).start()
    for number in 97, 4097:
        threading.Thread(target=serve_udp, args=(
            open_one(where, socket.SOCK_DGRAM, number),)).start()
print("ready", flush=True)
os.close(1)
