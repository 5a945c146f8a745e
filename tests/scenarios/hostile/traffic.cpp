// SPDX-License-Identifier: Apache-2.0
#include "scenarios/hostile/traffic.hpp"

#include <algorithm>
#include <string_view>

namespace test_support {
namespace {

/// `count` times the value, with commas.
std::string list_of(std::string_view value, std::size_t count) {
    std::string text;
    text.reserve(count * (value.size() + 1));
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) text += ',';
        text += value;
    }
    return text;
}

std::string array_of(std::string_view value, std::size_t count) {
    return '[' + list_of(value, count) + ']';
}

std::string key(std::size_t number) { return "\"k" + std::to_string(number) + "\":"; }

/// A member of a new name with all the weight, behind those of all earlier names, which are empty
/// now.
std::string shrinking(const Course& course, std::string_view empty, const std::string& big) {
    std::string text = "{";
    for (std::size_t i = 0; i < course.number; ++i) (text += key(i)).append(empty) += ',';
    return text + key(course.number) + big + '}';
}

std::string shrinking_arrays(Course& course) {
    return shrinking(course, "[]", array_of("0", course.values() - course.number - 1));
}

std::string shrinking_strings(Course& course) {
    const std::size_t size = course.room() - 10 * (course.number + 1);
    return shrinking(course, "\"\"", '"' + std::string(size, 'x') + '"');
}

std::string shrinking_objects(Course& course) {
    std::string big = "{";
    for (std::size_t i = 0; i < (course.values() - course.number) / 2; ++i) {
        if (i > 0) big += ',';
        big += key(i) + '1';
    }
    return shrinking(course, "{}", big + '}');
}

/// The same without names: the weight is in another place each time.
std::string moving_weight(Course& course) {
    constexpr std::size_t places = 100;
    std::string text = "[";
    for (std::size_t i = 0; i < places; ++i) {
        if (i > 0) text += ',';
        text += i == course.number % places ? array_of("0", course.values() - places) : "[]";
    }
    return text + ']';
}

/// Of lengths that change places, so that each string once has to be long.
std::string permuted_strings(Course& course) {
    std::string text = "[";
    std::size_t left = course.room() / 2;
    while (left > 16) {
        const std::size_t size = course.below(std::min<std::size_t>(left, 20'000));
        text += '"' + std::string(size, 's') + "\",";
        left -= std::min(left, size + 3);
    }
    return text + "0]";
}

/// Are refused only when a tree has been made of nearly all of it.
std::string refused_arrays(Course& course) {
    return '{' + key(course.number) + array_of("{}", course.values()) + ",!";
}

std::string refused_strings(Course& course) {
    return '{' + key(course.number) + '"' + std::string(course.room() - 20, 'x') + "\",!";
}

std::string too_many_values(Course& course) {
    return '{' + key(course.number) + array_of("[]", course.limits.max_elements + 10) + '}';
}

std::string wrong_utf8(Course& course) {
    return '{' + key(course.number) + array_of("\"\"", course.values()) + ",\"\xC3\"}";
}

std::string growing_names(Course& course) {
    const std::size_t size = std::min(course.room() - 16, 3'000 * (course.number + 1));
    return "{\"" + std::string(size, 'n') + "\":1}";
}

std::string long_names(Course& course) {
    std::string text = "{";
    for (std::size_t i = 0; i < 60; ++i) {
        if (i > 0) text += ',';
        text += '"' + std::to_string(course.random()) + std::string(2'000, 'n') + "\":" + "[1]";
    }
    return text + '}';
}

std::string new_names(Course& course) {
    std::string text = "{";
    const std::size_t count = std::min(course.values(), course.room() / 30);
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) text += ',';
        text += '"' + std::to_string(course.random()) + "\":{}";
    }
    return text + '}';
}

std::string deep(Course& course) {
    const bool too_deep = course.number % 2 == 1;
    const std::size_t depth = too_deep ? course.room() / 2 : course.limits.max_depth - 4;
    if (course.number % 4 < 2) return std::string(depth, '[') + std::string(depth, ']');
    std::string text;
    for (std::size_t i = 0; i < depth && text.size() + 10 < course.room(); ++i) text += "{\"\":";
    return text + '1' + std::string(too_deep ? 0 : depth, '}');
}

std::string wide(Course& course) {
    static constexpr std::string_view values[] = {"0", "{}", "[]", "\"\"", "null"};
    return array_of(values[course.number % std::size(values)], course.values());
}

std::string long_strings(Course& course) {
    return '"' + std::string(course.room() - course.below(1'000), 'x') + '"';
}

std::string big_and_small(Course& course) {
    return course.number % 2 == 0 ? array_of("{\"\":[0]}", course.values() / 3) : "[1]";
}

std::string numbers(Course& course) {
    std::string text = "[";
    const std::size_t count = std::min(course.values(), course.room() / 30);
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) text += ',';
        const std::string digits = std::to_string(course.random());
        text += i % 3 == 0 ? digits : '-' + digits.substr(0, 15) + (i % 3 == 1 ? "" : ".5e-30");
    }
    return text + ']';
}

/// A number of more digits than any type has; is refused or kept, as the limits have it.
std::string long_numbers(Course& course) {
    return '[' + std::string(course.room() / 2 - course.below(1'000), '7') + ']';
}

std::string escapes(Course& course) {
    const std::string part = list_of("\"\\u00e9\\n\\ud83d\\ude00\"", course.room() / 80);
    std::string name;
    for (std::size_t i = 0; i < course.room() / 20; ++i) name += "\\u00e9";
    return "{\"" + name + "\":[" + part + "]," + key(course.number) + "\"\\\\\"}";
}

std::string batches(Course& course) {
    std::string text = "[";
    const std::size_t count = 1 + course.below(500);
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) text += ',';
        text += R"({"jsonrpc":"2.0","method":"echo","params":[")" + std::string(64, 'b') +
                "\"],\"id\":" + std::to_string(i) + '}';
    }
    return text + ']';
}

