// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>
#include <jsocket/testing/script.hpp>

#include <algorithm>

namespace jsocket::testing {

Script& Script::expect(json message) {
    return add({.kind = Step::Kind::expect, .message = std::move(message)});
}

Script& Script::expect(std::string what, std::function<bool(const json&)> holds) {
    if (!holds) throw UsageError("script: expect() needs a function");
    return add({.kind = Step::Kind::expect, .text = std::move(what), .holds = std::move(holds)});
}

Script& Script::expect_bytes(std::string bytes) {
    if (bytes.empty()) throw UsageError("script: expect_bytes() needs bytes");
    return add({.kind = Step::Kind::expect_bytes, .text = std::move(bytes)});
}

Script& Script::expect_close() { return add({.kind = Step::Kind::expect_close}); }

Script& Script::send(json message) {
    return add({.kind = Step::Kind::send, .message = std::move(message)});
}

Script& Script::reply(json message) {
    return add({.kind = Step::Kind::reply, .message = std::move(message)});
}

Script& Script::send_bytes(std::string bytes) {
    return add({.kind = Step::Kind::send_bytes, .text = std::move(bytes)});
}

Script& Script::close() { return add({.kind = Step::Kind::close}); }

Script& Script::reconnect() { return add({.kind = Step::Kind::reconnect}); }

Script& Script::add(Step step) {
    using Kind = Step::Kind;
    const auto there_was = [this](Kind kind) {  // on this connection
        const auto latest =
            std::find_if(steps_.rbegin(), steps_.rend(), [kind](const Step& before) {
                return before.kind == kind || before.kind == Kind::reconnect;
            });
        return latest != steps_.rend() && latest->kind == kind;
    };
    if (step.kind != Kind::reconnect && there_was(Kind::close)) {
        throw UsageError("script: only reconnect() can come behind close()");
    }
    if (step.kind == Kind::reply && !there_was(Kind::expect)) {
        throw UsageError("script: reply() needs an expect() before it");
    }
    const bool reads = step.kind == Kind::expect || step.kind == Kind::expect_bytes ||
                       step.kind == Kind::expect_close;
    if (reads && there_was(Kind::expect_close)) {
        throw UsageError("script: nothing can be expected behind expect_close()");
    }
    if (step.kind == Kind::expect && there_was(Kind::expect_bytes)) {
        throw UsageError("script: no message can be expected behind expect_bytes()");
    }
    steps_.push_back(std::move(step));
    return *this;
}

}  // namespace jsocket::testing
