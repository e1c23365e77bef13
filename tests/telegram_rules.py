"""What Telegram takes and what it refuses: HTML, keyboards, lengths; in its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

_COMMAND, _MENTION = re.compile(r"^/\w+(@\w+)?"), re.compile(r"@\w{3,}")
_ENTITY = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
_TOKEN = re.compile(r"<[^>]*>?|[^<]+")
_START = re.compile(
    r"<([a-z][a-z-]*)((?:\s+[a-z-]+(?:=(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))?)*)\s*>"
)
_ATTRIBUTE = re.compile(r"([a-z-]+)(?:=(?:\"([^\"]*)\"|'([^']*)'|(\S+)))?")
_END = re.compile(r"</([a-z-]+)\s*>")
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")


class ApiError(Exception):
    """A refusal, as Telegram words it."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        self.status, self.description, self.retry_after = status, description, retry_after


class HtmlError(ValueError):
    """Telegram's words for HTML that it does not take."""


def units(text: str) -> int:
    """UTF-16 code units; UnicodeEncodeError for a lone surrogate."""
    return len(text.encode("utf-16-le")) // 2


@dataclass
class Parsed:
    """What is shown, and its entities with offsets in UTF-16 units."""

    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)


def parse(html: str) -> Parsed:
    """Read `html`; HtmlError where Telegram would answer 400 can't parse entities."""
    parsed = Parsed()
    opened: list[tuple[str, dict[str, Any]]] = []
    for token in _TOKEN.findall(html):
        if not token.startswith("<"):
            # Telegram knows four names and the numbers; other references stay as they are.
            parsed.text += _REFERENCE.sub(lambda match: unescape(match[0]), token)
        elif token.startswith("</"):
            _close(token, opened, parsed)
        else:
            opened.append(_open(token, opened, parsed))
    if opened:
        raise HtmlError(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return parsed


def _open(
    token: str, opened: list[tuple[str, dict[str, Any]]], parsed: Parsed
) -> tuple[str, dict[str, Any]]:
    match = _START.fullmatch(token)
    if match is None or match[1] not in _ENTITY:
        raise HtmlError(f'Unsupported start tag "{token[1:].split(">")[0].split(" ")[0]}"')
    tag = match[1]
    attributes = {
        name: unescape(a or b or c or "") for name, a, b, c in _ATTRIBUTE.findall(match[2])
    }
    entity: dict[str, Any] = {"type": _ENTITY[tag], "offset": units(parsed.text)}
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise HtmlError('Tag "span" must have class "tg-spoiler"')
    if tag == "blockquote":
        if any(name == "blockquote" for name, _ in opened):
            raise HtmlError("Block quotes can't be nested")
        if "expandable" in attributes:
            entity["type"] = "expandable_blockquote"
    if tag == "a":
        entity["url"] = attributes.get("href", "")
    return tag, entity


def _close(token: str, opened: list[tuple[str, dict[str, Any]]], parsed: Parsed) -> None:
    match = _END.fullmatch(token)
    name = match[1] if match else token
    if match is None or not opened or opened[-1][0] != name:
        expected = f'expected "</{opened[-1][0]}>", found "</{name}>"' if opened else f'"{name}"'
        raise HtmlError(f"Unmatched end tag, {expected}")
    _, entity = opened.pop()
    entity["length"] = units(parsed.text) - entity["offset"]
    # Telegram silently drops an empty entity, and a link without an address.
    if entity["length"] and entity.get("url", "-"):
        parsed.entities.append(entity)


def found_entities(text: str) -> list[Json]:
    """Commands and mentions, which Telegram finds in what people write."""
    found = [("bot_command", match) for match in _COMMAND.finditer(text)]
    if not found:
        found = [("mention", match) for match in _MENTION.finditer(text)]
    return [
        {"type": kind, "offset": units(text[: match.start()]), "length": units(match[0])}
        for kind, match in found
    ]


_KINDS = ("url", "callback_data", "switch_inline_query", "switch_inline_query_current_chat")


def checked_keyboard(markup: Json | None) -> Json | None:
    """A checked inline keyboard."""
    rows = (markup or {}).get("inline_keyboard", [])
    for row in rows:
        if not 1 <= len(row) <= 8:
            raise ApiError(400, "Bad Request: BUTTON_ROW_INVALID")
        for button in row:
            if not str(button.get("text", "")).strip():
                raise ApiError(
                    400, "Bad Request: text buttons are unallowed in the inline keyboard"
                )
            if sum(kind in button for kind in _KINDS) != 1:
                raise ApiError(400, "Bad Request: BUTTON_TYPE_INVALID")
            if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
            if "url" in button:
                parts = urlsplit(button["url"])
                if parts.scheme not in ("http", "https", "tg") or "." not in (parts.hostname or ""):
                    raise ApiError(400, "Bad Request: BUTTON_URL_INVALID")
    if sum(len(row) for row in rows) > 100:
        raise ApiError(400, "Bad Request: reply markup is too long")
    return markup


def checked_content(parameters: Json, text_key: str = "text") -> Json:
    """Text, entities and keyboard of a message; ApiError where Telegram would refuse them."""
    text, entities = parameters.get(text_key, ""), []
    if mode := parameters.get("parse_mode"):
        assert mode == "HTML", f"parse mode {mode} is not supported by this server"
        try:
            parsed = parse(text)
        except HtmlError as error:
            raise ApiError(400, f"Bad Request: can't parse entities: {error}") from error
        text, entities = parsed.text, parsed.entities
    if not text.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    if units(text) > 4096:
        raise ApiError(400, "Bad Request: message is too long")
    content: Json = {"text": text.strip(), "html": parameters.get(text_key, "")}
    if entities:
        content["entities"] = entities[:100]  # Telegram drops the rest without a word
    if markup := checked_keyboard(parameters.get("reply_markup")):
        content["reply_markup"] = markup
    return content


def check_inline_answer(parameters: Json) -> None:
    """ApiError where Telegram would refuse the results of an inline query."""
    results = parameters["results"]
    if len(results) > 50:
        raise ApiError(400, "Bad Request: RESULTS_TOO_MUCH")
    ids = [result.get("id", "") for result in results]
    if any(not 1 <= len(id.encode()) <= 64 for id in ids):
        raise ApiError(400, "Bad Request: RESULT_ID_INVALID")
    if len(set(ids)) != len(ids):
        raise ApiError(400, "Bad Request: RESULT_ID_DUPLICATE")
    for result in results:
        if result["type"] != "article" or not result.get("title", "").strip():
            raise ApiError(400, "Bad Request: ARTICLE_TITLE_EMPTY")
        content = checked_content(result["input_message_content"], "message_text")
        if not content.get("text"):
            raise ApiError(400, "Bad Request: MESSAGE_EMPTY")
        checked_keyboard(result.get("reply_markup"))
    if button := parameters.get("button"):
        if not 1 <= units(button["text"]) <= 64:
            raise ApiError(400, "Bad Request: SWITCH_PM_TEXT_INVALID")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", button.get("start_parameter", "")):
            raise ApiError(400, "Bad Request: START_PARAM_INVALID")


def check_commands(parameters: Json) -> None:
    """ApiError where Telegram would refuse a menu of commands."""
    scopes = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
    if parameters.get("scope", {}).get("type", "default") not in scopes:
        raise ApiError(400, "Bad Request: BotCommandScope is invalid")
    if not 1 <= len(parameters["commands"]) <= 100:
        raise ApiError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    for command in parameters["commands"]:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
            raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= units(command["description"]) <= 256:
            raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")


def check_webhook(parameters: Json) -> None:
    """ApiError where Telegram would refuse a webhook."""
    if not parameters["url"].startswith("https://"):
        raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", parameters.get("secret_token", "")):
        raise ApiError(400, "Bad Request: secret token contains unallowed characters")


def at_most(limit: int, text: str) -> bool:
    """True; ApiError where `text` is longer than `limit` units."""
    if units(text) > limit:
        raise ApiError(400, "Bad Request: text is too long")
    return True