/// All but valid: each element is answered by an error that is larger than itself.
std::string batches_of_nothing(Course& course) {
    return array_of(course.number % 2 == 0 ? "1" : "{}", 1 + course.below(1'000));
}

/// Any value that has at most `left` bytes, more or less.
void append_random(Course& course, std::string& text, std::size_t depth, std::size_t& left) {
    const std::size_t kind = depth == 0 || left < 16 ? course.below(3) : course.below(6);
    const std::size_t before = text.size();
    if (kind == 0) {
        text += std::to_string(course.random() >> course.below(64));
    } else if (kind == 1) {
        const std::size_t size = course.below(course.below(8) == 0 ? 5'000 : 20);
        text += '"' + std::string(size, 'r') + '"';
    } else if (kind == 2) {
        text += "null";
    } else {
        const bool object = kind == 3;
        text += object ? '{' : '[';
        const std::size_t count = course.below(50);
        for (std::size_t i = 0; i < count && left > 16; ++i) {
            if (i > 0) text += ',';
            if (object) text += key(i * 1'000 + course.below(1'000));
            append_random(course, text, depth - 1, left);
        }
        text += object ? '}' : ']';
        return;
    }
    left -= std::min(left, text.size() - before + 10);
}

std::string random_shapes(Course& course) {
    std::string text = "[";
    std::size_t left = 1 + course.below(course.room() / 8);
    append_random(course, text, 20, left);
    for (; left > 16; append_random(course, text, 20, left)) text += ',';
    return text + ']';
}

/// Valid texts that have had a byte changed, or have been cut.
std::string damaged(Course& course) {
    std::string text = random_shapes(course);
    if (course.number % 2 == 0) {
        // The first byte stays, which may decide on the wire format.
        text[1 + course.below(text.size() - 1)] = "{}[]\",:x"[course.below(8)];
    } else {
        text.resize(1 + course.below(text.size()));
    }
    return text;
}

}  // namespace

const std::vector<Traffic>& all_traffic() {
    static const std::vector<Traffic> all{{"shrinking arrays", shrinking_arrays},
                                          {"shrinking strings", shrinking_strings},
                                          {"shrinking objects", shrinking_objects},
                                          {"moving weight", moving_weight},
                                          {"permuted strings", permuted_strings},
                                          {"refused arrays", refused_arrays},
                                          {"refused strings", refused_strings},
                                          {"too many values", too_many_values},
                                          {"wrong UTF-8", wrong_utf8},
                                          {"growing names", growing_names},
                                          {"long names", long_names},
                                          {"new names", new_names},
                                          {"deep", deep},
                                          {"wide", wide},
                                          {"long strings", long_strings},
                                          {"big and small", big_and_small},
                                          {"numbers", numbers},
                                          {"long numbers", long_numbers},
                                          {"escapes", escapes},
                                          {"batches", batches},
                                          {"batches of nothing", batches_of_nothing},
                                          {"random shapes", random_shapes},
                                          {"damaged", damaged}};
    return all;
}

}  // namespace test_support
