// SPDX-License-Identifier: Apache-2.0
#include "cli/line_editor.hpp"

#include "cli/terminal.hpp"
#include "support/environment.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <exception>
#include <filesystem>
#include <histedit.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace jsocket::cli {

namespace {

constexpr int longest_history = 1000;
constexpr wchar_t kill_line = L'\x15';  // C-u, as libedit binds it

/// libedit counts columns, for which it has to know characters.
void set_character_set() {
    // NOLINTBEGIN(concurrency-mt-unsafe): no other thread asks what a character is
    std::setlocale(LC_CTYPE, "");
    if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
    // NOLINTEND(concurrency-mt-unsafe)
}

/// Where a text ends that begins at the left of a terminal.
struct Place {
    std::size_t rows = 0;  ///< above that of the last character
    bool full = false;     ///< is there no room behind that?
};

Place place_behind(std::string_view text, std::size_t columns) {
    Place place;
    std::size_t column = 0;
    std::mbstate_t state{};
    while (!text.empty()) {
        wchar_t character = 0;
        // NOLINTNEXTLINE(concurrency-mt-unsafe): with a state of its own it is
        const std::size_t size = std::mbrtowc(&character, text.data(), text.size(), &state);
        if (size == 0 || size > text.size()) break;  // not what libedit has made of a line
        text.remove_prefix(size);
        const int shown = wcwidth(character);
        const std::size_t width = shown < 0 ? 2 : static_cast<std::size_t>(shown);  // C-a is ^A
        if (column + width > columns) {
            ++place.rows;
            column = 0;
        }
        column += width;
    }
    place.full = column >= columns;
    return place;
}

std::string common_beginning(const std::vector<std::string>& words) {
    std::string common = words.front();
    for (const std::string& word : words) {
        const auto end =
            std::mismatch(common.begin(), common.end(), word.begin(), word.end()).first;
        common.erase(end, common.end());
    }
    return common;
}

}  // namespace

class LineEditor::Impl {
  public:
    explicit Impl(Options options) : options_(std::move(options)) {
        set_character_set();
        editor_ = el_init("jsocket", stdin, stdout, stderr);
        history_ = history_init();
        if (editor_ == nullptr || history_ == nullptr) {
            end();
            throw Error("cannot edit lines on this terminal");
        }
        set_up();
        options_.signals->others_.unblock();
    }

