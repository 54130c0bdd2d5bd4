r"""Prepare the characters of each script for patterns such as `\p{Greek}`: Python's own tables have only categories.

The names are those of Unicode 13, which Go Waypoint 0.11 was released with. Needs the `regex` package (a dependency of
python-hcl2); writes `src/wp_text/scripts.py`.

Usage: `python tools/prepare_scripts.py`
"""

from __future__ import annotations

import textwrap
from itertools import pairwise
from pathlib import Path

import regex

TARGET = Path(__file__).resolve().parent.parent / "src" / "wp_text" / "scripts.py"
HEAD = '''"""Which characters belong to a script such as Greek; made by `tools/prepare_scripts.py`."""

from __future__ import annotations

import bisect
import functools


def holds(script: str, char: str) -> bool:
    """Whether a character belongs to one of the scripts."""
    codes = _codes(script)
    position = bisect.bisect_left(codes, ord(char))
    return position < len(codes) and (position % 2 == 1 or codes[position] == ord(char))


@functools.lru_cache(maxsize=None)
def _codes(script: str) -> list[int]:
    return [int(code, 16) for code in RANGES[script].split()]


RANGES = {
'''
TAIL = '''}
"""First and last code point of each range, in hexadecimal digits."""
'''
NAMES = """
Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo
Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common
Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic
Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo
Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada
Katakana Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu
Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek
Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari
New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic
Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa
Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian
Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangut Telugu
Thaana Thai Tibetan Tifinagh Tirhuta Ugaritic Vai Wancho Warang_Citi Yezidi Yi Zanabazar_Square
"""


def main() -> None:
    """Write the module."""
    everything = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)
    pieces = [HEAD]
    for name in NAMES.split():
        codes = [ord(char) for char in regex.findall(rf"\p{{Script={name}}}", everything)]
        breaks = [pair for pair in pairwise(codes) if pair[1] != pair[0] + 1]
        edges = [codes[0], *(code for pair in breaks for code in pair), codes[-1]]
        lines = textwrap.wrap(" ".join(f"{code:x}" for code in edges), 100)
        if len(lines) == 1:
            pieces.append(f'    "{name}": "{lines[0]}",\n')
        else:
            rows = "".join(f'        "{line} "\n' for line in lines)
            pieces.append(f'    "{name}": (\n{rows}    ),\n')
    TARGET.write_text("".join(pieces) + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
