"""Text from elsewhere made harmless and tidy: no control characters, no page furniture."""

from __future__ import annotations

import re
import unicodedata

_KEPT = "\n"
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn"}
"""Unicode categories that a news text has no use for: control and format characters (bidirectional
overrides, zero-width letters, tags), private use, surrogates, unassigned."""
_SPACES = re.compile(r"[^\S\n]+")
_FURNITURE = re.compile(
    r"""^\W*(?:
    baca\s(?:juga|pula|selengkapnya) | simak\s(?:juga|video) | lihat\sjuga | tonton\sjuga | artikel\sterkait
    | berita\sterkait | topik\sterkait | bagikan\b.{0,40}$ | ikuti\s(?:kami|berita|saluran|kanal)
    | dapatkan\s(?:update|berita|notifikasi) | (?:download|unduh)\saplikasi | advertisement | iklan\W*$
    | scroll\sto\scontinue | gulir\suntuk | halaman\sselanjutnya | pilihan\seditor | tag[s]?\s*:
    | (?:penulis|editor|reporter|pewarta|sumber\sfoto)\s*:.{0,60}$ | copyright\b | hak\scipta\b | ©
    | (?:also|see|must)\s+read\b | read\s(?:also|more|next)\b | related\s(?:articles|stories|news|topics)\b
    | recommended\sfor\syou | share\s(?:this|on|via)\b | follow\sus\b | sign\sup\b.{0,80}newsletter
    | subscribe\b.{0,60}$ | click\shere\b.{0,60}$ | all\srights\sreserved | skip\sto\s(?:main|content)
    | (?:we|this\s(?:site|website)|situs\sini|kami)\b.{0,40}\b(?:use[s]?|menggunakan)\s.{0,20}cookies?\b
    | accept\s(?:all\s)?cookies? | terima\ssemua\scookie
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""Lines that are of the page, not of its report, in both languages. Told by how they begin."""
_LONGEST_FURNITURE = 40
"""Words from which a paragraph is kept however it begins."""


def clean(text: str) -> str:
    """`text` in Unicode's composed form, without invisible characters; of white space only single spaces
    and line breaks are left. Cleaning twice changes nothing more."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    text = text.replace("\u2029", "\n\n").replace("\x0b", "\n").replace("\x0c", "\n\n")
    text = "".join(
        character if character in _KEPT or not _invisible(character) else _instead(character)
        for character in text
    )
    # Composing can only join what is left: done last, so that a second time finds nothing to do.
    text = unicodedata.normalize("NFC", text)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def clean_line(text: str, longest: int = 300) -> str:
    """`text` cleaned and on one line, of at most `longest` characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def is_furniture(paragraph: str) -> bool:
    """Whether `paragraph` is navigation, a cookie banner, a call to read on or to share."""
    return bool(_FURNITURE.match(paragraph)) and len(paragraph.split()) < _LONGEST_FURNITURE


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE


def _instead(character: str) -> str:
    return " " if character in "\t\x1c\x1d\x1e\x1f\x85" else ""
