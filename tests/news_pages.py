"""What the local news site publishes: reports about a summit that never was, and pages around them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import date
from html import escape
from typing import Any


@dataclass(frozen=True)
class Report:
    """One report as its newsroom has it."""

    slug: str
    language: str
    title: str
    published: date
    paragraphs: tuple[str, ...]
    extra: dict[str, Any] = field(default_factory=dict)


REPORTS = {
    report.slug: report
    for report in (
        Report(
            "jalan-ditutup",
            "id",
            "Lima ruas jalan ditutup selama KTT Samudra di Bayu Kencana",
            date(2026, 5, 4),
            (
                "Dinas Perhubungan Kota Bayu Kencana menutup lima ruas jalan selama Konferensi Tingkat "
                "Tinggi Samudra yang berlangsung pada 6 sampai 8 Mei 2026. Penutupan dimulai pukul 05.00 "
                "dan berakhir setiap hari pada pukul 21.00 waktu setempat.",
                "Kepala dinas, Ratna Wulandari, mengatakan bahwa Jalan Merpati, Jalan Cendana, dan tiga "
                "ruas lain di sekitar balai sidang hanya boleh dilalui oleh rombongan delegasi dan "
                "kendaraan darurat. Warga yang tinggal di dalam kawasan itu mendapat stiker khusus yang "
                "dapat diambil di kantor kelurahan masing-masing.",
                "Pemerintah kota menyediakan dua puluh bus tambahan yang tidak memungut bayaran. Bus itu "
                "melayani rute dari Terminal Utara ke Pasar Lama setiap sepuluh menit, dan beroperasi "
                "hingga tengah malam selama konferensi berlangsung.",
            ),
        ),
        Report(
            "pusat-media",
            "id",
            "Pusat media KTT Samudra dibuka untuk dua ribu wartawan",
            date(2026, 5, 5),
            (
                "Pusat media Konferensi Tingkat Tinggi Samudra resmi dibuka pada Selasa pagi di Gedung "
                "Kartika. Panitia menyiapkan dua ribu kursi kerja, jaringan internet nirkabel, dan ruang "
                "siaran bagi televisi serta radio dari sebelas negara.",
                "Wartawan yang sudah terdaftar dapat mengambil kartu pengenal di meja nomor tiga dengan "
                "menunjukkan paspor dan surat tugas dari kantor redaksi. Meja itu dibuka dari pukul 07.00 "
                "hingga pukul 20.00 setiap hari selama konferensi.",
                "Panitia juga menyediakan makanan, ruang ibadah, serta layanan kesehatan di lantai dasar. "
                "Konferensi pers penutupan akan digelar di ruang utama pada hari terakhir dan disiarkan "
                "langsung melalui laman resmi penyelenggara.",
            ),
        ),
        Report(
            "delegasi-tiba",
            "id",
            "Delegasi pertama KTT Samudra tiba dengan kapal layar",
            date(2026, 5, 6),
            (
                "Delegasi pertama Konferensi Tingkat Tinggi Samudra tiba di pelabuhan Bayu Kencana pada "
                "Rabu siang dengan sebuah kapal layar. Mereka disambut oleh wali kota dan oleh anak-anak "
                "sekolah yang menarikan tarian gelombang di dermaga.",
                "Ketua delegasi menyampaikan bahwa perjalanan dengan kapal layar dipilih untuk mengingatkan "
                "semua peserta akan pentingnya laut yang bersih. Perjalanan itu memakan waktu enam hari "
                "dan menempuh jarak lebih dari seribu kilometer.",
                "Delegasi lain akan tiba melalui bandar udara pada malam hari. Seluruh peserta dijadwalkan "
                "menghadiri jamuan makan malam di pendopo balai kota sebelum sidang pertama dibuka.",
            ),
        ),
        Report(
            "summit-opens",
            "en",
            "Ocean Summit opens with a pledge to clean harbours",
            date(2026, 5, 6),
            (
                "The Ocean Summit opened on Wednesday in Bayu Kencana with a pledge by eleven governments "
                "to clean their largest harbours within ten years. The host's foreign minister said that "
                "the pledge would be signed by all leaders on the last day of the meeting.",
                "Under the draft, each government will publish the quality of the water in its harbours "
                "every month, and a common fund of 400 million dollars will pay for equipment. The fund "
                "will be managed by a small secretariat that is to be set up in the host city.",
                "Environmental groups welcomed the plan but asked for an independent body that checks the "
                "figures. Delegates said that the question would be discussed behind closed doors on "
                "Thursday, before the leaders meet for their first session in the afternoon.",
            ),
        ),
        Report(
            "visitors-guide",
            "en",
            "How to visit the Ocean Summit exhibition",
            date(2026, 5, 3),
            (
                "The exhibition beside the Ocean Summit is open to everybody from 5 to 9 May, between nine "
                "in the morning and six in the evening. Entrance is free of charge, and visitors need "
                "nothing but an identity card, which is checked at the gate on the northern side.",
                "Large bags are not allowed inside and can be left at the cloakroom in the old customs "
                "house. Families with children should come in the morning, when guides tell stories about "
                "the sea in the round tent next to the lighthouse.",
                "The quickest way to the exhibition is the ferry from the fish market, which leaves every "
                "twenty minutes. There is hardly any place to park, because the roads around the meeting "
                "halls are closed for most of the week.",
            ),
        ),
    )
}
LATE = Report(
    "sidang-ditunda",
    "id",
    "Sidang terakhir KTT Samudra ditunda satu hari",
    date(2026, 5, 8),
    (
        "Sidang terakhir Konferensi Tingkat Tinggi Samudra ditunda satu hari karena cuaca buruk. Panitia "
        "mengumumkan bahwa para pemimpin akan bertemu pada Sabtu pagi pukul 09.00 di balai sidang, bukan "
        "pada Jumat sore seperti yang direncanakan semula.",
        "Penutupan jalan di sekitar balai sidang ikut diperpanjang sampai Sabtu malam. Warga diminta "
        "menggunakan bus tambahan yang tetap beroperasi tanpa bayaran, dan memperhatikan pengumuman "
        "dari dinas perhubungan melalui radio kota.",
    ),
)
"""Published while the tests watch."""

_FURNITURE = """
<nav><ul><li><a href="/">Beranda</a></li><li><a href="/politik">Politik</a></li>
<li><a href="/ekonomi">Ekonomi</a></li><li><a href="/olahraga">Olahraga</a></li></ul></nav>
<div class="cookie-banner"><p>We use cookies to give you the best experience. Accept all cookies?</p>
<button>Accept all</button></div>"""
_FOOT = """
<aside class="related"><h3>Baca juga</h3><ul><li><a href="/a">Harga cabai naik lagi di pasar</a></li>
<li><a href="/b">Timnas menang tipis</a></li></ul></aside>
<section class="comments"><h3>Komentar</h3><p>budi99: pertama gan, numpang lewat saja</p></section>
<footer><p>Copyright © 2026 Warta Samudra. All rights reserved.</p></footer>
<script>document.title = "hacked"; alert("never text");</script>"""


def html(
    report: Report,
    site: str,
    *,
    json_ld: bool = True,
    meta: bool = True,
    canonical: str | None = None,
    body: str = "",
    publisher: str = "Warta Samudra",
    dateline: str = "",
) -> str:
    """The page of `report` as a news site makes it: with furniture, and as much about itself as asked."""
    head = [f"<title>{escape(report.title)} | Warta Samudra</title>"]
    stamp = f"{report.published.isoformat()}T00:30:00+07:00"
    if canonical:
        head.append(f'<link rel="canonical" href="{escape(canonical)}">')
    if meta:
        head += [
            f'<meta property="og:title" content="{escape(report.title)}">',
            f'<meta property="og:site_name" content="{escape(publisher)}">',
            f'<meta property="article:published_time" content="{stamp}">',
        ]
    if json_ld:
        about = {
            "@context": "https://schema.org",
            "@graph": [
                {"@type": "WebSite", "name": publisher, "url": site},
                {
                    "@type": "NewsArticle",
                    "headline": report.title,
                    "datePublished": stamp,
                    "dateModified": "2026-06-30T09:00:00+07:00",
                    "inLanguage": report.language,
                    "publisher": {"@type": "Organization", "name": publisher},
                },
            ],
        }
        head.append(f'<script type="application/ld+json">{json.dumps(about)}</script>')
    text = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in report.paragraphs)
    return (
        f'<!DOCTYPE html><html lang="{report.language}"><head><meta charset="utf-8">'
        f"{''.join(head)}</head><body>{_FURNITURE}<main><article><h1>{escape(report.title)}</h1>"
        f"{f'<p>{dateline}</p>' if dateline else ''}{text}{body}</article></main>{_FOOT}</body></html>"
    )


def rss(items: list[tuple[str, str, date | None]]) -> str:
    """A feed of (url, title, day published), newest first."""
    entries = "".join(
        f"<item><title>{escape(title)}</title><link>{escape(url)}</link>"
        + (f"<pubDate>{day:%a, %d %b %Y} 08:00:00 +0700</pubDate>" if day else "")
        + "</item>"
        for url, title, day in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>Warta Samudra</title><link>http://example.org</link>{entries}</channel></rss>"
    )


def atom(items: list[tuple[str, str, date]]) -> str:
    """The same as an Atom feed."""
    entries = "".join(
        f'<entry><title>{escape(title)}</title><link rel="alternate" href="{escape(url)}"/>'
        f"<id>{escape(url)}</id><published>{day}T08:00:00+07:00</published></entry>"
        for url, title, day in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>Warta Samudra</title>{entries}</feed>"
    )


def sitemap(items: list[tuple[str, date | None]]) -> str:
    """A sitemap of (url, day changed)."""
    urls = "".join(
        f"<url><loc>{escape(url)}</loc>" + (f"<lastmod>{day}</lastmod>" if day else "") + "</url>"
        for url, day in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    )


def sitemap_index(urls: list[str]) -> str:
    """A sitemap of sitemaps."""
    maps = "".join(f"<sitemap><loc>{escape(url)}</loc></sitemap>" for url in urls)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{maps}</sitemapindex>'
    )


def pdf(title: str, lines: list[str], password: str | None = None) -> bytes:
    """A PDF of one page with `lines` of Latin letters."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})}
    )
    shown = " ".join(f"({line.replace('(', '[').replace(')', ']')}) Tj T*" for line in lines)
    content = DecodedStreamObject()
    content.set_data(f"BT /F1 11 Tf 14 TL 50 780 Td {shown} ET".encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(content)
    writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
