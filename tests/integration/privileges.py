#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""privileges.py KIND UID RANGE < LINES: what processes have, a row for each
line "PID NAME"; KIND is the table of SECURITY.md, rights or surroundings.
Capabilities that the host's PID 1 lacks are not shown: the tests may run in a
container.  Nobody can look at another process's keyrings."""
import glob
import os
import re
import signal
import sys

CAPABILITIES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID
SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW
IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM
BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()
NAMESPACES = ["mnt", "pid", "uts", "ipc", "net", "user", "cgroup"]
KIND, USER, RANGE = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def read(pid, name):
    with open("/proc/%s/%s" % (pid, name), "rb") as file:
        return file.read().decode(errors="replace")


def status(pid):
    return dict(line.split(":\t", 1) for line in
                read(pid, "status").splitlines() if ":\t" in line)


HOST = status(1)
EVERY = int(HOST["CapBnd"], 16)
DEFAULT = 0xa00405fb & EVERY


def capabilities(text):
    mask = int(text, 16) & EVERY
    if not mask:
        return "none"
    if mask == EVERY:
        return "all"
    names = [] if mask & DEFAULT != DEFAULT else ["default"]
    if names:
        mask &= ~DEFAULT
    # The table has the capability, even if root of the tests lacks it.
    if names and mask and not EVERY >> 24 & 1:
        mask |= 1 << 24
    return " ".join(names + [name for bit, name in enumerate(CAPABILITIES)
                             if mask >> bit & 1])


def ids(text):
    names = {0: "root", USER: "user", 65534: "nobody"}
    if RANGE != "none":
        names[int(RANGE)] = "inside root"
    got = [names.get(int(each), "other") for each in text.split()]
    return got[0] if len(set(got)) == 1 else " ".join(got)


def listening(inode):
    return any(line.split()[9] == inode and line.split()[3] == "0A"
               for line in open("/proc/net/tcp").readlines()[1:])


def open_files(pid):
    kinds = set()
    for path in glob.glob("/proc/%s/fd/*" % pid):
        try:
            name = os.readlink(path)
        except OSError:
            continue
        if name.startswith("socket:"):
            inode = name[8:-1]
            name = "listening socket" if listening(inode) else "sockets"
        elif name.startswith("pipe:"):
            name = "pipes"
        elif name.startswith("anon_inode:"):
            name = name[11:].strip("[]")
        elif name == "/dev/pts":
            name = "terminals of inside"
        elif re.match(r"[a-z]+:\[", name):
            name = name.split(":")[0] + " namespace"
        elif name.startswith("/sys/fs/cgroup/"):
            name = "control groups"
        elif name in ("/run/nscontainer/ready", "/run/nscontainer/log"):
            name = "pasta's pipe and log"
        elif name.startswith("/memfd:input"):
            name = "its state"
        elif name.startswith("/var/log/nscontainer/recordings/"):
            name = "its recording" if name.endswith(".cast") else "recordings"
        elif name.startswith("/usr/"):
            name = "its script"
        elif "/out." in name or name.startswith("/dev/pts"):
            name = "output"
        elif re.match(r"/run/nscontainer/\d+", name):
            name = re.sub(r"/run/nscontainer/\d+(/\d+)?", "run directory",
                          name)
        elif name == "/proc" or re.match(r"/proc/\d+$", name):
            name = "proc of inside"
        elif name.startswith("/home/alice/"):
            name = "output"
        kinds.add(name)
    return ", ".join(sorted(kinds)) or "nothing"


def shared(pid):
    same = [name for name in NAMESPACES if
            os.readlink("/proc/%s/ns/%s" % (pid, name)) ==
            os.readlink("/proc/self/ns/%s" % name)]
    if len(same) == len(NAMESPACES):
        return "all"
    return " ".join(same) or "none"


def row(pid, name):
    have = status(pid)
    sets = [capabilities(have["Cap" + each])
            for each in ("Prm", "Eff", "Inh", "Amb", "Bnd")]
    used = sets[0] if sets[0] == sets[1] else "%s; effective: %s" % (
        sets[0], sets[1])
    if sets[2] != "none" or sets[3] != "none":
        used += "; inheritable: %s; ambient: %s" % (sets[2], sets[3])
    restricted = []
    if have["NoNewPrivs"].strip() == "1":
        restricted.append("no_new_privs")
    if have["Seccomp"].strip() == "2":
        restricted.append("filter")
    if re.search(r"^Max core file size +0 +0 ", read(pid, "limits"), re.M):
        restricted.append("no core")
    if re.search(r"nscontainer/alice", read(pid, "cgroup")):
        restricted.append("group")
    print("| %s | %s | %s | %s | %s | %s | %s |" % (
        name, ids(have["Uid"]), used, sets[4], shared(pid),
        ", ".join(restricted) or "nothing", open_files(pid)))


def signals(text):
    mask = int(text, 16)
    names = [each.name[3:] for each in signal.Signals
             if mask >> (each.value - 1) & 1]
    return "most" if len(names) > 20 else " ".join(names) or "none"


def limits(pid):
    """Which are not those of the host's PID 1."""
    other = []
    for line, host in zip(read(pid, "limits").splitlines(),
                          read(1, "limits").splitlines()):
        if line != host:
            none = line[26:].split()[:2] == ["0", "0"]
            other.append(line[4:26].strip() + (" 0" if none else ""))
    return ", ".join(other) or "none"


def environment(pid):
    """As it was at exec; sshd writes its title over it.  Versions of sudo differ
    in what they tell of the caller."""
    names = sorted({re.sub("^SUDO_.*", "SUDO_*", each.split("=")[0])
                    for each in read(pid, "environ").split("\0")
                    if "=" in each})
    if read(pid, "comm").strip() in ("sshd", "sshd-session"):
        return "sshd's own"
    if "NSC_CALLER" in names:
        return "its caller's"
    return " ".join(names) or "nothing"


def surroundings(pid, name):
    have = status(pid)
    print("| %s | %s | %s | %s | %s |" % (
        name, limits(pid), signals(have["SigIgn"]), signals(have["SigBlk"]),
        environment(pid)))


for line in sys.stdin:
    {"rights": row, "surroundings": surroundings}[KIND](
        *line.strip().split(" ", 1))
