// SPDX-License-Identifier: Apache-2.0
#include "framing/oversize.hpp"

#include <jsocket/framing/line_codec.hpp>

namespace jsocket::framing {
namespace {

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

std::optional<Frame> LineCodec::decode(std::string_view bytes) {
    std::size_t begin = 0;
    for (;;) {
        const std::size_t end = bytes.find('\n', begin + searched_);
        std::string_view line = bytes.substr(begin, end - begin);
        // Half a "\r\n" is not yet part of the text.
        if (line.ends_with('\r')) line.remove_suffix(1);
        check_length(line.size(), max_message_size_);
        if (end == std::string_view::npos) {
            searched_ = bytes.size() - begin;
            if (begin == 0) return std::nullopt;
            return Frame{.payload = {}, .size = begin, .blank = true};
        }
        searched_ = 0;
        if (!is_blank(line)) return Frame{.payload = line, .size = end + 1};
        begin = end + 1;
    }
}

void LineCodec::encode(std::string_view payload, std::string& out) const {
    const std::size_t begin = out.size();
    out += payload;
    for (const char c : {'\n', '\r'}) {
        for (auto at = out.find(c, begin); at != std::string::npos; at = out.find(c, at)) {
            out[at] = ' ';
        }
    }
    out += '\n';
}

}  // namespace jsocket::framing
