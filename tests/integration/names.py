#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""names.py FILE LOG [ADDRESS...] - name servers at 127.0.0.1, or at these addresses
with DNS over TLS and HTTPS as well.

Each line of FILE is "NAME TTL WORD..."; it is read for each question.  Other
names do not exist.  A WORD is
  an address    a record
  cname:NAME    an alias; later words are records of NAME
  ttl:N         the lifetime of later records
  many:N        N addresses, 10.90.0.0 and up
  txt:N         a text of N bytes
  mx:NAME, srv:NAME, https:ADDRESS    a record; https with a hint
  forged:ADDRESS    wrong answers with this address come before the right one
  garbage       an answer that is none
LOG gets each name that is asked for, "NAME/tcp" by TCP, with a '+' where the
question has more than a size for its answer, and a '^' for other letters than
lower ones."""
import ipaddress
import socket
import ssl
import struct
import sys
import threading

A, CNAME, MX, TXT, AAAA, SRV, HTTPS, ANY = 1, 5, 15, 16, 28, 33, 65, 255


def parse(message):
    """The name of a question, where it ends, and its type."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin1"))
        at += 1 + message[at]
    return ".".join(labels).lower(), at + 5, struct.unpack_from(
        "!H", message, at + 1)[0]


def known(name):
    for line in open(sys.argv[1], encoding="ascii"):
        words = line.split()
        if words and words[0] == name:
            return int(words[1]), words[2:]
    return None


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".")) + b"\0"


class Answer:
    def __init__(self, kind, ttl):
        self.kind, self.ttl, self.count, self.records = kind, ttl, 0, b""
        self.owner, self.forged = b"\xc0\x0c", None

    def add(self, kind, data):
        if self.kind not in (kind, ANY) and kind != CNAME:
            return
        self.count += 1
        self.records += self.owner + struct.pack(
            "!HHIH", kind, 1, self.ttl, len(data)) + data

    def address(self, text):
        packed = ipaddress.ip_address(text).packed
        self.add(A if len(packed) == 4 else AAAA, packed)

    def cname(self, name):
        self.add(CNAME, wire(name))
        self.owner = wire(name)

    def set_ttl(self, text):
        self.ttl = int(text)

    def many(self, text):
        for i in range(int(text)):
            self.address("10.90.%d.%d" % divmod(i, 256))

    def txt(self, text):
        left, data = int(text), b""
        while left:
            data += bytes([min(left, 255)]) + b"x" * min(left, 255)
            left -= min(left, 255)
        self.add(TXT, data)

    def mail(self, name):
        self.add(MX, b"\0\1" + wire(name))

    def srv(self, name):
        self.add(SRV, struct.pack("!HHH", 1, 1, 99) + wire(name))

    def https(self, address):
        self.add(HTTPS, b"\0\1\0\0\4\0\4" + socket.inet_aton(address))

    def forge(self, address):
        self.forged = address


WORDS = {"cname": Answer.cname, "ttl": Answer.set_ttl, "many": Answer.many,
         "txt": Answer.txt, "mx": Answer.mail, "srv": Answer.srv,
         "https": Answer.https, "forged": Answer.forge}


def reply(message, tcp):
    """The answer, and before it an address for wrong ones or None."""
    name, end, kind = parse(message)
    found = known(name)
    opt = len(message) >= end + 11 and message[end:end + 3] == b"\0\0\x29"
    rest = message[end + 11:] if opt else message[end:]
    bits = opt and struct.unpack_from("!I", message, end + 5)[0] & ~0x8000
    case = message[12:end - 4] != message[12:end - 4].lower()
    with open(sys.argv[2], "a", encoding="latin1") as log:
        log.write(name + "/tcp" * tcp + "+" * bool(rest or bits) + "^" * case +
                  "\n")
    answer = Answer(kind, found[0] if found else 0)
    for word in found[1] if found else []:
        if word == "garbage":
            # A record with a name that points at itself, and far too long.
            return message[:2] + struct.pack("!HHHHH", 0x8180, 1, 9, 0, 0) + \
                message[12:end] + struct.pack("!HHHIH", 0xc00c, 1, 1, 60,
                                              60000), None
        key, _, value = word.partition(":")
        if key in WORDS:
            WORDS[key](answer, value)
        else:
            answer.address(word)
    flags = 0x8180 if found else 0x8183
    most = struct.unpack_from("!H", message, end + 3)[0] if opt else 512
    if not tcp and end + len(answer.records) > most:
        flags |= 0x200
        answer.count, answer.records = 0, b""
    return message[:2] + struct.pack("!HHHHH", flags, 1, answer.count, 0, 0) + \
        message[12:end] + answer.records, answer.forged


def forge(sock, client, message, address):
    """What somebody else would send who guesses."""
    _, end, _ = parse(message)
    record = b"\xc0\x0c\0\1\0\1\0\0\1\0\0\4" + socket.inet_aton(address)
    head = struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
    number = struct.unpack_from("!H", message)[0]
    for other in number ^ 1, number ^ 0x8000:
        sock.sendto(struct.pack("!H", other) + head + message[12:end] + record,
                    client)
    sock.sendto(message[:2] + head + wire("good.example.org") + b"\0\1\0\1" +
                record, client)
    for port in 53, 0:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as from_other:
            from_other.bind(("127.0.0.2", port))
            from_other.sendto(message[:2] + head + message[12:end] + record,
                              client)


def serve_udp(sock):
    while True:
        data, client = sock.recvfrom(65535)
        answer, forged = reply(data, False)
        if forged:
            forge(sock, client, data, forged)
        sock.sendto(answer, client)


def exactly(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise OSError("end")
        data += more
    return data


def talk(connection):
    with connection:
        while True:
            size = struct.unpack("!H", exactly(connection, 2))[0]
            answer, _ = reply(exactly(connection, size), True)
            connection.sendall(struct.pack("!H", len(answer)) + answer)


def talk_https(connection):
    with connection:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += exactly(connection, 1)
        size = int(head.lower().split(b"content-length:")[1].split()[0])
        answer, _ = reply(exactly(connection, size), True)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\n"
            b"Content-Length: %d\r\n\r\n" % len(answer) + answer)


def guarded(function, connection, context):
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        function(connection)
    except OSError:
        connection.close()


def serve_tcp(sock, function, context):
    while True:
        threading.Thread(target=guarded, daemon=True, args=(
            function, sock.accept()[0], context)).start()


def anonymous(kind):
    """TLS without certificates."""
    context = ssl.SSLContext(kind)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    return context


def listen(address, port, function, context):
    sock = socket.create_server((address, port), backlog=64)
    threading.Thread(target=serve_tcp, args=(sock, function, context)).start()


def main():
    for address in sys.argv[3:] or ["127.0.0.1"]:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, 53))
        threading.Thread(target=serve_udp, args=(sock,)).start()
        listen(address, 53, talk, None)
        if sys.argv[3:]:
            context = anonymous(ssl.PROTOCOL_TLS_SERVER)
            listen(address, 853, talk, context)
            listen(address, 443, talk_https, context)
    print("ready", flush=True)


if __name__ == "__main__":
    main()
