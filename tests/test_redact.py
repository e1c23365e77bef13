"""What is taken out of questions before they are kept, and what must not be."""

from __future__ import annotations

import itertools
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.redact import EMAIL, NIK, PHONE, redacted

PHONES = """
081234567890
0812-3456-7890
0812 3456 7890
0812.3456.7890
0812 34 56 78 90
(0812) 3456-7890
+6281234567890
+62 812-3456-7890
+62812 3456 7890
+62-812-3456-7890
+62 (812) 3456 7890
(+62) 812 3456 7890
+62.812.345.678
62 812 3456 7890
6281234567890
0857 1234 567
021-7262991
(021) 7262991
021 726 2991
+62 21 7262991
0274 512345
0062 812 3456 7890
812-3456-7890
81234567890
+65 6123 4567
+60 12-345 6789
+1 (202) 555-0123
(202) 555-0123
202-555-0123
+44 20 7946 0958
+673 223 4567
\u202a+62 812\u20113456\u20117890\u202c
０８１２３４５６７８９０
""".split("\n")[1:-1]
NIKS = """
3174051201900001
3174 0512 0190 0001
3174-0512-0190-0001
317405 120190 0001
31 74 05 52 01 90 0001
3174.0552.0190.0001
3 1 7 4 0 5 1 2 0 1 9 0 0 0 0 1
""".split("\n")[1:-1]
EMAILS = """
budi@example.org
budi.santoso+asean@kementerian.go.id
BUDI_99@mail.example.com
budi (at) example (dot) org
budi[at]example.org
budi @ example.co.id
""".split("\n")[1:-1]
KEPT = """
Kapan KTT ASEAN ke-43 pada 5-7 September 2023?
Who chaired the 43rd and 44th ASEAN Summits in 2023 and 2024?
KTT 2019 2020 2021 2022 2023, mana yang di Jakarta?
KTT 2019-2023 dan 2024/2025
jadwal 05-09-2023 pukul 08.00-17.00 WIB
jadwal 05/09/2023 08:30:00
tanggal 5 9 2023 atau 2023-09-05, 05.09.2023 08.30
apakah anggarannya Rp 1.500.000.000 atau Rp1.500.000.000,50?
biaya Rp 628123456789 atau 81234567890 rupiah
anggaran 1500000000 dan 850000000000 dolar
the budget of US$ 20,000,000 or 1,234,567,890 people
penduduk ASEAN 671.234.567 jiwa, tumbuh +15.000.000.000 per tahun
Pasal 13 ayat 2 UU No. 24 Tahun 2000 tentang 10 negara
artikel 1234567 di Resolusi 2758 (XXVI)
jam 08.00 sampai 10.00, jalan ditutup 06:00-22:00
koordinat -6.2390, 106.7980 dan rasio 0.8123456789
hotline 112, 110, 14045 atau call center 1500-111
angka 10 20 30 40 50 60 70 80
10.000 delegasi, 11 kepala negara, 27 agenda, 3.500 polisi
jalan Sisingamangaraja 70A, Jakarta 12110
bus 6A, 13F, gate 2, lantai 16, nomor antrean 0045
ASEAN+3, +62 itu kode negara mana?
follow @asean di X #KTT43 #ASEAN2023
siapa yang rapat @ Jakarta?
naskah 10/PUU-XXI/2023 dan A/RES/77/1
""".strip().split("\n")
SENTENCES = (
    "{}",
    "Hubungi saya di {} ya",
    "my number is {}, thanks.",
    "wa:{}",
    "KTT 2023? {} 2024",
)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("phone", PHONES)
def test_phone_numbers_go(phone: str, sentence: str) -> None:
    said = redacted(sentence.format(phone))
    assert PHONE in said
    assert _digits(said.replace("2023", "").replace("2024", "")) == "", said


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("number", NIKS)
def test_identity_numbers_go(number: str, sentence: str) -> None:
    said = redacted(sentence.format(number))
    assert NIK in said or PHONE in said
    assert len(_digits(said.replace("2023", "").replace("2024", ""))) == 0, said


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("address", EMAILS)
def test_mail_addresses_go(address: str, sentence: str) -> None:
    said = redacted(sentence.format(address))
    assert EMAIL in said and "example" not in said and "udi" not in said and "go.id" not in said


