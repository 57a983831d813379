# SPDX-License-Identifier: Apache-2.0
"""A copy of the tree, built by clang with counters, and what its programs
reach: for tests/coverage/run and tests/mutate/run.

    NSC_PROOF           all of it, another directory than build/proof
    build/proof/tree    the copy, which tests/mutate/run changes
    build/proof/build   its build; build.log has each command
    build/proof/stage   installed
    build/proof/reach   for each test what it reached, see reach_of()

The programs write their counters to MEDIA, a directory of their own in a mount
namespace of their own: see hook.c."""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
WORK = os.environ.get("NSC_PROOF", os.path.join(TOP, "build/proof"))
TREE, BUILD = os.path.join(WORK, "tree"), os.path.join(WORK, "build")
STAGE, REACH = os.path.join(WORK, "stage"), os.path.join(WORK, "reach")
MEDIA = "/media"
COUNTERS = ("-fprofile-instr-generate=%s/%%p%%c.profraw" % MEDIA,
            "-fcoverage-mapping", "-mllvm", "-runtime-counter-relocation")
# A cache may have the objects of another tree, which name its files.
os.environ["CCACHE_DISABLE"] = "1"
# What is installed, as paths in the build directory.
PROGRAMS = """.libs/pam_container.so shell/nsshell nsinit/nsinit
    init/container-init init/container-monitor init/container-recorder
    init/name-resolver shell/container-shell helper/login-start
    helper/network-end""".split()


def die(text):
    sys.exit("%s: %s" % (os.path.relpath(sys.argv[0], TOP), text))


def run(log, command, cwd, **more):
    with open(log, "a", encoding="utf-8") as out:
        status = subprocess.run(command, cwd=cwd, stdout=out,
                                stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, check=False,
                                **more).returncode
    if status:
        die("%s failed, see %s" % (" ".join(command)[:60], log))


def llvm(name):
    """The tool of the version that clang is."""
    clang = os.path.realpath(shutil.which("clang", path=os.pathsep.join(
        d for d in os.environ["PATH"].split(os.pathsep)
        if "ccache" not in d)) or die("clang is missing"))
    path = os.path.join(os.path.dirname(clang), name)
    return path if os.path.exists(path) else die(name + " is missing")


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def copy_tree(log):
    """Copies what has changed, and undoes what has been changed there."""
    os.makedirs(TREE, exist_ok=True)
    run(log, [TOP + "/tests/release/copy", TOP, TREE], TOP)


def is_older(path, than):
    return not os.path.exists(path) or \
        os.path.getmtime(path) < os.path.getmtime(than)


def configure(log, build, hook, flags):
    """A build by clang of the tree beside it; HOOK is linked into each
    program."""
    shutil.rmtree(build, ignore_errors=True)
    os.makedirs(build)
    run(log, ["clang", "-fPIC", "-c", "-O1", "-DNSC_COVERAGE_DIR=\"%s\"" %
              MEDIA, "-o", build + ".o", hook], WORK)
    machine = subprocess.run(["gcc", "-print-multiarch"], check=True,
                             stdout=subprocess.PIPE, text=True).stdout.strip()
    run(log, ["../tree/configure", "--prefix=/usr", "--sysconfdir=/etc",
              "--localstatedir=/var", "--libexecdir=/usr/libexec",
              "--with-pam-dir=/lib/%s/security" % machine, "CC=clang",
              "CFLAGS=" + " ".join(("-O1", "-fno-inline") + flags),
              "LDFLAGS=-Wl,%s.o" % build], build)


def build():
    """The product and the programs of the tests."""
    os.makedirs(WORK, exist_ok=True)
    log = os.path.join(WORK, "log")
    open(log, "w", encoding="utf-8").close()
    copy_tree(log)
    # Make does the rest when the files of the build change.
    hook = TREE + "/tests/coverage/hook.c"
    if is_older(BUILD + ".o", hook):
        run(log, ["./autogen.sh"], TREE)
        configure(log, BUILD, hook, COUNTERS)
    make(BUILD)


def make(build, *targets):
    """All programs, or these."""
    jobs = "-j%d" % len(os.sched_getaffinity(0))
    for target in [targets] if targets else [["all"], ["check", "TESTS="]]:
        run(os.path.join(build, "build.log"),
            ["make", "-O", "V=1", jobs] + list(target), build)


def install(build=BUILD, stage=STAGE):
    shutil.rmtree(stage, ignore_errors=True)
    run(os.path.join(WORK, "log"), ["make", "install", "DESTDIR=" + stage],
        build)


class Commands:
    """The commands of a build, from its log."""
    def __init__(self, build):
        self.compile, self.link = {}, {}
        with open(build + "/build.log", encoding="utf-8") as log:
            text = log.read().replace("\\\n", " ")
        text = re.sub(r"`test -f '[^']*' \|\| echo '([^']*)'`", r"\1", text)
        for line in text.split("\n"):
            match = re.search(r"(?:^|: (?:compile|link): +|; *)(clang .*)",
                              line)
            if not match:
                continue
            words = shlex.split(match.group(1).split("&&")[0].split(" >")[0])
            if "-o" not in words:
                continue
            self.note(words, words[words.index("-o") + 1])

    def note(self, words, output):
        if "-c" in words:
            drop = {"-MT": 2, "-MF": 2, "-MD": 1, "-MP": 1}
            kept, i = [], 0
            while i < len(words):
                if words[i] in drop:
                    i += drop[words[i]]
                else:
                    kept.append(words[i])
                    i += 1
            self.compile[output] = kept
        else:
            self.link[output.replace("/.libs/", "/")] = words

    def unit_programs(self):
        return sorted(path for path in self.link if
                      re.match(r"tests/unit/.*/test_\w+$|tests/fuzz/replay$",
                               path))


