#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""inherited.py PID: what the process has that fork(2) and execve(2) pass on, a
line each; PID 0 is this one, which can tell more of itself.  The files are
those of /proc/PID, proc(5), but for what a process is and does: its memory,
descriptors, counters and names.  The calls are those of prctl(2) and the like
that execve(2) says are kept."""
import ctypes
import os
import struct
import sys

PID = sys.argv[1]
PROC = "/proc/" + ("self" if PID == "0" else PID)
OTHERS = """arch_status auxv cmdline comm environ io ksm_stat maps
mem mountinfo mounts mountstats numa_maps oom_score pagemap patch_state
schedstat setgroups smaps smaps_rollup stack stat statm status syscall wchan
sched clear_refs autogroup ksm_merging_pages cpu_resctrl_groups
timens_offsets uid_map gid_map projid_map limits seccomp_cache
make-it-fail fail-nth latency timers""".split()
# The other two are the audit system's record of the user, and must stay.
OTHERS += ["loginuid", "sessionid"]
STATUS = """Umask Uid Gid Groups SigBlk SigIgn SigCgt CapInh CapAmb NoNewPrivs
Speculation_Store_Bypass SpeculationIndirectBranch Cpus_allowed Mems_allowed
THP_enabled""".split()
CALLS = ctypes.CDLL(None, use_errno=True)
NUMBERS = {"x86_64": (252, 315, 250), "aarch64": (31, 275, 219)}


def read(name):
    with open(PROC + "/" + name, "rb") as file:
        return file.read().decode(errors="replace").strip()


def show(name, value):
    print(name, " ".join(str(value).split()))


def files():
    for name in sorted(os.listdir(PROC)):
        path = PROC + "/" + name
        if name in OTHERS:
            continue
        try:
            if name in ("cwd", "root"):
                show(name, os.readlink(path))
            elif name != "exe" and not os.path.isdir(path):
                show(name, read(name))
        except OSError:
            pass
    for line in read("status").splitlines():
        if line.split(":")[0] in STATUS and (
                PID != "0" or line[:6] != "SigCgt"):
            show(*line.split(":", 1))
    for line in read("limits").splitlines()[1:]:
        show("limit", line)
    for line in read("sched").splitlines():
        if line.split()[0] in ("policy", "prio", "uclamp.min", "uclamp.max"):
            show("sched", line)
    group = read("autogroup") if os.path.exists(PROC + "/autogroup") else ""
    show("autogroup", group.split()[-1] if group else "none")
    show("numa", sorted({line.split()[1] for line in
                         read("numa_maps").splitlines()}))


def namespaces():
    for name in sorted(os.listdir(PROC + "/ns")):
        show("ns " + name, os.readlink(PROC + "/ns/" + name))


def calls():
    ioprio, getattr_, keyctl = NUMBERS[os.uname().machine]
    attributes = ctypes.create_string_buffer(56)
    show("ioprio", CALLS.syscall(ioprio, 1, int(PID)))
    if CALLS.syscall(getattr_, int(PID), attributes, 56, 0) == 0:
        show("sched_attr", struct.unpack("=IIQiIQQQII", attributes.raw)[1:5])
    if PID != "0":
        return
    for name, option in (("securebits", 27), ("timer slack", 30),
                         ("mce", 34), ("thp", 42), ("io flusher", 58),
                         ("memory merge", 68), ("subreaper", 37),
                         ("speculation", 52)):
        value = ctypes.c_int(0)
        arg = ctypes.byref(value) if option == 37 else 0
        show("prctl " + name, (CALLS.prctl(option, arg, 0, 0, 0),
                               value.value))
    text = ctypes.create_string_buffer(256)
    CALLS.syscall(keyctl, 6, -3, text, 256)  # KEYCTL_DESCRIBE
    show("session keyring", text.value.decode().split(";")[-1])


files()
namespaces()
calls()
