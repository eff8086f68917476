#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print the facts of the ABI that can be read in files, one on each line.

    facts.py BASE BTF SOURCE    types, kfuncs and headers: of the module's .BTF.base
                                and .BTF, as "bpftool -j btf dump" prints them, and
                                of the source
    facts.py --keys NAME        the keys of the JSON on standard input

Each line names one thing that users of the project may depend on. Adding a line is an
addition to the ABI; a line that goes or changes breaks it.
"""
import json
import pathlib
import re
import sys

# Grow with each addition.
GROWING = {"CHR_EXT_ABI", "CHR_EXT_VERSION", "CHR_EXT_ALL_FLAGS"}


def read(path):
    return path.read_text(encoding="utf-8")


class Types:
    """Types of the module and those of the kernel that it uses."""

    def __init__(self, *paths):
        self.by_id = {}
        for path in paths:
            with open(path, encoding="utf-8") as f:
                self.by_id.update((t["id"], t) for t in json.load(f)["types"])

    def name(self, ident):
        """A C type, without the order of the words that C wants."""
        if ident == 0:
            return "void"
        t = self.by_id[ident]
        kind = t["kind"]
        if kind in ("CONST", "VOLATILE", "RESTRICT"):
            return kind.lower() + " " + self.name(t["type_id"])
        if kind == "TYPE_TAG":
            return self.name(t["type_id"])
        if kind == "PTR":
            return self.name(t["type_id"]) + " *"
        if kind == "ARRAY":
            return f"{self.name(t['type_id'])}[{t['nr_elems']}]"
        if kind == "FUNC_PROTO":
            args = ", ".join(self.name(p["type_id"]) for p in t["params"])
            return f"{self.name(t['ret_type_id'])} ({args or 'void'})"
        if kind in ("STRUCT", "UNION", "ENUM", "FWD"):
            word = t.get("fwd_kind", kind).lower()
            return f"{word} {t['name']}"
        return t["name"]

    def structs(self, names):
        for t in self.by_id.values():
            if t["kind"] != "STRUCT" or t["name"] not in names:
                continue
            for m in t["members"]:
                where = f" at byte {m['bits_offset'] // 8}"
                # libbpf finds the members of the ops by their names.
                if t["name"] == "chr_ext_ops":
                    where = ""
                yield f"struct {t['name']}.{m['name']}: {self.name(m['type_id'])}{where}"

    def functions(self):
        """Some versions of pahole do not tag every kfunc."""
        for t in self.by_id.values():
            if t["kind"] == "FUNC":
                yield t["name"], self.name(t["type_id"])


def headers(folder):
    structs = set()
    facts = []
    for path in sorted(folder.glob("*.h")):
        text = read(path)
        structs.update(re.findall(r"^struct (chr_ext_\w+) {", text, re.M))
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        for name, args, value in re.findall(
                r"^#define (CHR_EXT_\w+|chr_ext_\w+)(\([^)]*\))?[ \t]*(.*)$", text, re.M):
            if args:
                facts.append(f"{path.name}: macro {name}{args}")
            elif value and name not in GROWING:
                facts.append(f"{path.name}: {name} = {' '.join(value.split())}")
        for name, value in re.findall(r"^\t(CHR_EXT_\w+)[ \t]*= (.*),$", text, re.M):
            if name not in GROWING:
                facts.append(f"{path.name}: {name} = {value}")
    return structs, facts


def rules(source, flags):
    """Flags of kfuncs, and the ops that may call them, of the manual."""
    for name, value in flags.items():
        yield f"kfunc {name} has {value or 'no flags'}"
    name = None
    for line in read(source / "Documentation/abi.md").splitlines():
        heading = re.match(r"## (\w+)", line)
        if heading:
            name = heading[1]
        ops = re.match(r"\*\*Ops:\*\* (.*)", line)
        if ops:
            for op in re.findall(r"\w+", ops[1]):
                yield f"kfunc {name} in {op}"


def files(base, btf, folder):
    source = pathlib.Path(folder)
    types = Types(base, btf)
    structs, facts = headers(source / "bpf/include/chr_ext")
    facts += types.structs(structs)
    flags = {}
    for path in sorted((source / "kfuncs").rglob("*.c")):
        flags.update(re.findall(r"^BTF_ID_FLAGS\(func, (\w+)(?:, ([A-Z_| ]+))?\)", read(path), re.M))
    facts += (f"kfunc {name}: {proto}" for name, proto in types.functions() if name in flags)
    facts += rules(source, flags)
    for name, value in re.findall(r"^\t(EXIT_\w+) = (\d+),", read(source / "user/chrext.h"), re.M):
        facts.append(f"chrext exits with {value}: {name}")
    for version, body in re.findall(r"^(\w+) \{(.*?)^\}", read(source / "user/lib/libchrext.map"),
                                    re.M | re.S):
        body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
        for name in re.findall(r"^\s*(chrext_\w+);", body, re.M):
            facts.append(f"libchrext {name}@{version}")
    return facts


def keys(value, path):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from keys(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, f"{path}[]")
        if not value:
            yield f"{path}[]"
    else:
        kind = {bool: "boolean", str: "string", type(None): "null"}.get(type(value), "number")
        yield f"{path}: {kind}"


if sys.argv[1] == "--keys":
    found = keys(json.load(sys.stdin), f"json {sys.argv[2]}")
else:
    found = files(*sys.argv[1:])
print("\n".join(sorted(set(found))))
