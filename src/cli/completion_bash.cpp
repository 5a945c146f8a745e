// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

namespace jsocket::cli {

namespace {

// Bash hands over words that it has also cut at `:`, `=` and `@`; they are put together again from
// what is between them in the line. It puts a completion in the place of what is behind the last
// `:` or `=`, and of a `@` with what is behind it. `compgen -W` would expand what servers send, and
// is used for our own words only.
constexpr const char* functions = R"script(
_jsocket_words() {
    local rest=$COMP_LINE piece i
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        if ((i == 0)) || [[ $rest == [[:blank:]]* ]]; then
            rest=${rest#"${rest%%[![:blank:]]*}"}
            words+=("$piece")
        else
            words[-1]+=$piece
        fi
        rest=${rest#"$piece"}
    done
}

# Those lines of standard input that are plain names and, with $1 before them, begin with $2.
_jsocket_names() {
    local name
    while IFS= read -r name; do
        [[ $name == *[!A-Za-z0-9_./-]* ]] && continue
        [[ $1$name == "$2"* ]] && COMPREPLY+=("$1$name")
    done
}

_jsocket_value() {
    local kind=$1 current=$2
    case $kind in
        FILE)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            ;;
        SERVER)
            _jsocket_names @ "$current" < <("$program" contexts 2>/dev/null | cut -d ' ' -f 1)
            ;;
        METHOD)
            _jsocket_names '' "$current" < <("$program" call --timeout 1 --list "${server[@]}" \
                2>/dev/null </dev/null)
            ;;
        *'|'*)
            mapfile -t COMPREPLY < <(compgen -W "${kind//|/ }" -- "$current")
            ;;
    esac
}

# Completes $1, behind the words before it.
_jsocket_complete() {
    local current=$1 command='' option='' kind='' word count=0
    local -a server=()
    for word in "${words[@]:1:${#words[@]}-2}"; do
        # What says how to reach the server is for asking it, too.
        [[ -n $command && $option != --timeout && $word != --timeout* ]] && server+=("$word")
        if [[ -n $option ]]; then
            option=
        elif [[ $word == -* ]]; then
            _jsocket_kind "$command $word"
            [[ -n $kind ]] && option=$word
        elif [[ -z $command ]]; then
            command=$word
        else
            ((++count))
        fi
    done
    if [[ -n $option ]]; then
        _jsocket_kind "$command $option"
        _jsocket_value "$kind" "$current"
    elif [[ $current == --*=* ]]; then
        _jsocket_kind "$command ${current%%=*}"
        _jsocket_value "$kind" "${current#*=}"
        COMPREPLY=("${COMPREPLY[@]/#/${current%%=*}=}")
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_jsocket_options "$command")" -- "$current")
    elif [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$_jsocket_commands" -- "$current")
    else
        _jsocket_kind "$command $((count + 1))"
        _jsocket_value "$kind" "$current"
    fi
}

_jsocket() {
    local -a words
    local program before='' mark prefix
    COMPREPLY=()
    _jsocket_words
    program=${words[0]}
    _jsocket_complete "${words[-1]}"
    for mark in : =; do
        [[ $COMP_WORDBREAKS == *"$mark"* && ${words[-1]} == *"$mark"* ]] || continue
        prefix=${words[-1]%"${words[-1]##*"$mark"}"}
        ((${#prefix} > ${#before})) && before=$prefix
    done
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
}

complete -F _jsocket jsocket)script";

/// What follows `option`, as completion.hpp's scripts tell kinds apart: by the type in `--help`.
void add_kinds(std::string& script, const CommandDescription& command) {
    const std::string before = "        '" + command.name + ' ';
    for (const OptionDescription& option : command.options) {
        if (option.type.empty()) continue;
        for (const std::string& name : option.names) {
            script += before + name + "') kind='" + option.type + "' ;;\n";
        }
    }
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        const OptionDescription& argument = command.arguments[i];
        script += before + (argument.repeated ? "'[0-9]*" : std::to_string(i + 1) + "'") +
                  ") kind='" + argument.type + "' ;;\n";
    }
}

std::string options_of(const CommandDescription& command) {
    std::string names;
    for (const OptionDescription& option : command.options) {
        for (const std::string& name : option.names) names += (names.empty() ? "" : " ") + name;
    }
    return names;
}

}  // namespace

std::string bash_completion(const Description& jsocket) {
    std::string commands;
    std::string kinds;
    std::string options;
    for (const CommandDescription& command : jsocket.commands) {
        commands += (commands.empty() ? "" : " ") + command.name;
        add_kinds(kinds, command);
        options += "        " + command.name + ") echo '" + options_of(command) + "' ;;\n";
    }
    return "# bash completion for jsocket, made by `jsocket completion bash`\n\n"
           "_jsocket_commands='" +
           commands +
           "'\n\n"
           "_jsocket_options() {\n    case $1 in\n" +
           options + "        '') echo '" + options_of(jsocket.program) +
           "' ;;\n    esac\n}\n\n"
           "# Sets `kind` to the type of an option or argument, by command and name or number.\n"
           "_jsocket_kind() {\n    kind=\n    case $1 in\n" +
           kinds + "    esac\n}\n" + functions;
}

}  // namespace jsocket::cli