def in_own_mounts(data, command, **more):
    """Runs a command for which DATA is MEDIA, and waits for it."""
    script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
    return subprocess.run(["unshare", "--mount", "--propagation", "private",
                           "sh", "-c", script, "sh", data, MEDIA] + command,
                          stdin=subprocess.DEVNULL, check=False, **more)


def new_data(name):
    data = os.path.join(WORK, "data", name)
    shutil.rmtree(data, ignore_errors=True)
    os.makedirs(data)
    # Also users whom a test has made count here.
    os.chmod(data, 0o777)
    open(os.path.join(data, ".here"), "w", encoding="utf-8").close()
    return data


def merge(data, profile):
    """Many small files become one; returns whether there was any."""
    files = [os.path.join(data, name) for name in os.listdir(data)
             if name.endswith(".profraw")]
    if files:
        with open(data + "/list", "w", encoding="utf-8") as out:
            out.write("\n".join(files) + "\n")
        # A file may be incomplete: its program had just begun.
        subprocess.run([llvm("llvm-profdata"), "merge", "-sparse",
                        "--failure-mode=all", "-o", profile, "-f",
                        data + "/list"], check=False,
                       stderr=subprocess.DEVNULL)
    shutil.rmtree(data)
    return os.path.exists(profile)


def counts(profile, programs):
    """{file: {line: times}}, {file: [(line, times of each branch)]}"""
    command = [llvm("llvm-cov"), "export", "-format=lcov",
               "-instr-profile=" + profile, programs[0]]
    for program in programs[1:]:
        command += ["-object", program]
    text = subprocess.run(command, cwd=BUILD, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True,
                          check=True).stdout
    lines, branches, file = {}, {}, None
    for line in text.split("\n"):
        key, _, value = line.partition(":")
        if key == "SF":
            file = os.path.relpath(os.path.join(BUILD, value), TREE)
            if file.startswith(".."):
                file = os.path.relpath(value, TREE)
            if re.match(r"tests/|\.\.|config.h", file):
                file = None
        elif file and key == "DA":
            number, times = value.split(",")[:2]
            each = lines.setdefault(file, {})
            each[int(number)] = max(each.get(int(number), 0), int(times))
        elif file and key == "BRDA":
            number, block, branch, times = value.split(",")
            each = branches.setdefault(file, {})
            key = "%s:%s:%s" % (number, block, branch)
            times = 0 if times == "-" else int(times)
            each[key] = max(each.get(key, 0), times)
    return lines, branches


def reach_of(profile, programs):
    """{file: [line]} that a test has reached."""
    return {file: sorted(n for n, times in each.items() if times)
            for file, each in counts(profile, programs)[0].items()
            if any(each.values())}


def keep_reach(test, seconds, profile, programs):
    """Keeps beside a profile what the test has reached."""
    text = {"seconds": round(seconds, 2), "test": test,
            "lines": reach_of(profile, programs)}
    with open(profile[:-len(".profdata")] + ".json", "w",
              encoding="utf-8") as out:
        json.dump(text, out)


def json_of(name):
    with open(os.path.join(REACH, name), encoding="utf-8") as file:
        return json.load(file)


def name_of(test):
    return test.replace("/", "-")


def run_unit(program):
    """Runs a unit test in its own mounts."""
    data, begin = new_data(name_of(program)), time.monotonic()
    done = in_own_mounts(data, ["./" + program], cwd=BUILD,
                         env=test_environment(), stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    if done.returncode:
        print("not ok %s in the instrumented build" % program)
    profile = os.path.join(REACH, name_of(program) + ".profdata")
    if merge(data, profile):
        keep_reach(program, seconds, profile, [program])


def test_environment(tree=TREE, build=BUILD):
    return dict(os.environ, srcdir=tree, builddir=build,
                CK_TIMEOUT_MULTIPLIER="5")


def is_fresh(test):
    """Whether its counters are those of the programs that are here now."""
    json_file = os.path.join(REACH, name_of(test) + ".json")
    programs = [test] if "/" in test else PROGRAMS
    return os.path.exists(json_file) and os.path.getmtime(json_file) > max(
        os.path.getmtime(os.path.join(BUILD, program)) for program in programs)


def run_units():
    os.makedirs(REACH, exist_ok=True)
    for program in Commands(BUILD).unit_programs():
        if not is_fresh(program):
            run_unit(program)


def join(profile):
    """All fresh counters in one file."""
    profiles = [os.path.join(REACH, name[:-len("json")] + "profdata")
                for name in os.listdir(REACH) if name.endswith(".json") and
                is_fresh(json_of(name)["test"])]
    subprocess.run([llvm("llvm-profdata"), "merge", "-sparse", "-o", profile] +
                   profiles, check=True)


def reach():
    """{(file, line): [(seconds, test)]}, units and integration."""
    found = {}
    for name in sorted(os.listdir(REACH)):
        if not name.endswith(".json"):
            continue
        note = json_of(name)
        if not is_fresh(note["test"]):
            continue
        for source, numbers in note["lines"].items():
            for number in numbers:
                found.setdefault((source, number), []).append(
                    (note["seconds"], note["test"]))
    return found
