# SPDX-License-Identifier: GPL-2.0-only
"""Reads a VCD file as strictly as the format is meant and prints its changes:
   SCOPE.NAME TIME VALUE, the time in ns since time 0 of the file; first
   "start NS" if a comment has it, last "end TIME". Exit status 1: not a VCD.
"""
import re
import sys


class Bad(Exception):
    pass


def need(what, message):
    if not what:
        raise Bad(message)
    return what


def header(words):
    scope, scopes, names, fields = [], set(), {}, {}
    for word in words:
        need(word.startswith("$"), f"{word} in the header")
        body = []
        for part in words:
            if part == "$end":
                break
            need(not part.startswith("$") or (word == "$var" and len(body) == 2),
                 f"{part} in {word}")
            body.append(part)
        else:
            raise Bad(f"{word} has no end")
        if word == "$enddefinitions":
            need(not body and not scope, "definitions end in a scope")
            need("$timescale" in fields, "no timescale")
            need(names, "no variables")
            return names, fields
        if word == "$scope":
            need(len(body) == 2 and body[0] == "module", f"scope {body}")
            scope.append(body[1])
            need(tuple(scope) not in scopes, f"scope {body[1]} twice")
            scopes.add(tuple(scope))
        elif word == "$upscope":
            need(scope and not body, "upscope without scope")
            scope.pop()
        elif word == "$var":
            need(len(body) == 4 and body[:2] == ["wire", "1"], f"var {body}")
            need(scope, f"{body[3]} is in no scope")
            need(re.fullmatch("[!-~]+", body[2]), f"id {body[2]}")
            need(body[2] not in names, f"id {body[2]} twice")
            name = ".".join(scope + [body[3]])
            need(re.fullmatch(r"[A-Za-z_][\w.-]*", body[3]), f"name {name}")
            need(name not in names.values(), f"{name} twice")
            names[body[2]] = name
        elif word in ("$date", "$version", "$timescale", "$comment"):
            need(body and word not in fields, f"{word} twice or empty")
            fields[word] = " ".join(body)
        else:
            raise Bad(f"{word} in the header")
    raise Bad("the header has no end")


def changes(words, names):
    state, now, dump = {}, None, False
    for word in words:
        if word == "$dumpvars":
            need(now == 0 and not state and not dump, "dumpvars not at time 0")
            dump = True
        elif word == "$end":
            need(dump and set(state) == set(names), "not all are dumped")
            dump = False
        elif word[0] == "#":
            time = int(need(re.fullmatch(r"#(\d+)", word), word)[1])
            need(not dump and (now is None or time > now), f"{word} after {now}")
            now = time
        else:
            value, ident = word[0], word[1:]
            need(value in "01xz" and ident in names, word)
            need(now is not None, "a value before any time")
            need(dump == (ident not in state), f"{word} in or before dumpvars")
            need(state.get(ident) != value, f"{word} is no change")
            state[ident] = value
            if not dump:
                print(names[ident], now, value)
    need(state, "no dumpvars")
    print("end", now)


def main(path):
    with open(path, encoding="ascii") as f:
        words = iter(f.read().split())
    names, fields = header(words)
    need(fields["$timescale"] == "1 ns", fields["$timescale"])
    start = re.search(r"time 0 is (\d+) ns", fields.get("$comment", ""))
    if start:
        print("start", start[1])
    changes(words, names)


try:
    main(sys.argv[1])
except (Bad, OSError, UnicodeDecodeError) as e:
    sys.exit(f"{sys.argv[1]}: {e}")
