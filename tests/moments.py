"""Questions that ask for a time, each with the articles (last part of the id) that answer it at that time.

Written by reading the shipped articles; none is among the development questions. Relative ones are asked
on TODAY. Most subjects occur at several times in the corpus: who chairs, where the summit is, deputies,
ASEAN Day, visits, the code of conduct, Timor-Leste, the digital agreement.
"""

from __future__ import annotations

from datetime import date

TODAY = date(2026, 6, 1)

SUMMIT_48 = (
    "2026-05-10-mb-48th-summit-chairs-statement",
    "2026-05-06-mb-cebu-protocol-three-documents",
    "2026-05-10-mb-cebu-protocol-charter-amendment-adopted",
)
PHILIPPINES = (
    "2026-01-08-vietnamnews-philippines-chairmanship-2026",
    "2025-10-30-ivoox-filipina-gantikan-malaysia-pimpin-asean",
    *SUMMIT_48,
)
LAOS = (
    "2024-10-09-lao-chair-44th-45th-summits-official",
    "2024-10-14-laotian-times-summits-conclude-2024",
    "2024-10-09-detik-wapres-ktt-asean-laos-tiga-capaian",
)
KUALA_LUMPUR_MAY = (
    "2025-05-26-bisnis-deklarasi-kuala-lumpur-2045",
    "2025-05-26-thesun-kl-declaration-asean-2045",
    "2025-05-27-ebcmedia-prabowo-usul-papua-nugini",
)
KUALA_LUMPUR_OCTOBER = (
    "2025-10-26-ians-timor-leste-11th-member",
    "2025-10-30-ivoox-filipina-gantikan-malaysia-pimpin-asean",
    "2025-10-26-metrotv-kesepakatan-damai-thailand-kamboja",
)
LABUAN_BAJO = (
    "0000-00-00-agenda-ktt-labuan-bajo",
    "2023-05-08-2-delegasi-menginap-di-bali",
    "2023-05-11-42nd-summit-agrees-three-points",
    "2023-05-11-asean-sepakat-mobil-listrik-mata-uang-lokal",
)
DIGITAL = ("2026-05-31-mb-defa-negotiations-concluded",)
DEPUTIES_2024 = ("2024-02-16-asean-sambut-dua-deputi-sekjen-baru",)
DEPUTIES_2021 = (
    "2021-02-15-two-new-deputy-secretaries-general",
    "2021-10-12-dsg-asean-socio-cultural-community",
)
ASEAN_DAY_2025 = (
    "2025-08-08-menlu-sugiono-asean-day-ke-58-museum-perpustakaan",
    "2025-09-24-singapore-mfa-asean-day-chair-2027",
)
CODE_2025 = ("2025-04-24-mb-manalo-coc-by-2026", "0000-00-00-anadolu-amm-retreat-cebu-2026")
MEMBER = (
    "2025-10-26-ians-timor-leste-11th-member",
    "2025-11-07-metrotv-keuntungan-timor-leste-gabung-asean",
    "2026-02-04-asean-secretary-general-media-discussion",
    "0000-00-00-infoberitadunia-syarat-masuk-asean",
)
SUGIONO = (
    "2025-07-19-menlu-sugiono-asean-pusat-ide-diplomasi-global",
    "2025-07-19-kunjungan-perdana-sugiono-perpustakaan-museum",
    "2025-08-08-menlu-sugiono-asean-day-ke-58-museum-perpustakaan",
)

