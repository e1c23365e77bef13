"""A Bot API server for tests: real HTTP, to which an unmodified python-telegram-bot talks.

    with TelegramServer() as server:
        server.say(7, "Kapan KTT ASEAN?")          # a person writes in a private chat
        message = await server.next_message()      # what the bot sends back
        server.press(message, "A")                 # the person taps a button

Chats with negative ids are groups. `fail` makes the next calls of a method go wrong.
"""

from __future__ import annotations

import asyncio
import copy
import json
import queue
import re
import socket
import struct
import threading
import time
import urllib.request
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.telegram_rules import (
    ApiError,
    HtmlError,
    Json,
    at_most,
    checked_keyboard,
    found_entities,
    parse,
    units,
)

TOKEN = "987654:AAtest-token_of-a-bot-that-is-not"
BOT_ID = 987654
USERNAME = "TanyaTestBot"
_STRINGS = ("text", "description", "short_description", "callback_query_id", "url", "secret_token")


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call: a refusal, a delay, a cut connection.

    `performed`: the call takes effect all the same, only its reply is lost or late.
    """

    status: int = 0
    description: str = ""
    retry_after: int | None = None
    delay: float = 0.0
    reset: bool = False
    performed: bool = False


class TelegramServer:
    """The server in a thread of its own; a context manager. `url` is its address."""

    def __init__(self) -> None:
        self.me: Json = {"id": BOT_ID, "is_bot": True, "first_name": "Tanya", "username": USERNAME}
        self._lock = threading.Condition()
        self._calls: list[tuple[str, Json]] = []
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._updates: list[Json] = []
        self._again: list[Json] = []
        self._update_id, self._message_id, self._poll = 1000, 0, 0
        self._messages: dict[tuple[int, int], Json] = {}
        self._chats: set[int] = set()
        self._webhook: Json = {}
        self._sent: queue.Queue[Json] = queue.Queue()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.telegram = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> TelegramServer:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._poll = -1
            self._lock.notify_all()
        self._http.shutdown()
        self._http.server_close()

    # What people do

    def say(
        self,
        chat: int,
        text: str | None = None,
        *,
        user: int = 0,
        language: str | None = "id",
        reply_to: Json | None = None,
        entities: list[Json] | None = None,
        sender: Json | None = None,
        **content: Any,
    ) -> Json:
        """Someone writes `text`, or sends `content` (voice={…}); returns the message."""
        message = self._message(chat, user or abs(chat), language, text, entities)
        if reply_to is not None:
            # Telegram shows one level of replies only.
            message["reply_to_message"] = {**reply_to}
            message["reply_to_message"].pop("reply_to_message", None)
        if sender is not None:
            message["from"] = sender
        message.update(content)
        self._update("message", message)
        return message

    def edit(self, message: Json, text: str) -> None:
        """Someone edits a message of theirs."""
        self._update("edited_message", {**message, "text": text, "edit_date": int(time.time())})

    def press(self, message: Json, button: str, language: str = "id", gone: bool = False) -> None:
        """Someone taps the button with the label `button`; `gone`: too old for Telegram to show."""
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if b["text"] == button)
        chat = message["chat"]
        shown = {"chat": chat, "message_id": message["message_id"], "date": 0} if gone else message
        query = {
            "id": str(self._update_id),
            "from": _user(abs(chat["id"]), language),
            "chat_instance": "1",
            "message": shown,
            "data": data,
        }
        self._update("callback_query", query)

    def redeliver(self) -> None:
        """Hand out the latest update once more, as Telegram does when a confirmation is lost."""
        with self._lock:
            self._again.append(self._last)
            self._lock.notify_all()

    # What tests ask

    async def next_message(self, within: float = 15.0) -> Json:
        """The next message that the bot sent; TimeoutError where there is none."""
        try:
            return await asyncio.to_thread(self._sent.get, timeout=within)
        except queue.Empty:
            raise TimeoutError(f"the bot sent no message within {within} s") from None

    def calls(self, method: str) -> list[Json]:
        """The parameters of every call of `method` so far, refused ones included."""
        with self._lock:
            return [parameters for name, parameters in self._calls if name == method]

    async def called(self, method: str, times: int = 1, within: float = 15.0) -> list[Json]:
        """Wait until `method` was called so often; returns its calls."""
        end = time.monotonic() + within
        while len(calls := self.calls(method)) < times:
            if time.monotonic() > end:
                raise TimeoutError(f"{method} was called {len(calls)} times, not {times}")
            await asyncio.sleep(0.01)
        return calls

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of `method` go wrong, one fault each."""
        with self._lock:
            self._faults[method].extend(faults)

    # The API

    def handle(self, token: str, method: str, parameters: Json) -> object:
        """Answer one call; ApiError where it is refused."""
        if token != TOKEN:
            known = re.fullmatch(r"\d+:[\w-]+", token)
            raise ApiError(401, "Unauthorized") if known else ApiError(404, "Not Found")
        api: Callable[[Json], object] | None = getattr(self, f"_api_{method}", None)
        if api is None:
            raise ApiError(404, "Not Found")
        with self._lock:
            self._calls.append((method, parameters))
            fault = self._faults[method].popleft() if self._faults[method] else Fault()
        if fault.performed:
            api(parameters)
        time.sleep(fault.delay)
        if fault.reset:
            raise ConnectionResetError
        if fault.status:
            raise ApiError(fault.status, fault.description or "Fault", fault.retry_after)
        return True if fault.performed else api(parameters)

    def _api_getMe(self, parameters: Json) -> object:
        return {**self.me, "can_join_groups": True, "can_read_all_group_messages": False}

    def _api_getUpdates(self, parameters: Json) -> object:
        if self._webhook.get("url"):
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        offset, end = parameters.get("offset", 0), time.monotonic() + parameters.get("timeout", 0)
        wanted = parameters.get("allowed_updates")
        with self._lock:
            self._poll += 1
            mine = self._poll
            self._lock.notify_all()
            while True:
                if self._poll != mine:
                    raise ApiError(
                        409,
                        "Conflict: terminated by other getUpdates request; "
                        "make sure that only one bot instance is running",
                    )
                self._updates = [u for u in self._updates if u["update_id"] >= offset]
                ready = [u for u in self._updates if not wanted or set(wanted) & set(u)]
                ready, self._again = self._again + ready, []
                if ready or time.monotonic() >= end:
                    return ready[: parameters.get("limit", 100)]
                self._lock.wait(end - time.monotonic())

    def _api_sendMessage(self, parameters: Json) -> object:
        chat, replied = parameters["chat_id"], None
        if chat not in self._chats:
            raise ApiError(400, "Bad Request: chat not found")
        if reply := parameters.get("reply_parameters"):
            replied = self._messages.get((chat, reply["message_id"]))
            if replied is None and not reply.get("allow_sending_without_reply"):
                raise ApiError(400, "Bad Request: message to be replied not found")
        content = self._content(parameters)
        with self._lock:
            message = self._message(chat, BOT_ID, None, None, None)
            message.update(content, **{"from": self.me})
            if replied is not None:
                message["reply_to_message"] = replied
            self._sent.put(copy.deepcopy(message))  # a later edit must not change it
            return message

    def _api_editMessageText(self, parameters: Json) -> object:
        message = self._messages[parameters["chat_id"], parameters["message_id"]]
        content = self._content(parameters)
        if all(
            message.get(key) == content.get(key) for key in ("text", "entities", "reply_markup")
        ):
            raise ApiError(400, "Bad Request: message is not modified")
        message.pop("reply_markup", None)
        message.update(content)
        return message

    def _api_editMessageReplyMarkup(self, parameters: Json) -> object:
        message = self._messages[parameters["chat_id"], parameters["message_id"]]
        message["reply_markup"] = checked_keyboard(parameters.get("reply_markup"))
        return message

    def _api_setWebhook(self, parameters: Json) -> object:
        self._webhook = parameters
        return True

    def _api_deleteWebhook(self, parameters: Json) -> object:
        self._webhook = {}
        return True

    def _api_getWebhookInfo(self, parameters: Json) -> object:
        return {
            "url": self._webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }

    def _api_setMyCommands(self, parameters: Json) -> object:
        for command in parameters["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= units(command["description"]) <= 256:
                raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        return True

    def _api_setMyDescription(self, parameters: Json) -> object:
        return at_most(512, parameters.get("description", ""))

    def _api_setMyShortDescription(self, parameters: Json) -> object:
        return at_most(120, parameters.get("short_description", ""))

    def _api_answerCallbackQuery(self, parameters: Json) -> object:
        return at_most(200, parameters.get("text", ""))

    def _api_sendChatAction(self, parameters: Json) -> object:
        return True

    # Messages and updates

    def _content(self, parameters: Json) -> Json:
        text, entities = parameters.get("text", ""), []
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
        content: Json = {"text": text.strip(), "html": parameters.get("text", "")}
        if entities:
            content["entities"] = entities
        if markup := checked_keyboard(parameters.get("reply_markup")):
            content["reply_markup"] = markup
        return content

    def _message(
        self, chat: int, user: int, language: str | None, text: str | None, entities: Any
    ) -> Json:
        with self._lock:
            self._message_id += 1
            kind = {"type": "private"} if chat > 0 else {"type": "supergroup", "title": "Warga"}
            message: Json = {
                "message_id": self._message_id,
                "date": int(time.time()),
                "chat": {"id": chat, **kind},
                "from": _user(user, language),
            }
            if text is not None:
                message["text"] = text
                if found := entities if entities is not None else found_entities(text):
                    message["entities"] = found
            self._chats.add(chat)
            self._messages[chat, self._message_id] = message
            return message

    def _update(self, kind: str, content: Json) -> None:
        with self._lock:
            self._update_id += 1
            self._last: Json = {"update_id": self._update_id, kind: content}
            if not self._webhook.get("url"):
                self._updates.append(self._last)
                return self._lock.notify_all()
        headers = {"Content-Type": "application/json"}
        if secret := self._webhook.get("secret_token"):
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        body = json.dumps(self._last).encode()
        request = urllib.request.Request(self._webhook["url"], body, headers)
        urllib.request.urlopen(request, timeout=10).close()


def _user(user: int, language: str | None) -> Json:
    person: Json = {"id": user, "is_bot": False, "first_name": "Warga"}
    return person if language is None else {**person, "language_code": language}


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    telegram: TelegramServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle of a long poll is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: with Nagle's algorithm the second waits 40 ms for an ACK.
    disable_nagle_algorithm = True
    server: _Http

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        parameters = {
            key: _value(key, value) for key, value in parse_qsl(body, keep_blank_values=True)
        }
        match = re.fullmatch(r"/bot([^/]+)/(\w+)", self.path)
        try:
            token, method = match.groups() if match else ("", "")
            result = self.server.telegram.handle(token, method, parameters)
            self._reply(200, {"ok": True, "result": result})
        except ApiError as error:
            reply: Json = {
                "ok": False,
                "error_code": error.status,
                "description": error.description,
            }
            if error.retry_after is not None:
                reply["parameters"] = {"retry_after": error.retry_after}
            self._reply(error.status, reply)
        except ConnectionResetError:
            # Zero linger: closing sends RST, not FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

    def do_GET(self) -> None:
        self.do_POST()

    def _reply(self, status: int, reply: Json) -> None:
        body = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: tests ask `calls`."""


def _value(key: str, text: str) -> Any:
    """A form value: Telegram's clients send everything but strings as JSON."""
    if key not in _STRINGS and re.fullmatch(r"-?\d+|true|false|[\[{].*[\]}]", text, re.DOTALL):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
