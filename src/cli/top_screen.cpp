// SPDX-License-Identifier: Apache-2.0
#include "cli/top_screen.hpp"

#include "cli/terminal.hpp"
#include "support/environment.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <curses.h>
#include <langinfo.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace jsocket::cli {
namespace {

// Pairs of colours. 0 is what the terminal has.
constexpr short label_colours = 1;
constexpr short title_colours = 2;
constexpr short failing_colours = 3;
constexpr short problem_colours = 4;

void prepare_colours() {
    if (!colours(STDOUT_FILENO) || !has_colors()) return;
    start_color();
    use_default_colors();
    init_pair(label_colours, COLOR_CYAN, -1);
    init_pair(title_colours, COLOR_GREEN, -1);
    init_pair(failing_colours, COLOR_YELLOW, -1);
    init_pair(problem_colours, COLOR_RED, -1);
}

/// Without colours the pairs look like 0.
attr_t look_of(TopLine::Style style) {
    switch (style) {
        case TopLine::Style::title:
            return A_BOLD | COLOR_PAIR(title_colours);
        case TopLine::Style::heading:
            return A_REVERSE;
        case TopLine::Style::gone:
            return A_DIM;
        case TopLine::Style::failing:
            return COLOR_PAIR(failing_colours);
        case TopLine::Style::problem:
            return A_BOLD | COLOR_PAIR(problem_colours);
        case TopLine::Style::plain:
            break;
    }
    return A_NORMAL;
}

void add(std::string_view text, attr_t look) {
    attrset(static_cast<int>(look));
    addnstr(text.data(), static_cast<int>(text.size()));
}

}  // namespace

TopScreen::TopScreen() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread asks what a character is
    std::setlocale(LC_CTYPE, "");
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing else uses curses
    if (newterm(nullptr, stdout, stdin) == nullptr) {
        const char* const name = environment("TERM");
        throw UsageError("the terminal, TERM=" + printable(name != nullptr ? name : "") +
                         ", cannot show a full screen; try --once");
    }
    constexpr int escape_delay = 25;  // ms; a terminal sends the bytes of a key together
    if (environment("ESCDELAY") == nullptr) set_escdelay(escape_delay);
    prepare_colours();
    cbreak();
    noecho();
    nonl();
    curs_set(0);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
}

TopScreen::~TopScreen() { endwin(); }

TopSize TopScreen::size() const {
    return {static_cast<std::size_t>(std::max(LINES, 0)),
            static_cast<std::size_t>(std::max(COLS, 0))};
}

void TopScreen::resize() {
    const auto size = window_size(STDOUT_FILENO);
    if (!size) return;
    resizeterm(size->lines, size->columns);
    clearok(curscr, TRUE);
}

void TopScreen::draw(const std::vector<TopLine>& lines) {
    erase();
    int row = 0;
    for (const TopLine& line : lines) {
        if (move(row++, 0) == ERR) break;
        const std::string_view text = line.text;
        const std::size_t label = std::min(line.label, text.size());
        add(text.substr(0, label), COLOR_PAIR(label_colours));
        add(text.substr(label), look_of(line.style));
    }
    attrset(A_NORMAL);
    refresh();
}

std::optional<TopKey> TopScreen::key() {
    switch (getch()) {
        case ERR:
            return std::nullopt;
        case 'q':
        case 'Q':
            return TopKey::quit;
        case 'm':
            return TopKey::messages;
        case 'b':
            return TopKey::bytes;
        case 'c':
            return TopKey::calls;
        case 'l':
            return TopKey::latency;
        case 'f':
            return TopKey::failures;
        case 'n':
            return TopKey::name;
        case '\t':
            return TopKey::table;
        case ' ':
            return TopKey::pause;
        case '?':
        case 'h':
            return TopKey::help;
        case KEY_UP:
            return TopKey::up;
        case KEY_DOWN:
            return TopKey::down;
        case KEY_PPAGE:
            return TopKey::page_up;
        case KEY_NPAGE:
            return TopKey::page_down;
        case KEY_HOME:
            return TopKey::home;
        case KEY_END:
            return TopKey::end;
        default:
            return TopKey::other;
    }
}

bool TopScreen::unicode() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the locale any more
    return std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
}

}  // namespace jsocket::cli
