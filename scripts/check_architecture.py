#!/usr/bin/env python3
"""Checks the house rules that a compiler does not: one line `file:line: what, expected` per violation.

The table ROOMS is the one place that says which room may include which (docs/architecture.md explains why); sizes and
banned words follow below it. Run with --self-test to check the checks.
"""
import argparse
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

# Room -> what it may include besides itself: a room, or one header of a room.
SEAM = ["core", "config", "tensor", "data/batch.hpp"]
EVERYTHING = ["core", "kernels", "config", "h5", "survival", "eval", "report", "tensor", "geometry", "nn", "losses", "data",
              "spatial", "recipe", "train"]
ROOMS = {
    "core": [],
    "kernels": [],
    "config": ["core"],
    "h5": ["core"],
    "survival": ["core"],
    "eval": ["core", "survival"],
    "report": ["core", "config", "survival", "eval"],
    "tensor": ["core"],
    "geometry": ["core", "tensor"],
    "nn": ["core", "kernels", "tensor", "geometry"],
    "losses": ["core", "tensor", "geometry", "nn"],
    "data": ["core", "config", "survival", "tensor", "h5"],
    "spatial": ["core", "config", "h5"],
    "recipe": SEAM,
    "recipes": SEAM + ["recipe", "geometry", "nn", "losses"],
    "train": ["core", "config", "survival", "eval", "tensor", "geometry", "nn", "losses", "data", "recipe"],
    "cuda": ["core", "tensor", "geometry", "nn", "losses"],
    "apps": EVERYTHING,
}
TORCH_FREE = {"core", "kernels", "config", "h5", "survival", "eval", "report", "spatial", "cuda"}
INNER = {("data", "spatial"): "spatial"}  # folder within a room -> a room of its own
TORCH_FOLDERS = ("ATen/", "torch/", "c10/", "caffe2/")

MAX_FILE, MAX_FUNCTION, MAX_RECIPE, MAX_ROOT_CMAKE, MAX_BYTES = 400, 40, 250, 80, 4 * 1024 * 1024
CODE = {".hpp", ".cpp", ".cu", ".cuh", ".h", ".py", ".sh", ".cmake"}
CPP = {".hpp", ".cpp", ".cu", ".cuh", ".h"}
TEXT = CODE | {".md", ".yaml", ".yml", ".txt", ".json", ".in", ""}

