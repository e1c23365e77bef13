"""Slips of the finger: how far apart two words are."""

from __future__ import annotations


def near(typed: str, meant: str) -> bool:
    """Whether one slip makes `meant` of `typed`: a letter too many, missing, wrong, or two swapped."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return typed == meant
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    rest, wanted = typed[start:], meant[start:]
    return (
        rest[1:] == wanted[1:]
        or rest[1:] == wanted
        or rest == wanted[1:]
        or (rest[1::-1] == wanted[:2] and rest[2:] == wanted[2:])
    )
