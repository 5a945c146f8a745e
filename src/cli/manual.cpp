// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.hpp"

#include "cli/texts.hpp"

#include <jsocket/version.hpp>

#include <cctype>
#include <sstream>
#include <string_view>

namespace jsocket::cli {

namespace {

/// For the middle of a line of man(7).
std::string inside(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";  // one that can be copied, and is no hyphen
        } else {
            out += c;
        }
    }
    return out;
}

/// A line of its own, which must not look like a request.
std::string line(std::string_view text) {
    const bool request = !text.empty() && (text.front() == '.' || text.front() == '\'');
    return (request ? "\\&" : "") + inside(text) + '\n';
}

/// In lines that are short enough for the linters of manual pages.
std::string filled(std::string_view text) {
    constexpr std::size_t width = 76;
    std::string out;
    while (text.size() > width) {
        const std::size_t space = text.rfind(' ', width);
        if (space == std::string_view::npos) break;
        out += line(text.substr(0, space));
        text.remove_prefix(space + 1);
    }
    return out + line(text);
}

std::string bold(std::string_view text) { return "\\fB" + inside(text) + "\\fR"; }

std::string italic(std::string_view text) { return "\\fI" + inside(text) + "\\fR"; }

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

/// What a page is called, and where it is found.
std::string page_name(const std::string& command) {
    return command.empty() ? "jsocket" : "jsocket-" + command;
}

std::string reference(const std::string& page) { return bold(page) + "(1)"; }

/// The meaning of an option as a sentence, with its default.
std::string sentence(const OptionDescription& option) {
    std::string text = filled(option.meaning + '.');
    if (!option.default_value.empty()) {
        text += "By default " + inside(option.default_value) + ".\n";
    }
    if (option.repeated) text += "May be given more than once.\n";
    return text;
}

std::string options(const std::vector<OptionDescription>& all) {
    std::string text;
    for (const OptionDescription& option : all) {
        text += ".TP\n";
        for (std::size_t i = 0; i < option.names.size(); ++i) {
            text += (i > 0 ? ", " : "") + bold(option.names[i]);
        }
        if (!option.type.empty() && option.type != option.names.front()) {
            text += ' ' + italic(option.type);
        }
        text += '\n' + sentence(option);
    }
    return text;
}

template <typename List>
std::string explained(const char* heading, const List& list) {
    std::string text = std::string(".SH ") + heading + '\n';
    for (const Explained& one : list) {
        text += ".TP\n.B " + inside(one.name) + '\n' + filled(one.meaning);
    }
    return text;
}

/// What is below the options in `--help`: paragraphs, in which indented lines stay lines, and then
/// examples.
struct Footer {
    std::string paragraphs;
    std::string examples;
};

Footer read_footer(const std::string& footer) {
    Footer read;
    std::istringstream lines(footer);
    std::string* part = &read.paragraphs;
    bool literal = false;
    bool paragraph = false;  // the next line begins one
    for (std::string text; std::getline(lines, text);) {
        const bool indented = text.starts_with("  ");
        if (literal && !indented) *part += ".EE\n.RE\n";
        if (!literal && indented)
            *part += (part->empty() ? "" : ".PP\n") + std::string(".RS 2\n.EX\n");
        literal = indented;
        if (indented) {
            *part += line(std::string_view(text).substr(2));
            continue;
        }
        if (text == "Examples:") part = &read.examples;
        if (text.empty() || text == "Examples:") {
            paragraph = true;
            continue;
        }
        if (paragraph) *part += ".PP\n";
        paragraph = false;
        *part += line(text);
    }
    if (literal) *part += ".EE\n.RE\n";
    return read;
}

std::string beginning(const std::string& command, const std::string& meaning,
                      const std::string& date) {
    std::string small = meaning;
    // "JSON messages", but "send a message".
    if (small.size() > 1 && std::islower(static_cast<unsigned char>(small[1])) != 0) {
        small.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(small.front())));
    }
    return ".\\\" Made by `jsocket manual`.\n.TH " + upper(inside(page_name(command))) + " 1 " +
           date + " \"jsocket " JSOCKET_VERSION "\" \"User Commands\"\n.nh\n.SH NAME\n" +
           inside(page_name(command)) + " \\- " + inside(small) + "\n.SH SYNOPSIS\n";
}

std::string end() {
    return explained("EXIT STATUS", exit_codes) + explained("ENVIRONMENT", environment) +
           explained("FILES", files);
}

std::string command_page(const CommandDescription& command, const std::string& date) {
    std::string text = beginning(command.name, command.meaning, date);
    text += bold("jsocket " + command.name) + " [" + italic("OPTION") + "...]";
    for (const OptionDescription& argument : command.arguments) {
        const std::string name = italic(argument.names.front()) + (argument.repeated ? "..." : "");
        text += argument.required ? ' ' + name : " [" + name + ']';
    }
    const Footer footer = read_footer(command.footer);
    text += "\n.SH DESCRIPTION\n" + line(command.meaning + '.');
    if (!footer.paragraphs.empty()) text += ".PP\n" + footer.paragraphs;
    text += ".SH OPTIONS\n" + options(command.arguments) + options(command.options) + end();
    if (!footer.examples.empty()) text += ".SH EXAMPLES\n" + footer.examples;
    return text + ".SH SEE ALSO\n" + reference("jsocket") + '\n';
}

std::string program_page(const Description& jsocket, const std::string& date) {
    std::string text = beginning("", jsocket.program.meaning, date);
    text += bold("jsocket") + ' ' + italic("COMMAND") + " [" + italic("OPTION") + "...] [" +
            italic("ARGUMENT") + "...]\n.SH DESCRIPTION\n" +
            line("Data goes to standard output, diagnostics go to standard error.") +
            ".SH COMMANDS\n";
    std::string pages;
    for (const CommandDescription& command : jsocket.commands) {
        text += ".TP\n" + reference(page_name(command.name)) + '\n' + line(command.meaning + '.');
        pages += (pages.empty() ? "" : ",\n") + reference(page_name(command.name));
    }
    return text + ".SH OPTIONS\n" + options(jsocket.program.options) + end() + ".SH SEE ALSO\n" +
           pages + '\n';
}

}  // namespace

std::vector<ManualPage> manual_pages(const Description& jsocket, const std::string& date) {
    std::vector<ManualPage> pages{{"jsocket.1", program_page(jsocket, date)}};
    for (const CommandDescription& command : jsocket.commands) {
        pages.push_back({page_name(command.name) + ".1", command_page(command, date)});
    }
    return pages;
}

}  // namespace jsocket::cli
