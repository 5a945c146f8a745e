// SPDX-License-Identifier: Apache-2.0
// The jsocket command, as a child with pipes.
#include "expect.hpp"
#include "steps.hpp"
#include "world.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace {

using jsocket::json;
using std::chrono::milliseconds;

void replace_all(std::string& text, const std::string& word, const std::string& by) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
        text.replace(at, word.size(), by);
        at += by.size();
    }
}

/// The words of a command line of a scenario: the program's real path, and what SERVER, MALLORY
/// and FOLDER stand for.
std::vector<std::string> real_words(World& world, std::string command) {
    const char* const program = std::getenv("JSOCKET_COMMAND");
    expect(program != nullptr, "JSOCKET_COMMAND is not set to the path of the jsocket command");
    replace_all(command, "SERVER", world.serving_address);
    replace_all(command, "MALLORY", world.mallory_address);
    if (command.find("FOLDER") != std::string::npos) {
        replace_all(command, "FOLDER", world.folder().path());
    }
    std::vector<std::string> words = split_command(command);
    expect_equal(words.at(0), "jsocket", "the program to run");
    words[0] = program;
    return words;
}

void serve(World& world, std::string command) {
    world.serving = std::make_unique<Process>(real_words(world, std::move(command)));
    const std::string line = world.serving->read_line();
    const std::string_view expected = "listening on ";
    expect(line.starts_with(expected), "the first line is: " + line);
    world.serving_address = line.substr(expected.size());
}

void run(World& world, std::string command, std::string_view input) {
    world.last_run = std::make_unique<Process>(real_words(world, std::move(command)));
    world.measure([&] {
        world.last_run->write_input(input);
        world.last_run->wait();
    });
}

Process& last_run(World& world) {
    expect(world.last_run != nullptr, "this scenario has run no command");
    return *world.last_run;
}

void expect_exit_code(const Process& process, int code) {
    expect(process.exit_code() == code, "exit code " + std::to_string(process.exit_code()) +
                                            ", with these words: " + process.complaints());
}

void expect_output(World& world, const std::string& text) {
    const Process& process = last_run(world);
    expect(process.output() == text + '\n',
           "it printed: " + process.output() + process.complaints());
}

void define_running(Steps& steps) {
    steps.define("{command} is running", serve);
    steps.define("I run {command}",
                 [](World& world, std::string command) { run(world, std::move(command), ""); });
    steps.define("I run {command} with the input",
                 [](World& world, std::string command, std::string input) {
                     run(world, std::move(command), input + '\n');
                 });
    steps.define("the server command gets {string}", [](World& world, std::string name) {
        expect(name == "SIGINT" || name == "SIGTERM", "no step knows the signal " + name);
        world.serving->signal(name == "SIGINT" ? SIGINT : SIGTERM);
        world.serving->wait();
    });
}

void define_results(Steps& steps) {
    steps.define("it prints {command}", expect_output);
    steps.define("it prints", expect_output);
    steps.define("it prints nothing", [](World& world) {
        expect(last_run(world).output().empty(), "it printed: " + last_run(world).output());
    });
    steps.define("it complains in one line", [](World& world) {
        const std::string& complaints = last_run(world).complaints();
        expect(std::count(complaints.begin(), complaints.end(), '\n') == 1 &&
                   complaints.ends_with('\n') && complaints.size() > 1,
               "it complained: " + complaints);
    });
    steps.define("it explains {command}", [](World& world, std::string word) {
        expect(last_run(world).output().find(word) != std::string::npos,
               "it printed: " + last_run(world).output());
    });
    steps.define("it ends with exit code {int}",
                 [](World& world, int code) { expect_exit_code(last_run(world), code); });
    steps.define("the server command ends with exit code {int}",
                 [](World& world, int code) { expect_exit_code(*world.serving, code); });
    steps.define(
        "the server command has printed statistics in which {string} sent {int} message(s)",
        [](World& world, std::string client, int count) {
            const std::string& output = world.serving->output();
            const std::string last = output.substr(output.find('\n') + 1);
            const json statistics = jsocket::parse(last);
            expect_equal(statistics.at("clients").at(client).at("messages_in"), json(count),
                         "messages of " + client);
        });
}

}  // namespace

void define_command_steps(Steps& steps) {
    define_running(steps);
    define_results(steps);
}
