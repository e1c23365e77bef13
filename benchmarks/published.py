"""Seconds from "a report stands in the feed" to "it is the answer", over HTTP and in the chat.

A news site, a Bot API server and `tanya serve` on this machine, with the shipped articles and the bundled
model. Once `tanya serve --collect-every` looks by itself, once `tanya collect` is run beside a server at the
moment of publication. A question is asked again and again until the report is what answers it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.news_pages import Report
from tests.news_site import NewsSite, open_site
from tests.telegram_server import TOKEN, TelegramServer
from tests.test_serve import ROOT, free_port, running, until_ready

PATIENCE = 90.0
PLACES = {
    "Kelapa Biru": (
        "Taman Kelapa Biru dibuka untuk umum pada pukul 06.00 oleh wali kota. Pengunjung boleh membawa "
        "sepeda, sedangkan kendaraan bermotor harus diparkir di terminal utara. Tiga ratus pohon kelapa "
        "ditanam oleh anak sekolah di sepanjang sungai, dan sebuah panggung kayu disiapkan untuk tarian."
    ),
    "Rawa Merpati": (
        "Wali kota mengumumkan bahwa Taman Rawa Merpati dibuka pada pukul 07.30. Di sana warga dapat "
        "melihat burung air dari menara bambu setinggi dua puluh meter. Anak-anak di bawah sepuluh tahun "
        "harus ditemani orang tua karena jalan setapak di atas rawa masih licin setelah hujan semalam."
    ),
    "Bukit Cendana": (
        "Taman Bukit Cendana dibuka pada pukul 09.00 setelah diperbaiki selama setahun. Kereta gantung "
        "membawa para tamu ke puncak dalam empat menit, dan dari warung di atas terlihat seluruh teluk. "
        "Pengelola meminta pengunjung membawa pulang sampah mereka, sebab truk tidak bisa naik ke bukit."
    ),
    "Teluk Kartika": (
        "Mulai pukul 10.00 Taman Teluk Kartika dibuka bagi keluarga yang ingin berenang. Penjaga pantai "
        "bertugas sampai matahari terbenam dengan dua perahu karet. Air teluk diperiksa setiap pagi oleh "
        "dinas lingkungan, yang memasang bendera kuning bila ada ubur-ubur di antara dermaga dan karang."
    ),
    "Pasir Samudra": (
        "Panitia menyatakan Taman Pasir Samudra dibuka pada pukul 15.00 dengan lomba layang-layang dari "
        "sebelas negara. Juri terdiri atas lima pelukis dan seorang guru fisika. Pemenang lomba menerima "
        "hadiah berupa perjalanan kapal, sementara penonton dapat membeli jagung bakar serta es cincau."
    ),
    "Gunung Lontar": (
        "Taman Gunung Lontar dibuka pada pukul 05.00 bagi pendaki yang sudah mendaftar di pos penjagaan. "
        "Rombongan paling banyak dua belas orang, masing-masing dengan seorang pemandu setempat. Suhu di "
        "puncak turun sampai tujuh derajat, maka jaket tebal dan sepatu yang kuat wajib dibawa semua tamu."
    ),
}


@dataclass(frozen=True)
class Seconds:
    """From publication to the answer at each door."""

    http: float
    chat: float


def report(place: str) -> Report:
    """A report that only a question about `place` asks for."""
    today = datetime.now(UTC).date()
    slug = f"taman-{place.lower().replace(' ', '-')}"
    return Report(slug, "id", f"Taman {place} dibuka hari ini", today, (PLACES[place],))


def question(place: str) -> str:
    return f"Pukul berapa Taman {place} dibuka?"


class Doors:
    """A server with both its doors; `publish` puts a report into the feed and waits for it at both."""

    def __init__(self, site: NewsSite, client: httpx.Client, telegram: TelegramServer) -> None:
        self._site, self._client, self._telegram = site, client, telegram

    def publish(self, place: str, collecting: dict[str, str] | None) -> Seconds:
        """`collecting`: the settings to run `tanya collect` with; None: the server does it."""
        wanted = report(place)
        self._site.publish(wanted)
        begun = time.monotonic()
        self._site.announce(wanted)
        found: dict[str, float] = {}
        doors = {"http": self._over_http, "chat": self._in_chat}
        threads = [
            threading.Thread(
                target=lambda name=name, ask=ask: found.update({name: ask(place, begun)})
            )
            for name, ask in doors.items()
        ]
        for thread in threads:
            thread.start()
        if collecting is not None:
            collect(collecting)
        for thread in threads:
            thread.join()
        return Seconds(found["http"], found["chat"])

    def _over_http(self, place: str, begun: float) -> float:
        while time.monotonic() - begun < PATIENCE:
            answer = self._client.post("/ask", json={"question": question(place)}).json()
            if answer["answered"] and place in answer["passages"][0]["title"]:
                return time.monotonic() - begun
            time.sleep(0.1)
        raise TimeoutError(f"{place} was not answered over HTTP")

    def _in_chat(self, place: str, begun: float) -> float:
        chat = hash(place) % 10**6 + 1
        while time.monotonic() - begun < PATIENCE:
            self._telegram.say(chat, question(place))
            message = asyncio.run(self._telegram.next_message(30))
            if f"Taman {place} dibuka" in message["text"]:
                return time.monotonic() - begun
            time.sleep(0.5)
        raise TimeoutError(f"{place} was not answered in the chat")


@contextmanager
def serving(
    folder: Path, site: NewsSite, *arguments: str
) -> Iterator[tuple[Doors, dict[str, str]]]:
    """A server that is ready and has collected the site once, and the settings it runs with."""
    (folder / "sources.toml").write_text(
        f'[[feed]]\nurl = "{site.url}/feed.xml"\nevery = "1s"\n', encoding="utf-8"
    )
    port, log = free_port(), folder / "log"
    with TelegramServer() as telegram:
        settings = {
            "TANYA_DATA": str(folder / "var"),
            "TANYA_CORPUS": str(folder / "news"),
            "TANYA_SOURCES": str(folder / "sources.toml"),
            "TANYA_COLLECT_LOOPBACK": "true",
            "TANYA_COLLECT_DELAY": "0.1",
            "TANYA_RATE": "100000/minute",
            "TANYA_TELEGRAM_TOKEN": TOKEN,
            "TANYA_TELEGRAM_API": telegram.url,
        }
        collect(settings)
        with (
            running(log, "serve", "--port", str(port), *arguments, **settings) as process,
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30
            ) as client,
        ):
            until_ready(client, process, log)
            yield Doors(site, client, telegram), settings
            process.terminate()
            process.wait(30)


def collect(settings: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "tanya.py"), "collect", "--wait", "60"],
        env={**os.environ, **settings},
        check=True,
        capture_output=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, choices=range(1, len(PLACES) + 1))
    parser.add_argument("--every", default="5s", help="what --collect-every is given")
    options = parser.parse_args()
    ways = {
        f"tanya serve --collect-every {options.every}": ("--collect-every", options.every),
        "tanya collect beside tanya serve": (),
    }
    print(
        "| published in the feed, until answered | HTTP median | HTTP worst | chat median | chat worst |"
    )
    print("|---|--:|--:|--:|--:|")
    for way, arguments in ways.items():
        taken = []
        with tempfile.TemporaryDirectory() as folder, NewsSite() as site:
            open_site(site)
            with serving(Path(folder), site, *arguments) as (doors, settings):
                for place in list(PLACES)[: options.rounds]:
                    taken.append(doors.publish(place, None if arguments else settings))
        columns = [
            f"{pick(values):.1f} s"
            for values in ([one.http for one in taken], [one.chat for one in taken])
            for pick in (statistics.median, max)
        ]
        print(f"| `{way}` | {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    main()
