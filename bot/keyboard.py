"""The buttons under an answer, and what their 64 bytes of callback data say.

Nothing is remembered for a button: what it needs stands in its data and in the message that carries
it, so that buttons outlive a restart and another index.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.markup import one_line, web_address
from bot.message import Messages, wording
from corpus.article import LANGUAGES
from index.answer import Answer, AnswerPassage

Rows = Sequence[Sequence[InlineKeyboardButton]]

SHOW = "show:"
"""Begins the data of a button that looks at the same answer in another way."""
RATE = "rate:"
REASON = "why:"
AGAIN = "again"
REASONS = ("off", "old", "wrong", "unclear")
MOST = 9
"""Passages in a message at most; more would leave each too little room."""

_BUTTON, _PAIRED = 40, 22
_CHOSEN = "✓ "
_ID = r"[0-9a-f]{32}"


@dataclass(frozen=True, slots=True)
class View:
    """How an answer is looked at: passages asked for, language, whether only recent news counts."""

    k: int
    language: str
    recent: bool = False

    def data(self) -> str:
        """The callback data of a button that shows this view."""
        return f"{SHOW}{self.k}:{self.language}{':recent' if self.recent else ''}"

    @classmethod
    def read(cls, data: str) -> View | None:
        """The view of a button's data; None for anything else."""
        match = re.fullmatch(rf"{SHOW}([1-9]):([a-z]{{2}})(:recent)?", data)
        if match is None or match[2] not in LANGUAGES:
            return None
        return cls(int(match[1]), match[2], match[3] is not None)


def address(passage: AnswerPassage) -> str | None:
    """Where a citizen may open the source of `passage`."""
    return web_address(passage.link) or web_address(passage.source.url)


def keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    """`rows` as a keyboard; None where there are none."""
    return InlineKeyboardMarkup(rows) if rows else None


def source_rows(shown: Sequence[AnswerPassage]) -> list[list[InlineKeyboardButton]]:
    """A button for each source that can be opened; two in a row where there are several."""
    found = [(n, p, url) for n, p in enumerate(shown, start=1) if (url := address(p))]
    room = _BUTTON if len(found) == 1 else _PAIRED
    buttons = [
        InlineKeyboardButton(f"{n}. {one_line(p.source.publisher, room)}", url=url)
        for n, p, url in found
    ]
    return [buttons[at : at + 2] for at in range(0, len(buttons), 2)]


def view_row(answer: Answer, messages: Messages, view: View) -> list[InlineKeyboardButton]:
    """Buttons for other views of `answer`: more passages, the other language, recent news only.

    More only where there may be more; recent ones only where older and newer news stand together.
    """

    def button(key: str, other: View) -> InlineKeyboardButton:
        return InlineKeyboardButton(messages.button(key), callback_data=other.data())

    row = []
    if len(answer.passages) >= view.k and view.k < MOST:
        row.append(button("more", replace(view, k=min(MOST, view.k + 3))))
    other = next(language for language in LANGUAGES if language != answer.language)
    row.append(button(f"in_{other}", replace(view, language=other)))
    # Without a date nobody knows.
    ages = {p.old for p in answer.passages if p.source.published is not None}
    if view.recent:
        row.append(button("any_time", replace(view, recent=False)))
    elif ages == {True, False}:
        row.append(button("recent", replace(view, recent=True)))
    return row


def rating_rows(
    messages: Messages, id: str, helpful: bool | None = None, reason: str | None = None
) -> list[list[InlineKeyboardButton]]:
    """Thumbs up and down for the journal's entry `id`; after thumbs down, reasons to choose from."""

    def button(key: str, data: str, chosen: bool) -> InlineKeyboardButton:
        label = messages.button(key)
        return InlineKeyboardButton(
            f"{_CHOSEN}{label}" if chosen else label, callback_data=f"{data}:{id}"
        )

    rows = [
        [
            button("helpful", f"{RATE}yes", helpful is True),
            button("unhelpful", f"{RATE}no", helpful is False),
        ]
    ]
    if helpful is False:
        reasons = [button(f"why_{r}", f"{REASON}{r}", r == reason) for r in REASONS]
        rows += [reasons[:2], reasons[2:]]
    return rows


def read_rating(data: str) -> tuple[bool, str] | None:
    """Whether the answer helped, and the journal's id, of a button's data."""
    match = re.fullmatch(rf"{RATE}(yes|no):({_ID})", data)
    return (match[1] == "yes", match[2]) if match else None


def read_reason(data: str) -> tuple[str, str] | None:
    """Why the answer did not help, and the journal's id, of a button's data."""
    match = re.fullmatch(rf"{REASON}({'|'.join(REASONS)}):({_ID})", data)
    return (match[1], match[2]) if match else None


def without_rating(rows: Rows) -> list[list[InlineKeyboardButton]]:
    """Those of `rows` that hold no ratings."""
    return [list(row) for row in rows if not _rates(row)]


def _rates(row: Sequence[InlineKeyboardButton]) -> bool:
    data = [button.callback_data for button in row]
    return all(isinstance(item, str) and item.startswith((RATE, REASON)) for item in data)


def read_ratings(rows: Rows) -> tuple[str, bool | None, str | None] | None:
    """Of what rating buttons say: the journal's id, and what is chosen so far; None without any."""
    id: str | None = None
    helpful: bool | None = None
    why: str | None = None
    for button in (button for row in rows for button in row):
        data, chosen = str(button.callback_data or ""), button.text.startswith(_CHOSEN)
        if rating := read_rating(data):
            id = rating[1]
            helpful = rating[0] if chosen else helpful
        elif reason := read_reason(data):
            why = reason[0] if chosen else why
    return (id, helpful, why) if id is not None else None


def spoken(rows: Rows) -> str | None:
    """The language of the answer over `rows`, where one of them offers the other language."""
    for button in (button for row in rows for button in row):
        view = View.read(str(button.callback_data or ""))
        if view is None:
            continue
        labels = {wording(language)["button"][f"in_{view.language}"] for language in LANGUAGES}
        if button.text in labels:
            return next(language for language in LANGUAGES if language != view.language)
    return None
