# SPDX-License-Identifier: Apache-2.0
"""The mutants of a C file in this tree's style: each is one small mistake."""
import re

# Operators, as the survivors' file names them.
OPERATORS = {
    "negate": "a condition is negated",
    "logic": "&& and || are exchanged",
    "compare": "a comparison is off by one",
    "number": "a number is off by one",
    "call": "a call is left out",
    "reset": "an assignment of 0, NULL, -1 or false is left out",
    "swallow": "a failure is returned as success",
}
BLANK = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/'
                   r'|//[^\n]*|^[ \t]*#(?:\\\n|[^\n])*', re.S | re.M)
KEYWORDS = {"if", "while", "for", "switch", "return", "sizeof", "do", "else"}
IF = re.compile(r"\b(?:if|while) (\()")
LOGIC = re.compile(r"&&|\|\|")
COMPARE = re.compile(r"(?<= )(<=|>=|<|>)(?= )")
# Not -1, which is as good as -2 everywhere; not the size of an array or of new
# memory; not what poll(2) fills; and not what is compared: that is what
# "compare" does.
NUMBER = re.compile(r"(?<![\w.\[-])(?<![<>] )(?<![<>]= )(?<!calloc\()"
                    r"(?<!POLLIN, )(?<!POLLOUT, )"
                    r"(\d+)(?![\w.])")
ARRAY = re.compile(r"\s*(?:(?:static|const|unsigned|struct) )*\w+ "
                   r"[^=;()]*\[[^\]]*$")
# Never 0, which is open: so < 0 is as good as <= 0.
DESCRIPTOR = re.compile(r"_cleanup_fd_ int (\w+)|\b(\w*fd)\b")
DESCRIPTORS = re.compile(
    r"(?:\.|->)(?:anchor|channel|client|commands?|cwd|end|fifo|in|lock|master|"
    r"mounts|out|recorder|refused|slave|terminal|told)$")
CALL = re.compile(r"^\t+(?:\(void\))?([A-Za-z_][\w.>-]*)(\()", re.M)
RESET = re.compile(r"^\t+[\w.>\[\]*-]+ = (?:0|NULL|-1|false);$", re.M)
RETURN = re.compile(r"\breturn ([^;]+);")
# A test may include several files.
DECLARATION = """#ifndef NSC_MUTANT
#define NSC_MUTANT
extern const volatile struct { char mark[16]; unsigned int number; } nsc_mutant
    __attribute__((visibility("hidden")));
#endif
"""
OTHER = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||", "||": "&&"}


