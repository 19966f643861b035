"""Puts a table into a page, between two lines that mark its place."""

import sys


def write_between(path, name, text):
    """Puts `text` in the place of what stands between <!-- name --> and <!-- end of name --> in a file."""
    first, last = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    with open(path, encoding="utf-8") as file:
        old = file.read()
    if first not in old or last not in old.split(first, 1)[1]:
        sys.exit(f"{path} has no lines {first.strip()} … {last.strip()}")
    head, rest = old.split(first, 1)
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + first + text + last + rest.split(last, 1)[1])
