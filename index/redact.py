"""Takes out of a text what could tell who wrote it: e-mail addresses, phone numbers, NIK (identity cards)."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[\w.%+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+")
_NIK = re.compile(r"(?<![\d.,])(?:\d[ .-]?){15}\d(?![\d])")
_PHONE = re.compile(
    r"(?<![\w.,])(?:\+|00)?\(?(?:62|0)\)?[\s.-]?\(?8\d{1,2}\)?(?:[\s.-]?\d{2,4}){2,3}(?!\d)"
)


def redacted(text: str) -> str:
    """`text` with [email], [NIK] and [phone] in the place of such things."""
    text = _EMAIL.sub("[email]", text)
    text = _NIK.sub("[NIK]", text)
    return _PHONE.sub("[phone]", text)