    ~Impl() { end(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    std::optional<std::string> read() {
        int size = 0;
        columns_ = columns(STDOUT_FILENO);  // el_gets() looks, too
        options_.signals->others_.block();
        editing_ = true;
        const char* const line = el_gets(editor_, &size);
        editing_ = false;
        options_.signals->others_.unblock();
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
        if (line == nullptr || size <= 0) return std::nullopt;
        std::string text(line, static_cast<std::size_t>(size));
        if (text.ends_with('\n')) text.pop_back();
        return text;
    }

    void remember(const std::string& line) {
        if (line.empty() || line.front() == ' ') return;
        HistEvent event{};
        for (int found = history(history_, &event, H_FIRST); found >= 0;) {
            const bool same = line == event.str;
            const int number = event.num;
            found = history(history_, &event, H_NEXT);
            if (!same) continue;
            HistEvent removed{};
            history(history_, &removed, H_DEL, number);
            std::free(const_cast<char*>(removed.str));  // a copy
            break;                                      // there was one at most
        }
        history(history_, &event, H_ENTER, line.c_str());
        if (!options_.history_file.empty()) {
            history(history_, &event, H_SAVE, options_.history_file.c_str());
        }
    }

    bool interrupted() {
        bool interrupted = false;
        bool resized = false;
        while (const auto signal = options_.signals->keys_.next()) {
            (*signal == SIGWINCH ? resized : interrupted) = true;
        }
        if (resized && editing_) redraw_line();
        if (editing_ && options_.signals->others_.waiting()) let_others_act();
        return interrupted;
    }

    void print(std::string_view text) {
        if (editing_) clear_line();
        const std::string line = for_terminal(text) + '\n';
        std::fwrite(line.data(), 1, line.size(), stdout);
        std::fflush(stdout);
        if (editing_) draw_line();
    }

  private:
    void set_up() {
        HistEvent event{};
        history(history_, &event, H_SETSIZE, longest_history);
        if (!options_.history_file.empty()) {
            history(history_, &event, H_LOAD, options_.history_file.c_str());
        }
        el_set(editor_, EL_CLIENTDATA, this);
        el_set(editor_, EL_PROMPT, &Impl::prompt);
        el_set(editor_, EL_EDITOR, "emacs");
        el_set(editor_, EL_HIST, history, history_);
        el_set(editor_, EL_ADDFN, "jsocket-complete", "Complete a word", &Impl::complete);
        el_set(editor_, EL_BIND, "\t", "jsocket-complete", nullptr);
        el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
        el_set(editor_, EL_GETCFN, &Impl::get_character);
    }

    void end() {
        if (history_ != nullptr) history_end(history_);
        if (editor_ != nullptr) el_end(editor_);
    }

    static Impl& self(EditLine* editor) {
        void* data = nullptr;
        el_get(editor, EL_CLIENTDATA, &data);
        return *static_cast<Impl*>(data);
    }

    static char* prompt(EditLine* editor) { return self(editor).options_.prompt.data(); }

    /// The result of `function`; if it throws, which libedit knows nothing of, `otherwise`, and
    /// read() throws that.
    template <typename Result, typename Function>
    Result guarded(Result otherwise, Function function) {
        try {
            return function();
        } catch (...) {
            failure_ = std::current_exception();
            return otherwise;
        }
    }

    static int get_character(EditLine* editor, wchar_t* character) {
        Impl& impl = self(editor);
        return impl.guarded(-1, [&] { return impl.next_character(*character); });
    }

    /// 1 for a character, 0 at the end, -1 for an error.
    int next_character(wchar_t& character) {
        std::mbstate_t state{};
        for (;;) {
            pollfd ready[] = {{STDIN_FILENO, POLLIN, 0},
                              {options_.wake, POLLIN, 0},
                              {options_.signals->fd(), POLLIN, 0}};
            if (poll(ready, 3, -1) < 0) {
                if (errno == EINTR) continue;
                return -1;
            }
            if (ready[2].revents != 0 && interrupted()) {
                const LineInfo* const line = el_line(editor_);
                character = line->lastchar == line->buffer ? L'\n' : kill_line;
                return 1;
            }
            if (ready[1].revents != 0) options_.on_wake();
            if (ready[0].revents == 0) continue;
            char byte = 0;
            const ssize_t size = ::read(STDIN_FILENO, &byte, 1);
            if (size <= 0) return size == 0 ? 0 : -1;
            // NOLINTNEXTLINE(concurrency-mt-unsafe): with a state of its own it is
            const std::size_t used = std::mbrtowc(&character, &byte, 1, &state);
            if (used == 0 || used == 1) return 1;
            if (used == static_cast<std::size_t>(-1)) state = {};  // no UTF-8: passed over
        }
    }

    static unsigned char complete(EditLine* editor, int) {
        Impl& impl = self(editor);
        return impl.guarded<unsigned char>(CC_EOF, [&impl] { return impl.complete_word(); });
    }

    unsigned char complete_word() {
        const LineInfo* const line = el_line(editor_);
        const std::string before(line->buffer, line->cursor);
        const std::size_t blank = before.rfind(' ');
        const std::size_t begin = blank == std::string::npos ? 0 : blank + 1;
        const std::string word = before.substr(begin);
        std::vector<std::string> words = options_.complete(before.substr(0, begin), word);
        std::erase_if(words, [&word](const std::string& one) { return !one.starts_with(word); });
        if (words.empty()) return CC_ERROR;
        std::string rest = common_beginning(words).substr(word.size());
        if (words.size() == 1) rest += ' ';
        if (!rest.empty()) return el_insertstr(editor_, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
        std::string list;
        for (const std::string& one : words) list += (list.empty() ? "" : "  ") + one;
        print(list);
        return CC_REFRESH;
    }

    /// With the terminal as it was before the line. Not by libedit's own handlers: they print, for
    /// which they take a lock that the thread they interrupt may have.
    void let_others_act() {
        el_set(editor_, EL_PREP_TERM, 0);
        options_.signals->others_.unblock();  // the process may end here, or stop for a while
        options_.signals->others_.block();
        el_set(editor_, EL_PREP_TERM, 1);
        std::fputs("\r\x1b[J", stdout);  // in the row where the shell has left the cursor
        draw_line();
    }

    /// In the width that the terminal has now.
    void redraw_line() {
        clear_line();
        draw_line();
    }

    /// Where it was cleared.
    void draw_line() {
        columns_ = columns(STDOUT_FILENO);
        el_resize(editor_);
        el_set(editor_, EL_REFRESH);
    }

    /// Takes the line off the terminal, which may be several of its lines. One that gets another
    /// width is taken to wrap the line anew, as nearly all do.
    void clear_line() const {
        const LineInfo* const line = el_line(editor_);
        const std::string before = options_.prompt + std::string(line->buffer, line->cursor);
        Place cursor = place_behind(before, columns(STDOUT_FILENO));
        // The cursor is in the next row if there is something behind it: at the end of a row that
        // is full libedit has written a blank for that.
        const bool at_end = line->cursor == line->lastchar;
        if (cursor.full && (!at_end || place_behind(before, columns_).full)) ++cursor.rows;
        std::string clear = "\r";
        if (cursor.rows > 0) clear += "\x1b[" + std::to_string(cursor.rows) + 'A';
        clear += " \x1b[J\r";  // what tmux clears from its first column on, it may keep as history
        std::fwrite(clear.data(), 1, clear.size(), stdout);
    }

    Options options_;
    EditLine* editor_ = nullptr;
    History* history_ = nullptr;
    bool editing_ = false;
    std::exception_ptr failure_;
    std::size_t columns_ = 0;  // when the line was drawn
};

LineEditor::LineEditor(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read() { return impl_->read(); }

void LineEditor::remember(const std::string& line) { impl_->remember(line); }

bool LineEditor::interrupted() { return impl_->interrupted(); }

void LineEditor::print(std::string_view text) { impl_->print(text); }

std::string history_path() {
    const auto folder = []() -> std::filesystem::path {
        // The XDG Base Directory Specification: a relative path is to be ignored.
        const char* const state = environment("XDG_STATE_HOME");
        if (state != nullptr && *state == '/') return state;
        const char* const home = environment("HOME");
        if (home == nullptr || *home == '\0') return {};
        return std::filesystem::path(home) / ".local/state";
    }();
    if (folder.empty()) return "";
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    mkdir((folder / "jsocket").c_str(), S_IRWXU);  // what was typed is nobody else's business
    return std::filesystem::is_directory(folder / "jsocket", error) ? folder / "jsocket/history"
                                                                    : "";
}

}  // namespace jsocket::cli