# Each is assembled so that this file does not match itself.
BANNED = [
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"), "nothing left for later in a tracked file"),
    (re.compile(r"(?<![\w.$}])/(?:wo" r"rk|fa" r"rm|ro" r"ot|ho" r"me/\w+)/"), "no path of one machine"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CMAKE_ROOM = re.compile(r"^\s*tractrix_room\((\w+)\s*(.*?)\)\s*$")


def room_of(path):
    """The room a file belongs to, or None for tests and everything that is no room."""
    parts = Path(path).parts
    for folder, room in INNER.items():
        if parts[1:3] == folder or parts[2:4] == folder:
            return room
    if parts[:2] == ("include", "tractrix") and len(parts) > 3:
        return "apps" if parts[2] == "app" else parts[2]
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return "apps" if parts[0] == "apps" and len(parts) > 2 else None


def included_room(room, target):
    """The room and header that an include names, or None for a system header or a file beside the includer."""
    parts = target.split("/")
    if parts[0] == "tractrix" and len(parts) > 2:
        parts = parts[1:]
    if tuple(parts[:2]) in INNER and len(parts) > 2:
        return INNER[tuple(parts[:2])], "/".join(parts)
    if len(parts) < 2 or (parts[0] not in ROOMS and room != "apps"):
        return None
    return "apps" if parts[0] == "app" else parts[0], "/".join(parts)


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1], match[2]


def check_include(path, room, quote, target):
    """What is wrong with one include line, or None."""
    if target.startswith(TORCH_FOLDERS):
        return f"includes {target}, expected: no torch in {room}" if room in TORCH_FREE else None
    if ".." in target.split("/"):
        return f"includes {target}, expected: a path from include/ or a file beside it"
    named = included_room(room, target) if quote == '"' or target.startswith("tractrix/") else None
    if named is None or named[0] == room:
        return None
    allowed = ROOMS[room]
    if named[0] in allowed or named[1] in allowed:
        return None
    return f"includes {target}, expected for {room}: only {' '.join(allowed) or 'itself'}"


def check_arrows(path, text):
    room = room_of(path)
    if room is None or Path(path).suffix not in CPP:
        return
    if room not in ROOMS:
        yield 1, f"room '{room}' is unknown, expected: one of {' '.join(ROOMS)} (table in scripts/check_architecture.py)"
        return
    for number, quote, target in includes(text):
        if complaint := check_include(path, room, quote, target):
            yield number, complaint


def check_cmake_rooms(path, text):
    """The link arrows of the root CMakeLists.txt lie within the table."""
    if path != "CMakeLists.txt":
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = CMAKE_ROOM.match(line)
        if not match:
            continue
        room, words = match[1], match[2].split()
        allowed = {entry.split("/")[0] for entry in ROOMS.get(room, [])}
        linked = set(words) & set(ROOMS) if "ROOMS" in words else set()
        if extra := sorted(linked - allowed):
            yield number, f"{room} links {' '.join(extra)}, expected: only {' '.join(sorted(allowed))}"
        if "TORCH" in words and room in TORCH_FREE:
            yield number, f"{room} links torch, expected: a torch-free room"


def blank_literals(text):
    """The code with comments, strings, characters and directives blanked; lines stay where they are."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
                       r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:\\\n|[^\n])*", re.S | re.M)
    return token.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


LAMBDA_HEAD = re.compile(r"\[[^\[\]]*\]\s*(\([^()]*\)\s*)?(mutable\s*)?(->[^{]*)?$")
TYPE_HEAD = re.compile(r"^\s*(?:(?:inline|export|typedef|static|const)\s+)*(class|struct|union|enum|namespace|extern)\b")


def brace_kind(head):
    """What a '{' outside of functions opens, judged by the text before it: type, function or data."""
    plain = re.sub(r"template\s*<[^<>]*(?:<[^<>]*>[^<>]*)*>", " ", head)
    if TYPE_HEAD.match(plain) and not re.match(r"^\s*(?:struct|class)\s+\w+\s+\w+\(", plain):
        return "type"
    if LAMBDA_HEAD.search(plain):
        return "function"
    if plain.count("(") != plain.count(")") or re.search(r"(?<![=!<>])=\s*$", plain):
        return "data"
    return "function" if "(" in plain else "data"


def functions(text):
    """(first line, lines) of every function body at namespace or class level; a lambda counts with its function."""
    code, stack, head, line, head_line = blank_literals(text), [], "", 1, None
    for index, char in enumerate(code):
        inside = any(kind == "function" for kind, _ in stack)
        if char == "{":
            stack.append(("block" if inside else brace_kind(head), head_line or line))
            if not inside and stack[-1][0] != "data":
                head, head_line = "", None
        elif char == "}" and stack:
            kind, first = stack.pop()
            if kind == "function":
                yield first, line - first + 1
                follows = code[index + 1:index + 40].lstrip()[:1]
                head_line = first if follows in (",", "{") and follows else None
                head = "()" if head_line else ""
            elif kind == "type":
                head, head_line = "", None
        elif not inside:
            if char == ";" and head.count("(") <= head.count(")"):
                head, head_line = "", None
            else:
                if head_line is None and not char.isspace():
                    head_line = line
                head += char
        line += char == "\n"


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def check_sizes(path, text):
    suffix, lines = Path(path).suffix, len(text.splitlines())
    limit = MAX_RECIPE if path.startswith("src/recipes/") else MAX_FILE
    if path == "CMakeLists.txt":
        limit, suffix = MAX_ROOT_CMAKE, ".cmake"
    if suffix not in CODE:
        return
    if lines > limit:
        yield limit + 1, f"file has {lines} lines, expected: at most {limit}"
    found = functions(text) if suffix in CPP else python_functions(text) if suffix == ".py" else ()
    for first, length in found:
        if length > MAX_FUNCTION:
            yield first, f"function has {length} lines, expected: at most {MAX_FUNCTION}"


def check_words(path, text):
    if path.startswith("tests/data/") or path == "LICENSE":
        return
    whole_torch = "torch/" + "torch.h"
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, expected in BANNED:
            if match := pattern.search(line):
                yield number, f"'{match[0]}', expected: {expected}"
        if Path(path).suffix in CPP and whole_torch in line and not path.startswith("tests/"):
            yield number, f"includes {whole_torch}, expected: only the headers that are used"


def check_changelog(path, text):
    if path == "docs/CHANGELOG.md" and not re.search(r"^## \[?Unreleased\]?", text, re.M):
        yield 1, "no Unreleased head, expected: a line '## [Unreleased]'"


CHECKS = [check_arrows, check_cmake_rooms, check_sizes, check_words, check_changelog]


def violations(path, text):
    for check in CHECKS:
        for number, what in check(path, text):
            yield f"{path}:{number}: {what}"


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], check=True, capture_output=True)
    return sorted(name for name in listed.stdout.decode().split("\0") if name and os.path.isfile(name))


def check_tree():
    found = []
    names = tracked_files()
    for path in names:
        size = os.path.getsize(path)
        if size > MAX_BYTES:
            found.append(f"{path}:1: file has {size} bytes, expected: at most {MAX_BYTES}")
        elif Path(path).suffix in TEXT:
            found.extend(violations(path, Path(path).read_text(encoding="utf-8", errors="replace")))
    if "docs/CHANGELOG.md" not in names:
        found.append("docs/CHANGELOG.md:1: not there, expected: a change log with an Unreleased head")
    print("\n".join(found) if found else f"{len(names)} files keep the rules")
    return 1 if found else 0


def self_test():
    from check_architecture_cases import CASES  # beside this file
    wrong = []
    for path, text, expected in CASES:
        got = [line.removeprefix(path + ":") for line in violations(path, text)]
        if len(got) != len(expected) or not all(want in have for want, have in zip(expected, got)):
            wrong.append(f"{path}: expected {expected}, got {got}\n{text}")
    print("\n".join(wrong) if wrong else f"{len(CASES)} cases as expected")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true", help="check the checks against known cases")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    os.chdir(Path(__file__).resolve().parent.parent)
    return check_tree()


if __name__ == "__main__":
    sys.exit(main())
