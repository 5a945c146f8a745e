# SPDX-License-Identifier: Apache-2.0
"""Turns what a terminal shows, with the sequences that colour it, into a picture in SVG."""

import re
import sys
from dataclasses import dataclass, replace
from html import escape

# In pixels. Fonts differ in width; textLength makes each piece of text as wide as it is to be.
CHARACTER = 8.43
LINE = 18
FONT_SIZE = 14
MARGIN = 14
TITLE_BAR = 30

BACKGROUND = "#1d2129"
FRAME = "#2b303b"
FOREGROUND = "#d4d8e0"
TITLE = "#9aa2b1"
BUTTONS = ["#e8675c", "#e5b34a", "#5fb765"]

# The sixteen colours that programs name by number.
PALETTE = ["#2b303b", "#e8675c", "#7fbf6a", "#e5b34a", "#6fa3e0", "#c08be0", "#4fb8c4", "#d4d8e0",
           "#5c6475", "#f38b82", "#9bd687", "#f2cb73", "#93bdf0", "#d6aef0", "#7bd3dd", "#ffffff"]


def colour_of(number):
    """One of the 256 colours that terminals have."""
    if number < 16:
        return PALETTE[number]
    if number < 232:
        steps = [0, 95, 135, 175, 215, 255]
        number -= 16
        rgb = [steps[number // 36], steps[number // 6 % 6], steps[number % 6]]
    else:
        rgb = [8 + 10 * (number - 232)] * 3
    return "#%02x%02x%02x" % tuple(rgb)


@dataclass(frozen=True)
class Style:
    foreground: str = ""
    background: str = ""
    bold: bool = False
    dim: bool = False
    underlined: bool = False
    reversed: bool = False

    def colours(self):
        """Those of text and of what is behind it; the latter is empty for the terminal's own."""
        if self.reversed:
            return self.background or BACKGROUND, self.foreground or FOREGROUND
        return self.foreground or FOREGROUND, self.background


SWITCHES = {1: {"bold": True}, 2: {"dim": True}, 4: {"underlined": True}, 7: {"reversed": True},
            22: {"bold": False, "dim": False}, 24: {"underlined": False}, 27: {"reversed": False},
            39: {"foreground": ""}, 49: {"background": ""}}


def restyled(style, numbers):
    """The style after `ESC [ numbers m`."""
    numbers = list(numbers) or [0]
    while numbers:
        number = numbers.pop(0)
        if number == 0:
            style = Style()
        elif number in SWITCHES:
            style = replace(style, **SWITCHES[number])
        elif number in (38, 48):
            where = "foreground" if number == 38 else "background"
            if numbers[:1] == [5]:
                colour, numbers = colour_of(numbers[1]), numbers[2:]
            else:  # 2, and red, green, blue
                colour, numbers = "#%02x%02x%02x" % tuple(numbers[1:4]), numbers[4:]
            style = replace(style, **{where: colour})
        elif number % 100 // 10 in (3, 4) or number // 10 in (9, 10):
            bright = 8 if number >= 90 else 0
            where = "foreground" if number // 10 in (3, 9) else "background"
            style = replace(style, **{where: PALETTE[bright + number % 10]})
    return style


def pieces(line, style):
    """The line as (column, text, style), and the style that goes on behind it."""
    found, column = [], 0
    for part in re.split(r"(\x1b\[[0-9;:]*m)", line):
        if part.startswith("\x1b["):
            style = restyled(style, [int(n or 0) for n in re.split("[;:]", part[2:-1])])
        else:
            part = re.sub(r"\x1b[()][A-Z0-9]|[\x0e\x0f]", "", part)
            if part:
                found.append((column, part, style))
            column += len(part)
    return found, style


def drawn(piece, y):
    """What shows one piece, whose line begins at height `y`."""
    column, text, style = piece
    foreground, background = style.colours()
    x, width = MARGIN + column * CHARACTER, len(text) * CHARACTER
    if background:
        yield (f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{LINE}" '
               f'fill="{background}"/>')
    if not (text := text.rstrip()):
        return
    width = len(text) * CHARACTER
    attributes = f' fill="{foreground}"' if foreground != FOREGROUND else ""
    attributes += ' font-weight="bold"' if style.bold else ""
    attributes += ' opacity="0.6"' if style.dim else ""
    attributes += ' text-decoration="underline"' if style.underlined else ""
    yield (f'<text x="{x:.1f}" y="{y + LINE - 5}" textLength="{width:.1f}"{attributes}>'
           f"{escape(text)}</text>")


def svg(text, columns, title):
    """A window with this text in it; as high as the lines that show something need."""
    style, lines = Style(), []
    for number, line in enumerate(text.split("\n")):
        found, style = pieces(line, style)
        top = TITLE_BAR + MARGIN + number * LINE - 4
        lines.append([element for piece in found for element in drawn(piece, top)])
    while lines and not lines[-1]:
        lines.pop()
    width = 2 * MARGIN + columns * CHARACTER
    height = TITLE_BAR + 2 * MARGIN + len(lines) * LINE - 6
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width:.0f}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
        f'<path d="M0 {TITLE_BAR}V8a8 8 0 0 1 8-8H{width - 8:.0f}a8 8 0 0 1 8 8V{TITLE_BAR}z" '
        f'fill="{FRAME}"/>',
        *(f'<circle cx="{18 + 20 * i}" cy="{TITLE_BAR // 2}" r="6" fill="{colour}"/>'
          for i, colour in enumerate(BUTTONS)),
        f'<text x="{width / 2:.0f}" y="{TITLE_BAR // 2 + 5}" text-anchor="middle" fill="{TITLE}" '
        f'font-family="sans-serif" font-size="13">{escape(title)}</text>',
        f'<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{FONT_SIZE}" '
        f'fill="{FOREGROUND}" xml:space="preserve">',
    ]
    for line in lines:
        out += line
    return "\n".join([*out, "</g>", "</svg>", ""])


if __name__ == "__main__":
    sys.stdout.write(svg(sys.stdin.read(), int(sys.argv[1]), sys.argv[2]))
