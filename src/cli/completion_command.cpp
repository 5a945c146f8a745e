// SPDX-License-Identifier: Apache-2.0
#include "cli/completion_command.hpp"

#include "cli/completion.hpp"
#include "cli/terminal.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <CLI/CLI.hpp>

namespace jsocket::cli {

CompletionCommand::CompletionCommand(CLI::App& app)
    : Command(app, "completion", "Print a script with which a shell completes") {
    command_->add_option("SHELL", shell_, "Whose script")->required()->type_name("bash|zsh|fish");
    command_->footer(
        "Packages install these scripts where shells find them. Without a package:\n\n"
        "Examples:\n"
        "  eval \"$(jsocket completion bash)\"      # in ~/.bashrc\n"
        "  source <(jsocket completion zsh)       # in ~/.zshrc, after compinit\n"
        "  jsocket completion fish | source       # in ~/.config/fish/config.fish");
}

void CompletionCommand::run() {
    const Description jsocket = describe(*command_->get_parent());
    if (shell_ == "bash") return print_line(bash_completion(jsocket));
    if (shell_ == "zsh") return print_line(zsh_completion(jsocket));
    if (shell_ == "fish") return print_line(fish_completion(jsocket));
    throw UsageError("SHELL: expected bash, zsh or fish, not \"" + printable(shell_) + '"');
}

}  // namespace jsocket::cli
