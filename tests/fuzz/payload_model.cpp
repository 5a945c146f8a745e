// SPDX-License-Identifier: Apache-2.0
#include "fuzz/payload_model.hpp"

#include "core/judge.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace jsocket::test {
namespace {

using nlohmann::json;

/// Stops nlohmann-json's parser at the first thing that is beyond a limit.
class Counter : public nlohmann::json_sax<json> {
  public:
    Counter(const Limits& limits, Numbers numbers) : limits_(limits), numbers_(numbers) {}

    bool null() override { return value(); }
    bool boolean(bool) override { return value(); }
    bool number_integer(json::number_integer_t) override { return value(); }
    bool number_unsigned(json::number_unsigned_t) override { return value(); }
    bool number_float(json::number_float_t, const std::string& text) override {
        if (!value()) return false;
        // An integer that only a double has room for.
        return numbers_ == Numbers::any || text.find_first_of(".eE") != std::string::npos;
    }
    bool string(std::string&) override { return value(); }
    bool binary(json::binary_t&) override { return value(); }
    bool start_object(std::size_t) override { return enter(); }
    bool key(std::string&) override { return true; }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override { return leave(); }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override {
        return false;
    }

    /// The limit that was passed, if any.
    const std::string& beyond() const { return beyond_; }
    bool full() const { return elements_ == limits_.max_elements; }

  private:
    bool value() {
        if (++elements_ > limits_.max_elements) beyond_ = "too_complex";
        return beyond_.empty();
    }
    bool enter() {
        if (!value()) return false;
        if (++depth_ > std::min(limits_.max_depth, largest_depth)) beyond_ = "too_deep";
        return beyond_.empty();
    }
    bool leave() {
        --depth_;
        return true;
    }

    const Limits limits_;
    const Numbers numbers_;
    std::size_t elements_ = 0;
    std::size_t depth_ = 0;
    std::string beyond_;
};

/// The text as nlohmann-json's parser must be given it. That takes a NUL for the end of the text,
/// which is then replaced by another character that is nowhere allowed; and without exact numbers,
/// all but the first two of the digits in a row are left out, so that no number is too large.
std::string prepared(std::string_view text, Numbers numbers) {
    std::string result;
    bool in_string = false;
    std::size_t digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i] == '\0' ? '\x01' : text[i];
        digits = !in_string && c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits > 2 && numbers == Numbers::any) continue;
        result += c;
        if (c == '"') in_string = !in_string;
        if (in_string && c == '\\' && i + 1 < text.size()) {
            ++i;
            result += text[i] == '\0' ? '\x01' : text[i];
        }
    }
    return result;
}

}  // namespace

std::vector<std::string> verdicts(std::string_view text, const Limits& limits, Numbers numbers) {
    if (!is_utf8(text)) return {"invalid_utf8"};
    if (text.starts_with("\xEF\xBB\xBF")) return {"invalid_json"};  // which the parser passes over
    Counter counter(limits, numbers);
    if (json::sax_parse(prepared(text, numbers), &counter)) return {"ok"};
    if (!counter.beyond().empty()) return {counter.beyond()};
    if (counter.full()) return {"invalid_json", "too_complex"};
    return {"invalid_json"};
}

bool is_among(const std::string& verdict, const std::vector<std::string>& verdicts) {
    return std::find(verdicts.begin(), verdicts.end(), verdict) != verdicts.end();
}

}  // namespace jsocket::test
