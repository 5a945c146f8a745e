// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

namespace jsocket::cli {

namespace {

// The words of a method's call that say how to reach the server are those before the method, but
// for a time-out. `opt_args` has options by name, quoted as they were typed: (Q) undoes that and
// expands nothing.
constexpr const char* functions = R"script(
_jsocket_contexts() {
    local -a names
    names=(${(f)"$(_call_program contexts ${(q)_jsocket_program} contexts 2>/dev/null)"})
    names=(@${^${(M)${names%% *}:#[A-Za-z0-9_.-]##}})
    compadd -a names
}

_jsocket_methods() {
    setopt local_options extended_glob
    local -a names server
    local word skip=
    for word in ${words[2,CURRENT-1]}; do
        if [[ -n $skip ]]; then
            skip=
        elif [[ $word == --timeout ]]; then
            skip=1
        elif [[ $word != --timeout=* ]]; then
            server+=(${(Q)word})
        fi
    done
    names=(${(f)"$($_jsocket_program call --timeout 1 --list $server 2>/dev/null </dev/null)"})
    names=(${(M)names:#[A-Za-z0-9_./-]##})
    compadd -a names
}
)script";

/// In single quotes for the shell.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + '\'';
}

/// With what `_arguments` reads out of a description escaped.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string values(const OptionDescription& option) {
    std::string action = " ";
    if (option.type == "FILE") action = "_files";
    if (option.type == "SERVER") action = "_jsocket_contexts";
    if (option.type == "METHOD") action = "_jsocket_methods";
    if (!option.values.empty()) {
        action = '(';
        for (const std::string& value : option.values) action += value + ' ';
        action.back() = ')';
    }
    return ':' + escaped(option.values.empty() ? option.type : "value") + ':' + action;
}

void add_options(std::string& script, const CommandDescription& command, const char* indent) {
    for (const OptionDescription& option : command.options) {
        std::string all;
        for (const std::string& name : option.names) all += (all.empty() ? "" : " ") + name;
        const std::string before = option.repeated ? "*" : '(' + all + ')';
        for (const std::string& name : option.names) {
            const bool assigned = !option.type.empty() && name.starts_with("--");
            const std::string what = before + name + (assigned ? "=" : "") + '[' +
                                     escaped(option.meaning) + ']' +
                                     (option.type.empty() ? "" : values(option));
            script += std::string(" \\\n") + indent + quoted(what);
        }
    }
}

std::string arguments_of(const CommandDescription& command) {
    std::string script = "                " + command.name + ")\n                    _arguments";
    constexpr const char* indent = "                        ";
    add_options(script, command, indent);
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        const OptionDescription& argument = command.arguments[i];
        const std::string place = argument.repeated ? "*" : std::to_string(i + 1);
        script += std::string(" \\\n") + indent + quoted(place + values(argument));
    }
    return script + "\n                    ;;\n";
}

}  // namespace

std::string zsh_completion(const Description& jsocket) {
    std::string commands;
    std::string cases;
    for (const CommandDescription& command : jsocket.commands) {
        commands += "        " + quoted(command.name + ':' + escaped(command.meaning)) + '\n';
        cases += arguments_of(command);
    }
    std::string options;
    add_options(options, jsocket.program, "        ");
    return "#compdef jsocket\n# zsh completion for jsocket, made by `jsocket completion zsh`\n" +
           std::string(functions) +
           "\n_jsocket() {\n"
           "    local curcontext=$curcontext state line _jsocket_program=$words[1]\n"
           "    local -A opt_args\n"
           "    local -a commands=(\n" +
           commands +
           "    )\n"
           "    _arguments -C" +
           options +
           " \\\n"
           "        '1:command:->command' '*::argument:->arguments'\n"
           "    case $state in\n"
           "        command)\n            _describe -t commands command commands\n            ;;\n"
           "        arguments)\n            case $words[1] in\n" +
           cases +
           "            esac\n            ;;\n    esac\n}\n\n"
           "# Autoloaded it is the function itself; read by `source` it has to be announced.\n"
           "if [[ $funcstack[1] == _jsocket ]]; then\n    _jsocket \"$@\"\n"
           "else\n    compdef _jsocket jsocket\nfi";
}

}  // namespace jsocket::cli
