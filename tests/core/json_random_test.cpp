// SPDX-License-Identifier: Apache-2.0
#include "core/judge.hpp"
#include "core/tree_builder.hpp"
#include "core/verdict.hpp"

#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

using namespace std::string_view_literals;

namespace jsocket {
namespace {

using test::judge;
using test::Judgement;

/// Random choices that are the same on every machine, which those of <random>'s distributions
/// are not.
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    std::size_t below(std::size_t limit) { return engine_() % limit; }
    bool one_in(std::size_t n) { return below(n) == 0; }

    template <typename Choices>
    auto pick(const Choices& choices) {
        return choices[below(std::size(choices))];
    }

  private:
    std::mt19937_64 engine_;
};

/// Writes JSON texts: all kinds of values, escapes, and white space; some of its numbers do not
/// fit.
class TextWriter {
  public:
    explicit TextWriter(Random& random) : random_(random) {}

    std::string text() {
        out_.clear();
        white_space();
        value(1 + random_.below(6));
        white_space();
        return out_;
    }

  private:
    void value(std::size_t depth) {
        switch (random_.below(depth > 0 ? 9 : 5)) {
            case 0:
                out_ += random_.pick(literals);
                return;
            case 1:
            case 2:
                number();
                return;
            case 3:
            case 4:
                string();
                return;
            case 5:
            case 6:
                container('[', ']', depth);
                return;
            default:
                container('{', '}', depth);
                return;
        }
    }

    void container(char opening, char closing, std::size_t depth) {
        out_ += opening;
        const std::size_t size = random_.below(5);
        for (std::size_t i = 0; i < size; ++i) {
            if (i > 0) out_ += ',';
            white_space();
            if (opening == '{') {
                string();
                white_space();
                out_ += ':';
                white_space();
            }
            value(depth - 1);
            white_space();
        }
        if (size == 0) white_space();
        out_ += closing;
    }

