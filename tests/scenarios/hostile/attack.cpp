// SPDX-License-Identifier: Apache-2.0
#include "scenarios/hostile/attack.hpp"

#include <cstdio>
#include <cstdlib>

namespace test_support {
namespace {

/// In the place of a parameter, if it does not make the message too large.
std::string dressed(std::string text, const Course& course) {
    if (text.size() + 100 > course.limits.max_message_size) return text;
    return call_text("echo", '[' + text + ']', course.number);
}

}  // namespace

bool soaking() {
    const char* const value = std::getenv("JSOCKET_SOAK");
    return value != nullptr && *value != '\0';
}

std::uint64_t first_seed() {
    const char* const value = std::getenv("JSOCKET_SEED");
    return value == nullptr ? 1 : std::strtoull(value, nullptr, 10);
}

int rounds() { return soaking() ? 10 : 1; }

std::size_t texts_in_a_round(jsocket::Framing framing) {
    const int few = framing == jsocket::Framing::prefix ? 100 : 33;
    return static_cast<std::size_t>(scaled(soaking() ? 500 : few, 5));
}

std::size_t attack(Opponent& opponent, const Traffic& traffic, Course& course, Dress dress,
                   std::size_t texts) {
    std::size_t cut = 0;
    for (std::size_t i = 0; i < texts; ++i, ++course.number) {
        std::string text = traffic.next(course);
        if (dress == Dress::call) text = dressed(std::move(text), course);
        // The fence is a small message, which replaces what was there: so only at the end.
        const bool fenced = dress != Dress::none && i + 1 == texts;
        const bool answered = fenced ? opponent.converse_rpc(text) : opponent.converse(text);
        if (!answered) ++cut;
    }
    return cut;
}

std::string describe(const Traffic& traffic, std::uint64_t seed) {
    return traffic.name + ", JSOCKET_SEED=" + std::to_string(seed);
}

void print_growth(std::string_view what, std::size_t growth, std::size_t bound) {
    constexpr auto unit = static_cast<double>(mebibyte);
    std::printf("%.*s: %.1f MiB, allowed are %.1f\n", static_cast<int>(what.size()), what.data(),
                static_cast<double>(growth) / unit, static_cast<double>(bound) / unit);
}

}  // namespace test_support
