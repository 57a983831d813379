#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""examples.py DIRECTORY FILE...: writes each example of the documents into a file
of its own in DIRECTORY, and prints its name and the line where it begins; for
Markdown also the language of the block, and the path that the text names last
before it.

A man page is read as a person sees it, by man and col, and not its source, whose
quotes the formatter may take away.  An example there is a line that begins like
one, with the following lines that it needs to be complete; as many must be found
as the source has displays.  Its name is that of the page and of what it sets or does,
with a number when there are several.

In Markdown, an example is a block between fences, or one indented by four.  Its
name is that of the document and a number."""
import json
import os
import re
import subprocess
import sys

out, documents = sys.argv[1], sys.argv[2:]
os.makedirs(out, exist_ok=True)
seen = {}


def save(document, about, text, line, *more):
    name = re.sub(r"[^a-z0-9]+", "_", ("%s %s" % (
        re.sub(r"\.md$", "", document), about)).lower()).strip("_")
    seen[name] = seen.get(name, 0) + 1
    if seen[name] > 1:
        name += "_%d" % seen[name]
    with open(os.path.join(out, name), "w", encoding="utf-8") as file:
        file.write(text)
    print(name, "%s:%d" % (document, line), *more)


def is_json(text, following):
    # A file with sections ends with its paragraph.
    if text.startswith("["):
        return not following.strip()
    # Files, and what they are together.
    if text.startswith("users/"):
        text = text.partition("together:")[2] or "{"
    try:
        json.loads(text if text.lstrip().startswith("{") else
                   "{%s}" % text)
    except ValueError:
        return False
    return True


def is_conf(text, _):
    return text.rstrip().endswith(";") and text.count("(") == text.count(")")


def is_c(text, _):
    return text.startswith("cc ") or text.endswith("_close(container);\n")


# For each page: how an example begins, and when it is complete.
KINDS = {
    "container.json.5": (r'("[a-z_0-9]+": +(["\[{0-9-]|true|false)|\{|users/|\[\w+\]$)',
                         is_json),
    "nscontainer.conf.5": (r"[a-z_0-9]+ += ", is_conf),
    "libnscontainer.3": (r"(cc |struct nscontainer_error +err += )", is_c),
}
COMMAND = (r"(# +|\$ +|cc +|[a-z]+ +(required|optional) +pam_)",
           lambda text, following: True)


def paragraph_above(lines, n):
    while not lines[n - 1].strip():
        n -= 1
    while lines[n - 1].strip():
        n -= 1
    return lines[n]


def of_page(path):
    page = os.path.basename(path)
    begins, complete = KINDS.get(page, COMMAND)
    environment = dict(os.environ, MANWIDTH="80", LC_ALL="C.UTF-8")
    text = subprocess.run("man -P cat -l '%s' | col -b" % path, shell=True,
                          env=environment, stdout=subprocess.PIPE,
                          check=True).stdout.decode().replace("\t", " " * 8)
    lines, n, found = text.split("\n"), 0, 0
    while n < len(lines):
        line = lines[n].strip()
        begin = n
        n += 1
        if not re.match(begins, line) or not lines[begin].startswith(" " * 9):
            continue
        text = line + "\n"
        while not complete(text, lines[n]) and n < begin + 40:
            text += lines[n].strip() + "\n"
            n += 1
        if not complete(text, lines[n]):
            sys.exit("%s:%d: no complete example: %s" % (page, begin, line))
        found += 1
        about = line
        if page.endswith("5") and line != "{":
            about = re.search(r"[a-z_0-9]+", line).group()
        elif page.endswith("5"):
            about = paragraph_above(lines, begin)
        save(page, " ".join(about.split()[:5]), text, begin + 1)
    with open(path, encoding="utf-8") as file:
        displays = len(re.findall(r"^\.(?:Dl |Bd -literal)", file.read(), re.M))
    if found != displays:
        sys.exit("%s: %d examples are seen, the source has %d displays" %
                 (page, found, displays))


def of_document(path):
    document = os.path.basename(path)
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    named, n, number = "-", 0, 0
    while n < len(lines):
        line, begin = lines[n], n
        fence = re.match(r"( *)```(\w*)$", line)
        n += 1
        if not fence and not line.startswith("    "):
            paths = re.findall(r"`(/[^`* ]+)`", line)
            named = paths[-1] if paths else "-" if line.startswith("#") else named
            continue
        end = r" *```$" if fence else r"(?!    |$)"
        n -= not fence
        text = ""
        while not re.match(end, lines[n]):
            text += lines[n][len(fence.group(1)) if fence else 4:] + "\n"
            n += 1
        n += bool(fence)
        number += 1
        save(document, str(number), text.rstrip("\n") + "\n", begin + 1,
             fence.group(2) if fence else "indented", named)
        named = "-"


for document in documents:
    if re.search(r"\.[1358]$", document):
        of_page(document)
    else:
        of_document(document)