def masked(text):
    """Comments, strings and preprocessor lines become blanks."""
    return BLANK.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def closing(text, at):
    """The place of the parenthesis that closes the one at AT."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    return -1


def functions(mask):
    """[(start of the body, its end, name, type)]"""
    found = []
    for match in re.finditer(r"^\{\n.*?^\}", mask, re.M | re.S):
        head = mask[:match.start()].rstrip("\n")
        head = head[max(head.rfind("\n\n"), head.rfind("}\n"),
                        head.rfind(";\n")) + 1:]
        head = re.sub(r"__attribute__\(\(.*?\)\)+", "", head)
        name = re.search(r"(\w+)\(", head)
        if name:
            kind = "bool" if re.search(r"\bbool\b", head[:name.start()]) else \
                "int" if re.search(r"\bint $", head[:name.start()]) else ""
            found.append((match.start(), match.end(), name.group(1), kind))
    return found


def begins_statement(mask, at):
    before = mask[:at].rstrip()
    return before[-1] in ";{}):" or before.endswith(("else", "do"))


def more(number):
    if number.startswith("0") and number != "0":
        return "0%o" % (int(number, 8) + 1)
    return str(int(number) + 1)


def changes_of(mask, start, end, kind):
    """[(operator, from, to, new text)] of one function."""
    body = mask[start:end]
    for match in IF.finditer(body):
        at, last = match.start(1), closing(body, match.start(1))
        yield "negate", at, last + 1, "(!" + "{})"
    for match in LOGIC.finditer(body):
        yield "logic", match.start(), match.end(), OTHER[match.group()]
    descriptors = {"".join(names) for names in DESCRIPTOR.findall(body)}
    for match in COMPARE.finditer(body):
        left = body[:match.start() - 1]
        if not (re.match(r" 0\b", body[match.end():]) and
                (re.search(r"\w*$", left).group() in descriptors or
                 DESCRIPTORS.search(left))):
            yield "compare", match.start(), match.end(), \
                OTHER[match.group()]
    for match in NUMBER.finditer(body):
        line = body[body.rfind("\n", 0, match.start()) + 1:match.start()]
        if not re.match(r"\s*(case|static const|return $)", line) and \
                not ARRAY.match(line):
            yield "number", match.start(), match.end(), \
                more(match.group())
    for match in CALL.finditer(body):
        last = closing(body, match.start(2))
        if body[last + 1:last + 2] == ";" and \
                match.group(1) not in KEYWORDS and \
                begins_statement(body, match.start()):
            first = match.start() + len(match.group()) - \
                len(match.group().lstrip("\t"))
            yield "call", first, last + 1, ""
    for match in RESET.finditer(body):
        first = match.end() - len(match.group().lstrip("\t"))
        if begins_statement(body, first):
            yield "reset", first, match.end() - 1, ""
    for match in RETURN.finditer(body):
        value = match.group(1).strip()
        if kind == "bool":
            yield "negate", match.start(1), match.end(1), "!({})"
        elif kind == "int" and not re.fullmatch(r"\d+", value):
            yield "swallow", match.start(1), match.end(1), "((void)({}), 0)"


class Mutant:
    """One change of one file."""
    def __init__(self, path, function, operator, change):
        self.path, self.function, self.operator = path, function, operator
        self.first, self.last, self.text, self.line, self.source = change
        self.number = 0

    def applied(self, text):
        return text[:self.first] + self.text + text[self.last:]

    def key(self):
        """As tests/mutate/survivors names it: no number of a line."""
        return self.function, self.operator, self.source

    def __str__(self):
        return "%s:%d: %s: %s: %s" % (self.path, self.line, self.function,
                                      self.operator, self.source)


def of_file(path, text):
    """All mutants of a file, in the order of their lines."""
    mask, found = masked(text), []
    for start, end, name, kind in functions(mask):
        for operator, first, last, new in changes_of(mask, start, end, kind):
            first, last = first + start, last + start
            old = text[first:last]
            if "{}" in new:
                new = new.replace("{}", old)
            elif not new:
                new = "\n" * old.count("\n")
            line = text.count("\n", 0, first) + 1
            whole = text[text.rfind("\n", 0, first) + 1:
                         text.find("\n", last - 1 if last > first else last)]
            found.append(Mutant(path, name, operator,
                                (first, last, new, line,
                                 " ".join(whole.split()))))
    return sorted(found, key=lambda m: (m.first, m.operator, m.last))


def all_in_one(text, mutants):
    """The file with all these mutants, and [(first line, last line, mutant)].
    Each function has a body for each of its mutants, of which the number of the
    program chooses one: see number.c."""
    parts, ranges, at = [DECLARATION], [], 0
    for start, end, _, _ in functions(masked(text)):
        parts.append(text[at:start] + "{\n")
        at = end
        for mutant in mutants:
            if not start <= mutant.first < end:
                continue
            body = text[start:mutant.first] + mutant.text + \
                text[mutant.last:end]
            first = "".join(parts).count("\n") + 1
            parts.append("if (nsc_mutant.number == %d)\n%s\nelse\n" %
                         (mutant.number, body))
            ranges.append((first, first + body.count("\n") + 2, mutant))
        parts.append(text[start:end] + "\n}")
    return "".join(parts) + text[at:], ranges
