#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""names.py FILE LOG - a name server at 127.0.0.1, for tests.

Each line of FILE is "NAME TTL ADDRESS..."; it is read for each question.  An
address "garbage" makes an answer that is none.  Other names do not exist.  LOG
gets each name that is asked for."""
import ipaddress
import socket
import struct
import sys


def name_of(message):
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode().lower())
        at += 1 + message[at]
    return ".".join(labels), message[:at + 5], struct.unpack_from(
        "!H", message, at + 1)[0]


def known(name):
    for line in open(sys.argv[1], encoding="ascii"):
        words = line.split()
        if words and words[0] == name:
            return int(words[1]), words[2:]
    return None


def reply(message):
    name, question, kind = name_of(message)
    found = known(name)
    with open(sys.argv[2], "a", encoding="ascii") as log:
        log.write(name + "\n")
    records = b""
    count = 0
    for text in found[1] if found else []:
        if text == "garbage":
            # A record with a name that points at itself, and far too long.
            return question[:2] + struct.pack("!HHHHH", 0x8180, 1, 9, 0, 0) + \
                question[12:] + struct.pack("!HHHIH", 0xc00c, 1, 1, 60, 60000)
        address = ipaddress.ip_address(text)
        if (address.version == 4) == (kind == 1) and kind in (1, 28):
            count += 1
            records += struct.pack("!HHHIH", 0xc00c, kind, 1, found[0],
                                   len(address.packed)) + address.packed
    flags = 0x8180 if found else 0x8183
    return question[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0) + \
        question[12:] + records


with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.bind(("127.0.0.1", 53))
    print("ready", flush=True)
    while True:
        data, client = sock.recvfrom(4096)
        sock.sendto(reply(data), client)
