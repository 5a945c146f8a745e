// SPDX-License-Identifier: Apache-2.0
#include "core/judge.hpp"
#include "core/test_data.hpp"
#include "core/verdict.hpp"

#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket {
namespace {

using test::parse_verdict;
using test::validate_verdict;

/// What becomes of a text. validate() takes every number, parse() those that a tree can hold.
struct Outcome {
    std::string parsed;     ///< the tree printed again, or the kind of PayloadError
    std::string validated;  ///< "ok", or the kind of PayloadError
};

const Outcome refused_utf8{"invalid_utf8", "invalid_utf8"};
const Outcome refused_json{"invalid_json", "invalid_json"};
const Outcome refused_number{"invalid_json", "ok"};

/// RFC 8259 leaves these to the implementation; this is what ours does.
const std::map<std::string, Outcome> implementation_defined = {
    {"i_number_double_huge_neg_exp.json", {"[0.0]", "ok"}},
    {"i_number_huge_exp.json", refused_number},
    {"i_number_neg_int_huge_exp.json", refused_number},
    {"i_number_pos_double_huge_exp.json", refused_number},
    {"i_number_real_neg_overflow.json", refused_number},
    {"i_number_real_pos_overflow.json", refused_number},
    {"i_number_real_underflow.json", {"[0.0]", "ok"}},
    {"i_number_too_big_neg_int.json", refused_number},
    {"i_number_too_big_pos_int.json", refused_number},
    {"i_number_very_big_negative_int.json", refused_number},
    {"i_object_key_lone_2nd_surrogate.json", refused_json},
    {"i_string_1st_surrogate_but_2nd_missing.json", refused_json},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", refused_json},
    {"i_string_UTF-16LE_with_BOM.json", refused_utf8},
    {"i_string_UTF-8_invalid_sequence.json", refused_utf8},
    {"i_string_UTF8_surrogate_U+D800.json", refused_utf8},
    {"i_string_incomplete_surrogate_and_escape_valid.json", refused_json},
    {"i_string_incomplete_surrogate_pair.json", refused_json},
    {"i_string_incomplete_surrogates_escape_valid.json", refused_json},
    {"i_string_invalid_lonely_surrogate.json", refused_json},
    {"i_string_invalid_surrogate.json", refused_json},
    {"i_string_invalid_utf-8.json", refused_utf8},
    {"i_string_inverted_surrogates_U+1D11E.json", refused_json},
    {"i_string_iso_latin_1.json", refused_utf8},
    {"i_string_lone_second_surrogate.json", refused_json},
    {"i_string_lone_utf8_continuation_byte.json", refused_utf8},
    {"i_string_not_in_unicode_range.json", refused_utf8},
    {"i_string_overlong_sequence_2_bytes.json", refused_utf8},
    {"i_string_overlong_sequence_6_bytes.json", refused_utf8},
    {"i_string_overlong_sequence_6_bytes_null.json", refused_utf8},
    {"i_string_truncated-utf-8.json", refused_utf8},
    {"i_string_utf16BE_no_BOM.json", refused_utf8},
    {"i_string_utf16LE_no_BOM.json", refused_utf8},
    {"i_structure_500_nested_arrays.json", {"too_deep", "too_deep"}},
    {"i_structure_UTF-8_BOM_empty_object.json", refused_json},
};

/// Texts that parsers tend to change.
const std::map<std::string, Outcome> transformed = {
    {"number_-9223372036854775808.json", {"[-9223372036854775808]", "ok"}},
    {"number_-9223372036854775809.json", refused_number},
    {"number_1.0.json", {"[1.0]", "ok"}},
    {"number_1.000000000000000005.json", {"[1.0]", "ok"}},
    {"number_1000000000000000.json", {"[1000000000000000]", "ok"}},
    {"number_10000000000000000999.json", {"[10000000000000000999]", "ok"}},
    {"number_1e-999.json", {"[0.0]", "ok"}},
    {"number_1e6.json", {"[1000000.0]", "ok"}},
    {"number_9223372036854775807.json", {"[9223372036854775807]", "ok"}},
    {"number_9223372036854775808.json", {"[9223372036854775808]", "ok"}},
    {"object_key_nfc_nfd.json", {"{\"e\xCC\x81\":\"NFD\",\"\xC3\xA9\":\"NFC\"}", "ok"}},
    {"object_key_nfd_nfc.json", {"{\"e\xCC\x81\":\"NFD\",\"\xC3\xA9\":\"NFC\"}", "ok"}},
    {"object_same_key_different_values.json", {"{\"a\":2}", "ok"}},
    {"object_same_key_same_value.json", {"{\"a\":1}", "ok"}},
    {"object_same_key_unclear_values.json", {"{\"a\":0}", "ok"}},
    {"string_1_escaped_invalid_codepoint.json", refused_json},
    {"string_1_invalid_codepoint.json", refused_utf8},
    {"string_2_escaped_invalid_codepoints.json", refused_json},
    {"string_2_invalid_codepoints.json", refused_utf8},
    {"string_3_escaped_invalid_codepoints.json", refused_json},
    {"string_3_invalid_codepoints.json", refused_utf8},
    {"string_with_escaped_NULL.json", {"[\"A\\u0000B\"]", "ok"}},
};

struct Text {
    std::string name;
    std::string bytes;
};

std::vector<Text> texts(const std::string& folder, const std::string& beginning) {
    std::vector<Text> result;
    const std::filesystem::path path = std::string(JSOCKET_TEST_DATA "/JSONTestSuite/") + folder;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        std::string name = entry.path().filename();
        if (name.starts_with(beginning)) result.push_back({name, test::read_file(entry.path())});
    }
    return result;
}

