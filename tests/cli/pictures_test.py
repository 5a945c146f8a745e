# SPDX-License-Identifier: Apache-2.0
"""How scripts/pictures turns a terminal's screen into SVG."""

import pathlib
import sys
import unittest
import xml.dom.minidom

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from terminal_svg import CHARACTER, LINE, MARGIN, PALETTE, svg  # noqa: E402


def texts(screen, columns=80):
    """The text elements within the window."""
    document = xml.dom.minidom.parseString(svg(screen, columns, "title"))
    return document.getElementsByTagName("g")[0].getElementsByTagName("text")


class Svg(unittest.TestCase):
    def test_shows_each_piece_where_it_is(self):
        found = texts("ab\n\x1b[31mcd\x1b[0mef\n")
        self.assertEqual([text.firstChild.data for text in found], ["ab", "cd", "ef"])
        left = [float(text.getAttribute("x")) for text in found]
        self.assertEqual(left, [MARGIN, MARGIN, round(MARGIN + 2 * CHARACTER, 1)])
        top = [int(text.getAttribute("y")) for text in found]
        self.assertEqual([top[1] - top[0], top[2] - top[1]], [LINE, 0])

    def test_colours_text_by_number_and_by_parts(self):
        for sequence, colour in [("31", PALETTE[1]), ("97", PALETTE[15]), ("38;5;2", PALETTE[2]),
                                 ("38;5;196", "#ff0000"), ("38;5;255", "#eeeeee"),
                                 ("38;2;1;2;255", "#0102ff"), ("31;39", ""), ("31;0", "")]:
            with self.subTest(sequence=sequence):
                text = texts(f"\x1b[{sequence}mx")[0]
                self.assertEqual(text.getAttribute("fill"), colour)

    def test_colours_what_is_behind_the_text(self):
        for sequence, colour in [("44", PALETTE[4]), ("104", PALETTE[12]), ("7;32", PALETTE[2])]:
            with self.subTest(sequence=sequence):
                self.assertIn(f'height="{LINE}" fill="{colour}"', svg(f"\x1b[{sequence}m ", 9, ""))

    def test_keeps_a_style_until_it_is_taken_back_also_over_lines(self):
        found = texts("\x1b[1mone\ntwo\x1b[22m three")
        self.assertEqual([text.getAttribute("font-weight") for text in found], ["bold", "bold", ""])

    def test_shows_what_means_something_in_xml(self):
        self.assertEqual(texts("<a> & \"b\"")[0].firstChild.data, "<a> & \"b\"")

    def test_ends_with_the_last_line_that_shows_something(self):
        self.assertEqual(svg("a\n\n\x1b[0m  \n\n", 10, ""), svg("a", 10, ""))
        self.assertNotEqual(svg("a\n\nb", 10, ""), svg("a\nb", 10, ""))


if __name__ == "__main__":
    unittest.main()