    void number() {
        if (random_.one_in(8)) {
            out_ += random_.pick(special_numbers);
            return;
        }
        if (random_.one_in(3)) out_ += '-';
        out_ += random_.one_in(4) ? "0" : std::to_string(1 + random_.below(1'000'000));
        if (random_.one_in(3)) out_ += '.' + std::to_string(random_.below(10'000));
        if (!random_.one_in(4)) return;
        out_ += random_.pick("eE"sv);
        if (random_.one_in(2)) out_ += random_.pick("+-"sv);
        out_ += std::to_string(random_.below(25));
    }

    void string() {
        out_ += '"';
        for (std::size_t i = random_.below(6); i > 0; --i) out_ += random_.pick(characters);
        out_ += '"';
    }

    void white_space() {
        while (random_.one_in(4)) out_ += random_.pick(" \t\r\n"sv);
    }

    static constexpr std::string_view literals[] = {"null", "true", "false"};
    static constexpr std::string_view special_numbers[] = {
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e400",
        "-1e400",
        "5e-324",
        "1e-400",
        "1.7976931348623157e308",
        "-0",
        "-0.0",
        "100000000000000000000000000000000000000000"};
    static constexpr std::string_view characters[] = {"a",
                                                      "b",
                                                      " ",
                                                      "{",
                                                      "}",
                                                      "[",
                                                      "]",
                                                      ",",
                                                      ":",
                                                      "0",
                                                      "1e5",
                                                      "\\\"",
                                                      "\\\\",
                                                      "\\/",
                                                      "\\n",
                                                      "\\u0000",
                                                      "\\u00e9",
                                                      "\\uD83D\\uDE00",
                                                      "\x7F",
                                                      "\xC3\xA9",
                                                      "\xE2\x82\xAC",
                                                      "\xF0\x9F\x98\x80",
                                                      "\xEF\xBB\xBF",
                                                      "//"};

    Random& random_;
    std::string out_;
};

/// Changes a few bytes of a text, mostly so that it looks like JSON still.
std::string mutated(std::string text, Random& random) {
    static constexpr std::string_view pieces[] = {"\"",
                                                  "\\",
                                                  "{",
                                                  "}",
                                                  "[",
                                                  "]",
                                                  ",",
                                                  ":",
                                                  "-",
                                                  "+",
                                                  ".",
                                                  "e",
                                                  "0",
                                                  "1",
                                                  "null",
                                                  "\\u",
                                                  "\\uD800",
                                                  "\\uDC00",
                                                  " ",
                                                  "\n",
                                                  "\0"sv,
                                                  "\x01",
                                                  "\x1F",
                                                  "\x7F",
                                                  "\x80",
                                                  "\xC0\x80",
                                                  "\xC3",
                                                  "\xE2\x82\xAC",
                                                  "\xED\xA0\x80",
                                                  "\xF0\x9F\x98\x80",
                                                  "\xF4\x90\x80\x80",
                                                  "\xFF",
                                                  "\xEF\xBB\xBF",
                                                  "/",
                                                  "'",
                                                  "E5",
                                                  "18446744073709551616"};
    for (std::size_t i = 1 + random.below(3); i > 0; --i) {
        const std::size_t position = random.below(text.size() + 1);
        const std::size_t rest = text.size() - position;
        switch (random.below(5)) {
            case 0:
                text.erase(position, 1);
                break;
            case 1:
                text.erase(position, random.below(rest + 1));
                break;
            case 2:
                text.insert(position, text.substr(position, random.below(8)));
                break;
            case 3:
                text.insert(position, random.pick(pieces));
                break;
            default:
                text.replace(position, std::min<std::size_t>(rest, 1), random.pick(pieces));
        }
    }
    return text;
}

std::string expected_verdict(const Judgement& judgement, bool accepted) {
    return accepted ? "ok" : judgement.utf8 ? "invalid_json" : "invalid_utf8";
}

/// Where one text is read after the other, into the tree of the one before.
struct KeptTree {
    TreeBuilder builder;
    json tree;
};

/// Compares the library with the judge.
void expect_agreement(const std::string& text, const Judgement& judgement, KeptTree& kept) {
    const std::string shown = testing::PrintToString(text);
    ASSERT_EQ(test::verdict_of([&] { kept.builder.fill(text, {}, kept.tree); }),
              expected_verdict(judgement, judgement.exact))
        << shown;
    ASSERT_EQ(test::validate_verdict(text), expected_verdict(judgement, judgement.json)) << shown;
    ASSERT_EQ(test::parse_verdict(text), expected_verdict(judgement, judgement.exact)) << shown;
    if (judgement.json) {
        const std::string compacted = compact(text);
        ASSERT_EQ(compacted, test::without_white_space(text)) << shown;
        ASSERT_EQ(compact(compacted), compacted) << shown;
    }
    if (!judgement.exact) return;
    const json value = parse(text);
    const json reference = nlohmann::json::parse(text);
    ASSERT_EQ(value, reference) << shown;
    ASSERT_EQ(value.dump(), reference.dump()) << shown;  // 1 == 1.0, but not as text
    ASSERT_EQ(kept.tree.dump(), reference.dump()) << shown;
    std::string serialized;
    serialize(value, serialized);
    ASSERT_EQ(serialized, reference.dump()) << shown;
    ASSERT_EQ(parse(serialized), reference) << shown;
}

TEST(RandomTexts, AreJudgedAsByAnIndependentParser) {
    Random random(20'240'229);
    TextWriter writer(random);
    KeptTree kept;
    int exact = 0;
    int inexact = 0;
    for (int i = 0; i < 4'000; ++i) {
        const std::string text = writer.text();
        const Judgement judgement = judge(text);
        ASSERT_TRUE(judgement.json) << text;
        expect_agreement(text, judgement, kept);
        if (HasFatalFailure()) return;
        ++(judgement.exact ? exact : inexact);
    }
    EXPECT_GT(exact, 2'000);
    EXPECT_GT(inexact, 100);
}

TEST(RandomTexts, AreJudgedAsByAnIndependentParserWhenTheyAreBroken) {
    Random random(19'700'101);
    TextWriter writer(random);
    KeptTree kept;
    int accepted = 0;
    int refused = 0;
    int refused_utf8 = 0;
    for (int i = 0; i < 12'000; ++i) {
        const std::string text = mutated(writer.text(), random);
        const Judgement judgement = judge(text);
        expect_agreement(text, judgement, kept);
        if (HasFatalFailure()) return;
        ++(judgement.json ? accepted : judgement.utf8 ? refused : refused_utf8);
    }
    EXPECT_GT(accepted, 500);
    EXPECT_GT(refused, 2'000);
    EXPECT_GT(refused_utf8, 500);
}

TEST(RandomTexts, AreMeasuredAsByAnIndependentParser) {
    Random random(42);
    TextWriter writer(random);
    for (int i = 0; i < 4'000; ++i) {
        const std::string text = writer.text();
        const Judgement judgement = judge(text);
        if (!judgement.exact) continue;
        const Limits limits{.max_depth = std::max<std::size_t>(judgement.depth, 1),
                            .max_elements = judgement.elements};
        ASSERT_EQ(test::verdict(text, limits), "ok") << text;
        if (judgement.depth > 1) {
            const Limits shallow{.max_depth = judgement.depth - 1};
            ASSERT_EQ(test::verdict(text, shallow), "too_deep") << text;
        }
        if (judgement.elements > 1) {
            const Limits few{.max_elements = judgement.elements - 1};
            ASSERT_EQ(test::verdict(text, few), "too_complex") << text;
        }
    }
}

}  // namespace
}  // namespace jsocket