LATEST = (
    ("negara mana yang memegang keketuaan ASEAN sekarang?", PHILIPPINES),
    ("Which country is the current chair of ASEAN?", PHILIPPINES),
    ("berita terbaru soal perjanjian ekonomi digital ASEAN", DIGITAL),
    ("What is the latest on the ASEAN digital economy agreement?", DIGITAL),
    ("kabar terkini keanggotaan Timor Leste di ASEAN", MEMBER),
    ("What is the latest news about Timor-Leste's membership?", MEMBER),
    ("siapa menlu indonesia skrg?", SUGIONO),
    ("Who is Indonesia's foreign minister now?", SUGIONO),
    ("perkembangan terbaru perundingan kode etik Laut China Selatan", CODE_2025),
    ("Where do talks on the South China Sea code of conduct stand at the moment?", CODE_2025),
    ("KTT ASEAN terakhir diadakan di kota mana?", SUMMIT_48),
    ("Where was the most recent ASEAN summit held?", SUMMIT_48),
    ("siapa deputi sekjen ASEAN yg paling baru dilantik, yg terbaru?", DEPUTIES_2024),
    ("Who are the newest deputy secretaries-general?", DEPUTIES_2024),
    ("perayaan hari ASEAN terakhir di sekretariat", ASEAN_DAY_2025[:1]),
    (
        "kunjungan mahasiswa terbaru ke Sekretariat ASEAN",
        ("2025-12-03-unida-gontor-kunjungi-sekretariat-asean",),
    ),
    (
        "Is the ASEAN Secretariat open to the public today?",
        (
            "2025-05-24-sekretariat-asean-diusulkan-dibuka-untuk-publik",
            "2025-07-19-menlu-sugiono-asean-pusat-ide-diplomasi-global",
        ),
    ),
    (
        "What does the Secretary-General currently say about the region?",
        ("2026-02-04-asean-secretary-general-media-discussion",),
    ),
)
NAMED = (
    ("di mana KTT ASEAN tahun 2024?", LAOS),
    ("Where was the ASEAN summit in 2024?", LAOS),
    ("KTT ASEAN taun 2025 di mana, siapa tuan rumahnya?", KUALA_LUMPUR_MAY + KUALA_LUMPUR_OCTOBER),
    ("Where did the ASEAN summit take place last year?", KUALA_LUMPUR_MAY + KUALA_LUMPUR_OCTOBER),
    ("KTT ASEAN tahun ini di kota apa?", PHILIPPINES),
    ("Who chairs ASEAN this year?", PHILIPPINES),
    ("What did leaders agree at the 48th summit?", SUMMIT_48),
    ("hasil KTT ke-48", SUMMIT_48),
    ("siapa tuan rumah ktt ke 46?", KUALA_LUMPUR_MAY),
    ("What happened at the forty-seventh ASEAN summit?", KUALA_LUMPUR_OCTOBER),
    ("apa hasil KTT keempat puluh dua?", LABUAN_BAJO),
    ("outcome of the 42nd summit", LABUAN_BAJO),
    ("KTT ke-44 dan ke-45 di mana?", LAOS),
    ("hasil pertemuan pemimpin ASEAN Mei 2023", LABUAN_BAJO),
    ("What did ASEAN leaders decide in May 2025?", KUALA_LUMPUR_MAY),
    ("apa yang dibahas pemimpin ASEAN bulan lalu?", SUMMIT_48 + DIGITAL),
    ("What did the ASEAN leaders adopt in October 2024?", LAOS),
    ("peringatan hari ASEAN 2025 di Jakarta", ASEAN_DAY_2025[:1]),
    ("ASEAN Day celebration 2024 in Jakarta", ("2024-08-08-perayaan-asean-day-ke-57",)),
    ("siapa wakil sekjen ASEAN yang dilantik tahun 2021?", DEPUTIES_2021),
    ("Which deputy secretaries-general took office in 2024?", DEPUTIES_2024),
    (
        "siapa yang berkunjung ke Sekretariat ASEAN pada 2017?",
        ("2017-12-04-pemuda-asean-jepang-kunjungi-sekretariat-asean",),
    ),
    (
        "Which students visited the ASEAN Secretariat in December 2025?",
        ("2025-12-03-unida-gontor-kunjungi-sekretariat-asean",),
    ),
    (
        "Where did talks on the South China Sea code stand in 2023?",
        (
            "2023-07-10-antara-riau-percepat-perundingan-coc",
            "2023-09-01-rmol-asean-china-percepat-negosiasi-coc",
        ),
    ),
    ("perundingan kode etik Laut China Selatan tahun lalu", CODE_2025[:1]),
)
