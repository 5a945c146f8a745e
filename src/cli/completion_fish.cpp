// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

namespace jsocket::cli {

namespace {

// `commandline -opc` has the words before the one at the cursor.
constexpr const char* functions = R"script(
# Prints the command, how many arguments of it there are, and then the words behind it that say how to
# reach its server.
function __jsocket_words
    set -l words (commandline -opc)
    set -l command ''
    set -l count 0
    set -l option ''
    set -l server
    for word in $words[2..-1]
        if test -n "$command" -a "$option" != --timeout
            and not string match -q -- '--timeout*' $word
            set -a server $word
        end
        if test -n "$option"
            set option ''
        else if string match -q -- '-*' $word
            if contains -- "$command $word" $__jsocket_valued
                set option $word
            end
        else if test -z "$command"
            set command $word
        else
            set count (math $count + 1)
        end
    end
    printf '%s\n' "$command" $count $server
end

# Is the word to complete behind command $argv[1]; its argument number $argv[2], if that is given?
function __jsocket_at
    set -l words (__jsocket_words)
    test "$words[1]" = "$argv[1]"
    and begin
        test -z "$argv[2]"
        or test (math $words[2] + 1) = "$argv[2]"
    end
end

function __jsocket_contexts
    set -l program (commandline -opc)[1]
    $program contexts 2>/dev/null | string replace -rf '^([A-Za-z0-9_.-]+) +(.*)' '@$1\t$2'
end

function __jsocket_methods
    set -l program (commandline -opc)[1]
    set -l words (__jsocket_words)
    $program call --timeout 1 --list $words[3..-1] 2>/dev/null </dev/null |
        string match -r '^[A-Za-z0-9_./-]+$'
end

complete -c jsocket -f
)script";

/// In single quotes for the shell.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + '\'';
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

/// How fish finds values of this type.
std::string values(const OptionDescription& option) {
    if (option.type == "FILE") return " -rF";
    if (option.type == "SERVER") return " -a '(__jsocket_contexts)'";
    if (option.type == "METHOD") return " -a '(__jsocket_methods)'";
    return option.values.empty() ? "" : " -a " + quoted(joined(option.values));
}

std::string options_of(const CommandDescription& command, const std::string& condition) {
    std::string script;
    for (const OptionDescription& option : command.options) {
        script += "complete -c jsocket -n '" + condition + "'";
        for (const std::string& name : option.names) {
            script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        if (!option.type.empty()) script += (option.type == "FILE" ? "" : " -x") + values(option);
        script += " -d " + quoted(option.meaning) + '\n';
    }
    return script;
}

std::string arguments_of(const CommandDescription& command) {
    std::string script;
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        const OptionDescription& argument = command.arguments[i];
        const std::string found = argument.type == "FILE" ? " -F" : values(argument);
        if (found.empty()) continue;
        const std::string place = argument.repeated ? "" : ' ' + std::to_string(i + 1);
        script.append("complete -c jsocket -n '__jsocket_at ").append(command.name);
        script.append(place).append("'").append(found) += '\n';
    }
    return script;
}

/// What takes a value, as "COMMAND OPTION".
std::string valued(const Description& jsocket) {
    std::string list;
    for (const CommandDescription& command : jsocket.commands) {
        for (const OptionDescription& option : command.options) {
            if (option.type.empty()) continue;
            for (const std::string& name : option.names) {
                list += " \\\n    " + quoted(command.name + ' ' + name);
            }
        }
    }
    return list;
}

}  // namespace

std::string fish_completion(const Description& jsocket) {
    std::string script =
        "# fish completion for jsocket, made by `jsocket completion fish`\n\n"
        "set -g __jsocket_valued" +
        valued(jsocket) + '\n' + functions;
    for (const CommandDescription& command : jsocket.commands) {
        script += "complete -c jsocket -n '__jsocket_at \"\"' -a " + command.name + " -d " +
                  quoted(command.meaning) + '\n';
    }
    script += options_of(jsocket.program, "__jsocket_at \"\"");
    for (const CommandDescription& command : jsocket.commands) {
        script += options_of(command, "__jsocket_at " + command.name) + arguments_of(command);
    }
    script.pop_back();
    return script;
}

}  // namespace jsocket::cli