@pytest.mark.parametrize("text", KEPT)
def test_what_is_nobodys_stays(text: str) -> None:
    assert redacted(text) == text


def test_what_stands_around_a_number_stays() -> None:
    text = "jam 08.00 tgl 05-09-2023 hub 0812-3456-7890, budi@example.org, NIK 3174051201900001 (KTT ke-43)"
    assert redacted(text) == (
        f"jam 08.00 tgl 05-09-2023 hub {PHONE}, {EMAIL}, NIK {NIK} (KTT ke-43)"
    )


digits = st.text("0123456789", min_size=8, max_size=8)
gaps = st.sampled_from(["", "-", ".", " "])


def test_digits_that_look_like_a_year_may_belong_to_a_number() -> None:
    assert redacted("hubungi +6281 0000 2000") == f"hubungi {PHONE}"
    assert redacted("hubungi 0812 3456 7890 2023") == f"hubungi {PHONE} 2023"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["0", "+62", "+62 ", "+62-", "(+62) ", "0062 "]),
    st.sampled_from("1235789"),
    digits,
    gaps,
    st.sampled_from([(2, 6), (2, 5), (3, 6), (6, 7), (2,)]),
    st.sampled_from(SENTENCES[:4]),
)
def test_any_mobile_number_goes(
    prefix: str, operator: str, rest: str, gap: str, cuts: tuple[int, ...], sentence: str
) -> None:
    number = "8" + operator + rest
    bounds = [0, *cuts, len(number)]
    grouped = gap.join(number[start:end] for start, end in itertools.pairwise(bounds))
    said = redacted(sentence.format(prefix + grouped))
    assert _digits(said) == "", said


@settings(max_examples=150, deadline=None)
@given(
    st.integers(11, 94),
    st.integers(1, 9999),
    st.integers(1, 31),
    st.booleans(),
    st.integers(1, 12),
    st.integers(0, 99),
    st.integers(1, 9999),
    st.sampled_from([(), (4, 8, 12), (6, 12), (2, 4, 6, 12)]),
    st.sampled_from([" ", "-", "."]),
)
def test_any_nik_goes(
    province: int,
    place: int,
    day: int,
    woman: bool,
    month: int,
    year: int,
    serial: int,
    cuts: tuple[int, ...],
    gap: str,
) -> None:
    number = f"{province}{place:04}{day + 40 * woman:02}{month:02}{year:02}{serial:04}"
    bounds = [0, *cuts, 16]
    grouped = gap.join(number[a:b] for a, b in itertools.pairwise(bounds))
    for sentence in ("saya {} warga", "NIK: {}"):
        assert _digits(redacted(sentence.format(grouped))) == ""


years = st.integers(1900, 2099)
days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
PLAIN = st.one_of(
    years.map(str),
    st.tuples(years, years).map(lambda pair: f"{pair[0]}-{pair[1]}"),
    st.lists(years, min_size=2, max_size=5).map(lambda found: " ".join(map(str, found))),
    days.map(lambda day: day.strftime("%d-%m-%Y")),
    days.map(lambda day: day.strftime("%d.%m.%Y")),
    days.map(lambda day: day.isoformat()),
    days.map(lambda day: f"{day.day}/{day.month}/{day.year}"),
    st.times().map(lambda time: time.strftime("%H.%M")),
    st.times().map(lambda time: time.strftime("%H:%M WIB")),
    st.integers(0, 10**12).map(lambda price: f"Rp {price:,}".replace(",", ".")),
    st.integers(0, 10**12).map(lambda price: f"US${price:,}"),
    st.integers(1, 60).map(lambda number: f"ke-{number}"),
    st.integers(1, 60).map(lambda number: f"{number}th"),
    st.integers(1, 99999).map(lambda number: f"Pasal {number}"),
    st.integers(0, 99999).map(str),
)


@settings(max_examples=250, deadline=None)
@given(PLAIN, PLAIN)
def test_years_dates_times_prices_and_ordinals_stay(first: str, second: str) -> None:
    for text in (first, f"KTT ASEAN {first} di Jakarta, {second}?"):
        assert redacted(text) == text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_taken_and_once_is_enough(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


@pytest.mark.parametrize(
    "text", ["1" * 5000, "1 " * 2500, "a" * 5000, "a." * 2500 + "@", "+(" * 2500]
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    redacted(text)
    assert time.process_time() - began < 0.5


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdecimal())
