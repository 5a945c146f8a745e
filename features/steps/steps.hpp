// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "location.hpp"

#include <jsocket/json.hpp>

#include <cstddef>
#include <functional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct World;

/// The sentences that scenarios are made of, and what each does.
///
///     steps.define("{client} sends {int} messages", [](World& world, Name client, int count) {
///         ...
///     });
///
/// A pattern is the sentence, with {name} where an argument stands; arguments.hpp lists the names
/// and the type each is for. `(s)` is an optional s. A table or a text below the step is one more
/// argument, the last. A step fails by throwing.
class Steps {
  public:
    template <typename Step>
    void define(std::string_view pattern, Step step, Location where = Location::current()) {
        add(pattern, where, std::function(std::move(step)));
    }

    /// The definitions that match a sentence, each with its id and arguments, as the wire protocol
    /// wants them.
    jsocket::json matches(const std::string& sentence) const;

    /// The pattern of a definition, and where it is.
    std::string describe(std::size_t id) const;

    /// Runs one definition. Throws what the step throws.
    void invoke(std::size_t id, World& world, const jsocket::json& arguments) const;

  private:
    struct Definition {
        std::string pattern;
        std::string source;  // file and line, for the report
        std::regex expression;
        std::function<void(World&, const jsocket::json&)> run;
    };

    template <typename... Arguments>
    void add(std::string_view pattern, Location where,
             std::function<void(World&, Arguments...)> step) {
        add_definition(pattern, where,
                       [step = std::move(step)](World& world, const jsocket::json& arguments) {
                           check_count(arguments, sizeof...(Arguments));
                           call(step, world, arguments, std::index_sequence_for<Arguments...>());
                       });
    }

    template <typename... Arguments, std::size_t... index>
    static void call(const std::function<void(World&, Arguments...)>& step, World& world,
                     const jsocket::json& arguments, std::index_sequence<index...>) {
        step(world, argument_cast<std::remove_cvref_t<Arguments>>(arguments[index])...);
    }

    void add_definition(std::string_view pattern, Location where,
                        std::function<void(World&, const jsocket::json&)> run);
    static void check_count(const jsocket::json& arguments, std::size_t expected);

    std::vector<Definition> definitions_;
};

/// The line of C++ to begin with for a sentence that no definition matches.
std::string snippet(const std::string& sentence);

void define_setting_steps(Steps& steps);
void define_server_steps(Steps& steps);
void define_client_steps(Steps& steps);
void define_crowd_steps(Steps& steps);
void define_stranger_steps(Steps& steps);
void define_statistics_steps(Steps& steps);
void define_command_steps(Steps& steps);
