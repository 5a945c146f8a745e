// SPDX-License-Identifier: Apache-2.0
#include "load/payload.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace jsocket::bench {

namespace {

// Non-ASCII is written in bytes: e with acute accent, u and a with diaeresis, euro, a snowman.
constexpr std::array<std::string_view, 8> names = {
    "Ren\xC3\xA9 Dubois",   "Anna \\\"Ann\\\" Lind", "J\xC3\xBCrgen K\xC3\xA4mpf",
    "Mary Jones",           "C:\\\\data\\\\today",   "first line\\nsecond line",
    "5 \xE2\x82\xAC a day", "\xE2\x98\x83 and co"};
constexpr std::array<std::string_view, 8> tags = {"new",   "red",     "caf\xC3\xA9", "paid",
                                                  "a\\tb", "express", "x-large",     "return"};
// Nothing in it is longer than a byte, so that it may be cut anywhere.
constexpr std::string_view filler = "the quick brown fox jumps over the lazy dog and runs on, ";

/// Numbers that look like chance and are the same on every machine.
class Sequence {
  public:
    std::uint32_t below(std::uint32_t limit) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::uint32_t>(state_ >> 33) % limit;
    }

  private:
    std::uint64_t state_ = 20240317;
};

/// With up to `digits` decimals, and no zero at the end: as short as it can be.
std::string decimal(Sequence& sequence, std::uint32_t limit, int digits) {
    std::string text = sequence.below(3) == 0 ? "-" : "";
    text += std::to_string(sequence.below(limit)) + '.';
    for (int i = 1; i < digits; ++i) text += static_cast<char>('0' + sequence.below(10));
    return text + static_cast<char>('1' + sequence.below(9));
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

template <std::size_t Count>
std::string any_of(const std::array<std::string_view, Count>& texts, Sequence& sequence) {
    return quoted(texts[sequence.below(Count)]);
}

std::string boolean(Sequence& sequence) { return sequence.below(2) == 0 ? "false" : "true"; }

std::string record(std::uint32_t number, Sequence& sequence) {
    std::string text = R"({"active":)" + boolean(sequence);
    text += R"(,"id":)" + std::to_string(100000 + number);
    text += R"(,"limits":{"max":)" + std::to_string(sequence.below(100000)) + R"(,"min":)" +
            std::to_string(sequence.below(100)) + '}';
    text += R"(,"name":)" + any_of(names, sequence);
    text += R"(,"parent":)" + (sequence.below(2) == 0 ? "null" : std::to_string(number));
    text += R"(,"position":[)" + decimal(sequence, 90, 4) + ',' + decimal(sequence, 180, 4) + ']';
    text += R"(,"price":)" + decimal(sequence, 1000, 2);
    text += R"(,"tags":[)" + any_of(tags, sequence) + ',' + any_of(tags, sequence) + "]}";
    return text;
}

}  // namespace

std::string make_payload(std::size_t size) {
    const std::string head = R"({"active":true,"id":1042,"items":[)";
    const std::string middle = R"(],"note":")";
    const std::string tail = R"(","ratio":0.25})";
    const std::size_t frame = head.size() + middle.size() + tail.size();
    if (size < smallest_payload) {
        throw std::invalid_argument("a payload has at least " + std::to_string(smallest_payload) +
                                    " bytes");
    }
    Sequence sequence;
    std::string items;
    for (std::uint32_t number = 1;; ++number) {
        std::string next = record(number, sequence);
        if (!items.empty()) next.insert(next.begin(), ',');
        if (frame + items.size() + next.size() > size) break;
        items += next;
    }
    std::string note;
    for (std::size_t left = size - frame - items.size(); note.size() < left;) {
        note += filler.substr(0, left - note.size());
    }
    return head + items + middle + note + tail;
}

bool is_same_json(std::string_view document, std::string_view payload) {
    return document == payload || nlohmann::json::parse(document) == nlohmann::json::parse(payload);
}

}  // namespace jsocket::bench
