// SPDX-License-Identifier: Apache-2.0
#include "testing/observed_stream.hpp"

#include "support/wait.hpp"
#include "support/wire.hpp"

#include <jsocket/error.hpp>
#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/pipe.hpp>
#include <jsocket/testing/transcript.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace {

using jsocket::Framing;
using jsocket::Stream;
using jsocket::testing::Direction;
using jsocket::testing::ObservedStream;
using jsocket::testing::pipe;
using jsocket::testing::ProxyEvent;
using jsocket::testing::Transcript;
using test_support::patience;
using test_support::prefix_frame;

/// A server's end of a pipe, and what was seen of it.
struct Observed : ::testing::Test {
    Observed() {
        auto [near, far] = pipe();
        observe(std::move(near));
        client = std::move(far);
    }
    void observe(std::unique_ptr<Stream> stream) {
        server = std::make_unique<ObservedStream>(std::move(stream), Direction::up,
                                                  Framing::automatic, [this](ProxyEvent event) {
                                                      event.connection = 1;
                                                      seen.add(event);
                                                  });
    }
    void read() {
        std::string space(1000, '\0');
        server->read_some(space, jsocket::deadline_after(patience));
    }

    Transcript seen;
    std::unique_ptr<Stream> server;
    std::unique_ptr<Stream> client;
};

TEST_F(Observed, TellsOfMessagesHoweverTheyArrive) {
    for (const char byte : prefix_frame("[1]") + prefix_frame("2")) {
        client->write_all({&byte, 1}, patience);
        read();
    }
    server->write_all(prefix_frame("3") + prefix_frame("4"), patience);
    EXPECT_EQ(seen.text(), "> [1]\n> 2\n< 3\n< 4\n");
}

TEST_F(Observed, TellsOfPartsAtTheEnd) {
    client->write_all("[1]\n[2", patience);
    client->finish_writing();
    read();
    read();
    server->write_all("{", patience);
    server->finish_writing();
    EXPECT_EQ(seen.text(), "> [1]\n> bytes \"[2\"\n> close\n< bytes \"{\"\n");
}

TEST_F(Observed, TellsWhoEndsIt) {
    server->interrupt();
    read();
    EXPECT_EQ(seen.text(), "") << "that was no end of the client's";
    server.reset();
    EXPECT_EQ(seen.text(), "< close\n");
}

TEST_F(Observed, TellsOfAResetAsTheEnd) {
    jsocket::testing::FaultPlan plan(jsocket::testing::Fault::fail, 0);
    auto [near, far] = pipe();
    observe(std::make_unique<jsocket::testing::FaultyStream>(std::move(near), plan));
    seen = {};
    EXPECT_THROW(read(), jsocket::ConnectionError);
    EXPECT_EQ(seen.text(), "> close\n");
}

/// Whose reader looks at the transcript as soon as there is something to read.
TEST(ObservedStreams, TellBeforeTheyWrite) {
    struct Writing : Stream {
        explicit Writing(const Transcript& transcript) : seen(transcript) {}
        std::optional<std::size_t> read_some(std::span<char>, jsocket::Deadline) override {
            return 0;
        }
        void write_all(std::string_view, jsocket::Pace) override {
            EXPECT_EQ(seen.text(), "< 1\n");
        }
        void interrupt() noexcept override {}
        void finish_writing() noexcept override {}
        void shutdown() noexcept override {}
        std::string peer() const override { return "unknown"; }
        const Transcript& seen;
    };
    Transcript seen;
    ObservedStream stream(std::make_unique<Writing>(seen), Direction::up, Framing::lines,
                          [&](ProxyEvent event) {
                              event.connection = 1;
                              seen.add(event);
                          });
    stream.write_all("1\n", patience);
}

}  // namespace