void expect_outcomes(const std::vector<Text>& texts, const std::map<std::string, Outcome>& table) {
    ASSERT_EQ(texts.size(), table.size());
    for (const auto& [name, bytes] : texts) {
        ASSERT_TRUE(table.contains(name)) << name;
        const auto& [parsed, validated] = table.at(name);
        EXPECT_EQ(validate_verdict(bytes), validated) << name;
        const std::string verdict = parse_verdict(bytes);
        EXPECT_EQ(verdict == "ok" ? parse(bytes).dump() : verdict, parsed) << name;
        if (validated != "ok") continue;
        EXPECT_EQ(compact(bytes), test::without_white_space(bytes)) << name;
    }
}

TEST(JsonTestSuite, EveryTextThatIsJsonIsAccepted) {
    const std::vector<Text> valid = texts("test_parsing", "y_");
    ASSERT_EQ(valid.size(), 95u);
    for (const auto& [name, bytes] : valid) {
        EXPECT_EQ(parse_verdict(bytes), "ok") << name;
        EXPECT_EQ(validate_verdict(bytes), "ok") << name;
    }
}

TEST(JsonTestSuite, EveryTextThatIsNoJsonIsRefused) {
    const std::vector<Text> invalid = texts("test_parsing", "n_");
    ASSERT_EQ(invalid.size(), 188u);
    for (const auto& [name, bytes] : invalid) {
        const bool deep = name == "n_structure_100000_opening_arrays.json" ||
                          name == "n_structure_open_array_object.json";
        const std::string expected = !test::is_utf8(bytes) ? "invalid_utf8"
                                     : deep                ? "too_deep"
                                                           : "invalid_json";
        EXPECT_EQ(parse_verdict(bytes), expected) << name;
        EXPECT_EQ(validate_verdict(bytes), expected) << name;
    }
}

TEST(JsonTestSuite, EveryTextThatMayBeRefusedHasAnEntryInOurTable) {
    expect_outcomes(texts("test_parsing", "i_"), implementation_defined);
}

TEST(JsonTestSuite, EveryTextThatParsersChangeHasAnEntryInOurTable) {
    expect_outcomes(texts("test_transform", ""), transformed);
}

TEST(JsonTestSuite, NestingIsAcceptedWhereTheLimitIsRaised) {
    const std::string bytes = test::read_file(
        JSOCKET_TEST_DATA "/JSONTestSuite/test_parsing/i_structure_500_nested_arrays.json");
    EXPECT_EQ(test::verdict(bytes, {.max_depth = 500}), "ok");
    EXPECT_EQ(test::verdict(bytes, {.max_depth = 499}), "too_deep");
}

TEST(JsonTestSuite, EveryTextCutAnywhereLeavesTheParserInItsBounds) {
    for (const auto& [name, bytes] : texts("test_parsing", "")) {
        if (bytes.size() > 1'000) continue;
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            // In a block of its own, where a sanitizer sees one byte too many.
            const std::vector<char> block(bytes.begin(), bytes.begin() + size);
            const std::string_view cut(block.data(), block.size());
            const test::Judgement judgement = test::judge(cut);
            EXPECT_EQ(validate_verdict(cut) == "ok", judgement.json) << name << ' ' << size;
            EXPECT_EQ(parse_verdict(cut) == "ok", judgement.exact) << name << ' ' << size;
        }
    }
}

}  // namespace
}  // namespace jsocket
