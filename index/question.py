"""What can be asked: text, not empty, not too long."""

from __future__ import annotations

import unicodedata


class QuestionError(ValueError):
    """A question that cannot be asked. `code`: "empty", "too_long" or "not_text"; `limit`: characters."""

    def __init__(self, code: str, limit: int) -> None:
        self.code = code
        self.limit = limit
        super().__init__(f"question is {code}; at most {limit} characters of text")


def check_question(question: object, limit: int) -> str:
    """`question` without control characters and surplus white space; QuestionError where it is none."""
    if not isinstance(question, str):
        raise QuestionError("not_text", limit)
    if len(question) > limit:
        raise QuestionError("too_long", limit)
    visible = "".join(
        " " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character
        for character in question
        # Direction overrides and zero-width characters hide what a text says; lone surrogates are
        # no text at all.
        if unicodedata.category(character) not in ("Cf", "Cs", "Co", "Cn")
    )
    text = " ".join(visible.split())
    if not text:
        raise QuestionError("empty", limit)
    if not any(character.isalnum() for character in text):
        raise QuestionError("not_text", limit)
    return text
