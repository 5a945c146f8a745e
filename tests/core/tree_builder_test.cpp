// SPDX-License-Identifier: Apache-2.0
#include "core/tree_builder.hpp"

#include <jsocket/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace jsocket {
namespace {

/// Reads texts one after the other into the same tree and compares each with a fresh parse.
class KeptTree : public testing::Test {
  protected:
    void expect_read(const std::string& text) {
        builder.fill(text, {}, tree);
        EXPECT_EQ(tree, nlohmann::json::parse(text)) << text;
        EXPECT_EQ(tree.dump(), nlohmann::json::parse(text).dump());
    }

    /// Several times: shapes are remembered from the second time on, and used from the third.
    void expect_read_again_and_again(const std::string& text) {
        for (int i = 0; i < 4; ++i) expect_read(text);
    }

    TreeBuilder builder;
    json tree;
};

/// `{"a0":0,"a1":1,...}` in the order of `names`.
std::string object_of(const std::vector<int>& names) {
    std::string text;
    for (const int name : names) {
        text += (text.empty() ? "{" : ",") + ("\"a" + std::to_string(name)) +
                "\":" + std::to_string(name);
    }
    return text.empty() ? "{}" : text + "}";
}

TEST_F(KeptTree, HoldsWhatTheLatestTextSays) {
    for (const char* text :
         {"1", "-1", "1.5", "true", "null", "\"a\"", "[1,2]", "[]", "{\"a\":1}", "{}", "2"}) {
        expect_read(text);
    }
}

TEST_F(KeptTree, KeepsItsNodesForTheNextTextOfTheSameShape) {
    const std::string text =
        R"({"b":[1,"a long string, not one within its object"],"a":{"c":0.5}})";
    expect_read_again_and_again(text);
    const json* const before = &tree["b"][1];
    const char* const string = before->get_ref<const std::string&>().data();
    expect_read(R"({"b":[2,"another one that is at least as long"],"a":{"c":1.5}})");
    EXPECT_EQ(&tree["b"][1], before);
    EXPECT_EQ(before->get_ref<const std::string&>().data(), string);
}

TEST_F(KeptTree, TakesMembersInAnyOrder) {
    std::mt19937 random(1);
    std::vector<int> names{0, 1, 2, 3, 4, 5, 6, 7};
    for (int i = 0; i < 50; ++i) {
        std::shuffle(names.begin(), names.end(), random);
        expect_read_again_and_again(object_of(names));
    }
}

TEST_F(KeptTree, DropsMembersThatHaveNotComeThisTime) {
    std::mt19937 random(2);
    for (int i = 0; i < 300; ++i) {
        std::vector<int> names;
        for (int name = 0; name < 10; ++name) {
            if (random() % 2 == 0) names.push_back(name);
        }
        std::shuffle(names.begin(), names.end(), random);
        expect_read(object_of(names));
    }
}

TEST_F(KeptTree, IsNotFooledByAMemberThatComesTwice) {
    expect_read_again_and_again(R"({"a":1,"b":2})");
    expect_read(R"({"a":1,"a":2})");  // as many members as before, but no b
    expect_read_again_and_again(R"({"a":1,"b":2,"c":3})");
    expect_read(R"({"a":1,"b":2,"b":4})");
    expect_read(R"({"c":1,"c":2,"c":4})");
    expect_read_again_and_again(R"({"a":1,"a":2})");
}

TEST_F(KeptTree, TakesObjectsOfManyMembers) {
    for (const int size : {63, 64, 65, 200}) {
        std::vector<int> names;
        for (int name = size; name > 0; --name) names.push_back(name);
        expect_read_again_and_again(object_of(names));
        names.pop_back();
        expect_read_again_and_again(object_of(names));
    }
}

TEST_F(KeptTree, TellsShapesApartThatLookAlike) {
    // The same number of members, and first names with the same length and the same ends.
    expect_read_again_and_again(R"([{"a1b":1,"z":2,"c":3},{"a2b":1,"y":2,"x":3}])");
    expect_read_again_and_again(R"([{"z":1,"a1b":2,"c":3},{"x":1,"a2b":2,"y":3}])");
}

TEST_F(KeptTree, KeepsApartTheShapesOfAnObjectAndOfOneWithinIt) {
    // Both are remembered in the same place: the inner one's order replaces the outer one's.
    expect_read_again_and_again(R"({"type":{"type":31,"result":32},"time":33,"params":34})");
    expect_read_again_and_again(R"({"z":{"k":1,"b":2},"ad":1})");
    expect_read(R"({"z":{"b":1,"k":2,"b":5},"ad":1})");
}

TEST_F(KeptTree, HoldsUpWhenAFewTextsComeAgainAndAgain) {
    // Objects in objects, of few names in any order: shapes share their places and are replaced.
    std::mt19937 random(3);
    const auto object = [&](auto& self, int depth) -> std::string {
        std::vector<std::string> members;
        for (const char* name : {"a", "ad", "id", "k", "type", "time", "z", "result", "params"}) {
            if (random() % 2 == 0) continue;
            const bool nested = depth > 0 && random() % 3 == 0;
            members.push_back('"' + std::string(name) +
                              "\":" + (nested ? self(self, depth - 1) : "1"));
        }
        std::shuffle(members.begin(), members.end(), random);
        std::string text;
        for (const std::string& member : members) text += (text.empty() ? "" : ",") + member;
        return '{' + text + '}';
    };
    for (int round = 0; round < 400; ++round) {
        const std::string texts[] = {object(object, 3), object(object, 3), object(object, 3)};
        for (int i = 0; i < 12; ++i) expect_read(texts[random() % 3]);
        if (HasFailure()) return;
    }
}

TEST_F(KeptTree, ReadsNamesThatAreWrittenWithEscapes) {
    const std::string text = R"({"\u0061":1,"b\n":2,"\uD83D\uDE00":3,"\"":4})";
    expect_read_again_and_again(text);
    expect_read_again_and_again(R"({"a":1,"b\u000a":2,"\ud83d\ude00":3,"\u0022":4})");
}

