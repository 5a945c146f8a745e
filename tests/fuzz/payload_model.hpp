// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/limits.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace jsocket::test {

enum class Numbers {
    any,    ///< as for validate()
    exact,  ///< integers of 64 bits and finite doubles, as for a tree
};

/// How reading a payload may end, "ok" or by the kind of PayloadError, as docs/framing.md says:
/// UTF-8 first, then grammar and limits, from the beginning of the text to its end. A second
/// opinion: nlohmann-json's parser counts what it comes by until it stops.
///
/// Nearly always one verdict. Two, too_complex and invalid_json, if the text is wrong somewhere
/// behind exactly as many values as it may have: where a further value would begin, that is one
/// too many whatever it is, and the parser does not say whether it was there that it stopped.
std::vector<std::string> verdicts(std::string_view text, const Limits& limits, Numbers numbers);

bool is_among(const std::string& verdict, const std::vector<std::string>& verdicts);

}  // namespace jsocket::test
