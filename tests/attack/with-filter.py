#!/usr/bin/python3
"""Runs a program under the filter of system calls that a systemd unit's lines describe, as systemd would.

usage: with-filter.py UNIT COMMAND...

The lines SystemCallFilter= and SystemCallErrorNumber= of UNIT are read; systemd-analyze says what is in a group. What is not
allowed fails with EPERM, and so does a system call of another architecture (SystemCallArchitectures=native).
"""

import os
import re
import subprocess
import sys

import seccomp


def groups():
    """What is in each of systemd's groups, as it says itself."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], check=True, capture_output=True, text=True).stdout
    found = {}
    members = set()
    for line in text.splitlines():
        if re.fullmatch(r"@\S+", line):
            members = found.setdefault(line, set())
        elif re.fullmatch(r"    [@\w]\S*", line):
            members.add(line.strip())
        elif line and not line.startswith(" "):
            members = set()  # What follows is in no group.
    return found


def members(name, known):
    """The system calls that a name of a unit's line stands for."""
    if not name.startswith("@"):
        return {name}
    return set().union(*(members(each, known) for each in known[name]))


def allowed(unit):
    """Lines add up; one that begins with ~ takes away. @default is always allowed, as by systemd."""
    known = groups()
    calls = members("@default", known)
    for value in re.findall(r"^SystemCallFilter=(.*)$", unit, re.M):
        names = value.lstrip("~").split()
        of_line = set().union(*(members(name, known) for name in names))
        calls = calls - of_line if value.startswith("~") else calls | of_line
    return calls


def main():
    with open(sys.argv[1], encoding="utf8") as file:
        unit = file.read()
    assert re.search(r"^SystemCallErrorNumber=EPERM$", unit, re.M), "this knows of EPERM alone"
    rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
    for name in sorted(allowed(unit)):
        try:
            rules.add_rule(seccomp.ALLOW, name)
        except RuntimeError:
            pass  # A call that this architecture, or this libseccomp, does not have.
    rules.load()
    os.execvp(sys.argv[2], sys.argv[2:])


main()
