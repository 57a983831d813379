#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""completion bash|zsh LINE: what LINE becomes when a person at an interactive
shell has all completions of its last word inserted; a word a line.

The shell is a real one with its own completion system, on a terminal.  The keys
before LINE make it the arguments of a function that writes them to a file."""
import os
import pty
import select
import sys
import tempfile
import time

shell, line = sys.argv[1:]
out = os.path.join(tempfile.mkdtemp(), "words")
SETUP = {
    "bash": r"""
set +o history
. /usr/share/bash-completion/bash_completion
bind '"\C-t": insert-completions'
""",
    "zsh": r"""
PS1= LISTMAX=1000
autoload -Uz compinit
compinit -u -D
zle -C all complete-word _generic
bindkey -e
bindkey '^T' all
zstyle ':completion:all:*' completer _all_matches _complete
zstyle ':completion:all:*' insert yes
""",
}
SETUP["both"] = """
words() { printf '%%s\\n' "$@" > %s.new; mv %s.new %s; }
words ready
""" % (out, out, out)
COMMAND = {"bash": ["bash", "--norc", "--noprofile", "-i"],
           "zsh": ["zsh", "-f", "-i"]}


def words():
    """Waits for the file, and reads what the shell shows meanwhile."""
    end, shown = time.monotonic() + 60, b""
    while not os.path.exists(out):
        if time.monotonic() > end:
            sys.exit("%s does not answer: %r" % (shell, shown[-2000:]))
        if select.select([master], [], [], 0.05)[0]:
            shown += os.read(master, 65536)
    with open(out, encoding="utf-8") as file:
        text = file.read()
    os.unlink(out)
    return text


pid, master = pty.fork()
if pid == 0:
    os.execvpe(COMMAND[shell][0], COMMAND[shell], dict(os.environ, PS1=""))
os.write(master, (SETUP[shell] + SETUP["both"]).encode())
words()
os.write(master, line.encode() + b"\x14\x01words \n")
print(words(), end="")
os.close(master)