TEST_F(KeptTree, MayBeChangedInBetween) {
    const std::string text = R"({"a":[1,2,3],"b":{"c":"text"},"d":null})";
    expect_read_again_and_again(text);
    tree["a"] = 7;
    expect_read(text);
    tree.erase("b");
    expect_read(text);
    tree["b"]["e"] = json::array({1});
    expect_read(text);
    // In place of a member one whose name needs escapes, and one that is no text at all.
    tree.erase("d");
    tree["d\"\xFF"] = 1;
    expect_read(text);
    EXPECT_THROW(builder.fill("{\"a\":1,\"b\":2,\"d\"\xFF\":3}", {}, tree), PayloadError);
    const json moved = std::move(tree);
    expect_read(text);
}

/// `count` values of one kind in an array.
std::string array_of(const std::string& value, std::size_t count) {
    std::string text = "[" + value;
    for (std::size_t i = 1; i < count; ++i) text += "," + value;
    return text + "]";
}

TEST_F(KeptTree, HoldsNothingOfATextThatWasRefused) {
    for (int i = 0; i < 3; ++i) {
        const std::string text = "{\"k" + std::to_string(i) + "\":" + array_of("{}", 10'000) + ",!";
        EXPECT_THROW(builder.fill(text, {}, tree), PayloadError);
        EXPECT_TRUE(tree.is_null());
        EXPECT_EQ(builder.held(), 0u);
        EXPECT_GT(builder.peak(), 10'000 * sizeof(json)) << "it was there for a while";
        EXPECT_LT(builder.peak(), 2'000'000u);
    }
}

/// Bytes of all strings and arrays in a tree that they have allocated for their contents.
std::size_t capacity_of(const json& tree) {
    std::size_t sum = 0;
    if (const auto* string = tree.get_ptr<const std::string*>()) return string->capacity();
    if (const auto* array = tree.get_ptr<const json::array_t*>()) {
        sum = array->capacity() * sizeof(json);
    }
    for (const json& value : tree) sum += tree.is_structured() ? capacity_of(value) : 0;
    return sum;
}

/// Each text has one value that is big, under a new name, and the names of those before.
void expect_little_kept(TreeBuilder& builder, json& tree, const std::string& big,
                        const std::string& empty) {
    std::string names;
    for (int i = 0; i < 30; ++i) {
        const std::string name = "\"k" + std::to_string(i) + "\":";
        const std::string text = "{" + names + name + big + "}";
        builder.fill(text, {}, tree);
        EXPECT_EQ(tree.size(), std::size_t(i) + 1);
        const std::size_t need = 2 * capacity_of(tree.at("k" + std::to_string(i)));
        EXPECT_LT(capacity_of(tree), need + 4 * text.size() + 64 * 1024);
        EXPECT_LT(builder.held(), need + 5 * text.size() + 64 * 1024);
        EXPECT_GE(builder.held(), capacity_of(tree));
        names += name + empty + ",";
    }
}

TEST_F(KeptTree, KeepsLittleRoomInArraysThatGrewSmall) {
    expect_little_kept(builder, tree, array_of("0", 50'000), "[]");
}

TEST_F(KeptTree, KeepsLittleRoomInStringsThatGrewSmall) {
    expect_little_kept(builder, tree, '"' + std::string(200'000, 'x') + '"', "\"\"");
}

TEST_F(KeptTree, KeepsLittleRoomForNamesAndMembersThatAreNoMore) {
    expect_read("{\"" + std::string(1'000'000, 'x') + "\\n\":1,\"a\":2}");
    expect_read("[]");
    EXPECT_LT(builder.held(), 65 * 1024u);
    std::string members = "{\"b\":1";
    for (int i = 0; i < 20'000; ++i) members += ",\"a" + std::to_string(i) + "\":0";
    expect_read(members + "}");
    expect_read("[]");
    EXPECT_LT(builder.held(), 65 * 1024u);
}

TEST_F(KeptTree, KeepsTheRoomOfShapesThatComeAgain) {
    const std::string text =
        "{\"list\":" + array_of("0", 50'000) + ",\"text\":\"" + std::string(100'000, 'x') + "\"}";
    builder.fill(text, {}, tree);
    builder.fill(text, {}, tree);  // room beyond what is needed may have gone
    const json* const elements = &tree["list"][0];
    const char* const characters = tree["text"].get_ref<const std::string&>().data();
    for (int i = 0; i < 3; ++i) {
        builder.fill(text, {}, tree);
        EXPECT_EQ(&tree["list"][0], elements);
        EXPECT_EQ(tree["text"].get_ref<const std::string&>().data(), characters);
    }
}

TEST_F(KeptTree, GoesOnAfterATextThatWasRefused) {
    const std::string text = R"({"a":[1,2,{"b":3}],"c":{"d":4}})";
    expect_read_again_and_again(text);
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_THROW(builder.fill(text.substr(0, size), {}, tree), PayloadError) << size;
        expect_read(text);
    }
}

}  // namespace
}  // namespace jsocket
