// SPDX-License-Identifier: Apache-2.0
#include "steps.hpp"

#include "expect.hpp"

#include <algorithm>

namespace {

using jsocket::json;

/// "a {int} message(s)" as a regular expression.
std::regex compile(std::string_view pattern) {
    std::string expression;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char character = pattern[i];
        const std::size_t end = pattern.find('}', i);
        if (character == '{' && end != std::string_view::npos) {
            expression += argument_expression(pattern.substr(i + 1, end - i - 1));
            i = end;
        } else if (pattern.substr(i).starts_with("(s)")) {
            expression += "s?";
            i += 2;
        } else {
            if (std::string_view("\\^$.|?*+()[]{}").find(character) != std::string_view::npos) {
                expression += '\\';
            }
            expression += character;
        }
    }
    return std::regex(expression);
}

/// Cucumber counts characters where C++ counts bytes.
std::size_t characters(std::string_view utf8) {
    return std::size_t(std::count_if(utf8.begin(), utf8.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
    }));
}

}  // namespace

void Steps::add_definition(std::string_view pattern, Location where,
                           std::function<void(World&, const json&)> run) {
    definitions_.push_back(
        {std::string(pattern), to_string(where), compile(pattern), std::move(run)});
}

json Steps::matches(const std::string& sentence) const {
    json result = json::array();
    for (std::size_t id = 0; id < definitions_.size(); ++id) {
        const Definition& definition = definitions_[id];
        std::smatch match;
        if (!std::regex_match(sentence, match, definition.expression)) {
            continue;
        }
        json arguments = json::array();
        for (std::size_t group = 1; group < match.size(); ++group) {
            const auto begin = std::size_t(match.position(group));
            arguments.push_back({{"val", match.str(group)},
                                 {"pos", characters(std::string_view(sentence).substr(0, begin))}});
        }
        result.push_back({{"id", std::to_string(id)},
                          {"args", std::move(arguments)},
                          {"source", definition.source},
                          {"regexp", definition.pattern}});
    }
    return result;
}

std::string Steps::describe(std::size_t id) const {
    const Definition& definition = definitions_.at(id);
    return definition.pattern + " (" + definition.source + ')';
}

void Steps::invoke(std::size_t id, World& world, const json& arguments) const {
    definitions_.at(id).run(world, arguments);
}

void Steps::check_count(const json& arguments, std::size_t expected) {
    expect_equal(arguments.size(), expected, "number of arguments, a table or a text included");
}

std::string snippet(const std::string& sentence) {
    std::string pattern;
    std::string parameters;
    static const std::regex argument(R"re("[^"]*"|\b[0-9]+\b)re");
    auto rest = sentence.cbegin();
    for (std::sregex_iterator match(sentence.begin(), sentence.end(), argument), end; match != end;
         ++match) {
        const bool quoted = match->str().starts_with('"');
        pattern.append(rest, (*match)[0].first).append(quoted ? "{string}" : "{int}");
        parameters += quoted ? ", const std::string& text" : ", int number";
        rest = (*match)[0].second;
    }
    pattern.append(rest, sentence.cend());
    return "steps.define(\"" + pattern + "\", [](World& world" + parameters + ") {\n});";
}
