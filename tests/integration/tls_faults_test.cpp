// SPDX-License-Identifier: Apache-2.0
#include "integration/tls_fixture.hpp"
#include "socket/tls_context.hpp"

#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/pipe.hpp>

#include <exception>
#include <future>
#include <memory>
#include <ostream>
#include <string>

/// The fault loop over encryption: every operation of a handshake, an exchange and the end goes
/// wrong once, in every way.
namespace {

using namespace test_support;
using jsocket::Stream;
using jsocket::TlsContext;
using jsocket::testing::Fault;
using jsocket::testing::FaultPlan;
using jsocket::testing::FaultyStream;

struct FaultCase {
    const char* name;
    Fault fault;
    std::size_t bytes;
};

void PrintTo(const FaultCase& fault_case, std::ostream* out) { *out << fault_case.name; }

class TlsStreams : public Tls {
  protected:
    TlsContext server_context{files.mutual_options()};
    TlsContext client_context{files.client_options(files.client)};

    static std::string read(Stream& stream, std::size_t size,
                            std::chrono::milliseconds timeout = patience) {
        std::string text(size, '\0');
        std::size_t got = 0;
        while (got < size) {
            const auto part =
                stream.read_some(std::span(text).subspan(got), jsocket::deadline_after(timeout));
            if (!part) throw jsocket::TimeoutError("nothing came");
            if (*part == 0) break;
            got += *part;
        }
        text.resize(got);
        return text;
    }

    /// Answers `size` bytes with themselves, then ends; what goes wrong is the client's to notice.
    std::future<void> echo(std::unique_ptr<Stream> raw, std::size_t size) {
        return std::async(std::launch::async, [this, size, raw = std::move(raw)]() mutable {
            const auto stream = server_context.accept(std::move(raw));
            try {
                stream->handshake(jsocket::deadline_after(patience));
                stream->write_all(read(*stream, size), patience);
                stream->finish_writing();
                read(*stream, 1);
            } catch (const jsocket::Error&) {
                stream->shutdown();
            }
        });
    }
};

class TlsFaults : public TlsStreams, public testing::WithParamInterface<FaultCase> {
  protected:
    /// Does nothing fail, although something is unusual?
    bool harmless() const {
        return GetParam().fault == Fault::split || GetParam().fault == Fault::byte_by_byte;
    }

    std::chrono::milliseconds timeout() const {
        return GetParam().fault == Fault::stall ? milliseconds(100) : patience;
    }

    /// A client's whole life. Throws what goes wrong, or Error if it was cut short.
    void live(FaultPlan& plan) {
        const std::string text(20'000, 'x');  // two records
        auto [near, far] = jsocket::testing::pipe(1 << 20);
        auto echoing = echo(std::move(far), text.size());
        auto stream = client_context.connect(std::make_unique<FaultyStream>(std::move(near), plan),
                                             "localhost");
        std::exception_ptr failure;
        try {
            stream->handshake(jsocket::deadline_after(timeout()));
            stream->write_all(text, timeout());
            const std::string reply = read(*stream, text.size(), timeout());
            EXPECT_TRUE(text.starts_with(reply)) << "changed on the way";
            if (reply.size() < text.size()) throw jsocket::Error("cut short");
            EXPECT_EQ(read(*stream, 1, timeout()), "");
        } catch (const jsocket::Error&) {
            failure = std::current_exception();
        }
        stream->finish_writing();
        stream->shutdown();
        echoing.get();
        if (failure) std::rethrow_exception(failure);
    }
};

TEST_P(TlsFaults, AreAllNoticed) {
    constexpr std::size_t enough = 60;
    constexpr int most_late = 20;
    int late = 0;
    std::size_t n = 0;
    for (; n < enough; ++n) {
        FaultPlan plan(GetParam().fault, n, GetParam().bytes);
        try {
            live(plan);
        } catch (const jsocket::Error& error) {
            // The machine was too busy for the short time-out of a stall: once more.
            if (GetParam().fault == Fault::stall && !plan.fired() && ++late < most_late) {
                --n;
                continue;
            }
            ASSERT_FALSE(harmless()) << "operation " << n << ": " << error.what();
            ASSERT_TRUE(plan.fired()) << error.what();
            continue;
        }
        if (!plan.fired()) break;
        // The last read may end as it would have ended, and the farewell is a courtesy.
        EXPECT_TRUE(harmless() || n >= 6) << "operation " << n << " failed and nobody noticed";
    }
    EXPECT_GE(n, 7u) << "a handshake of four, two writes, a read, and the farewell";
    EXPECT_LT(n, enough) << "the fault loop does not end";
}

INSTANTIATE_TEST_SUITE_P(Every, TlsFaults,
                         testing::Values(FaultCase{"Failure", Fault::fail, 0},
                                         FaultCase{"EndOfStream", Fault::end_of_stream, 0},
                                         FaultCase{"Stall", Fault::stall, 0},
                                         FaultCase{"WriteCutAfterOneByte", Fault::truncate, 1},
                                         FaultCase{"WriteCutWithinARecord", Fault::truncate, 100},
                                         FaultCase{"SplitAfterOneByte", Fault::split, 1},
                                         FaultCase{"SplitWithinARecord", Fault::split, 100},
                                         FaultCase{"ByteByByte", Fault::byte_by_byte, 0}),
                         [](const auto& instance) { return std::string(instance.param.name); });

/// No time-out anywhere, and less room than any step of the handshake needs.
TEST_F(TlsStreams, WaitForRoomAsLongAsTheyMay) {
    auto server_options = files.mutual_options();
    auto client_options = files.client_options(files.client);
    server_options.handshake_timeout = client_options.handshake_timeout = jsocket::no_timeout;
    const TlsContext server_side(server_options);
    const TlsContext client_side(client_options);
    auto [near, far] = jsocket::testing::pipe(16);
    const auto client = client_side.connect(std::move(near), "localhost");
    const auto server = server_side.accept(std::move(far));
    // Who gives up ends the other's waiting, too.
    const auto careful = [](Stream& stream, const auto& work) {
        try {
            work();
        } catch (const jsocket::Error& error) {
            ADD_FAILURE() << error.what();
            stream.shutdown();
        }
    };
    auto serving = std::async(std::launch::async, [&] {
        careful(*server, [&] {
            server->handshake(jsocket::no_deadline);
            server->write_all("\"hello\"", jsocket::no_timeout);
        });
    });
    careful(*client, [&] {
        client->handshake(jsocket::no_deadline);
        EXPECT_EQ(read(*client, 7), "\"hello\"");
    });
    serving.get();
}

/// Raw bytes of an end whose other end broke the rules.
TEST_F(TlsStreams, WriteNothingAfterAFailure) {
    auto [near, far] = jsocket::testing::pipe();
    const auto server = server_context.accept(std::move(near));
    far->write_all("plain text", patience);
    EXPECT_THROW(server->handshake(jsocket::deadline_after(patience)), jsocket::TlsError);
    EXPECT_THROW(server->write_all("secret", patience), jsocket::TlsError);
    server->finish_writing();
    server->shutdown();
    EXPECT_EQ(read(*far, 100), "");
}

TEST_F(TlsStreams, WriteNothingBeforeTheHandshake) {
    auto [near, far] = jsocket::testing::pipe();
    const auto client = client_context.connect(std::move(near), "localhost");
    EXPECT_THROW(client->write_all("secret", patience), jsocket::TlsError);
    client->shutdown();
    EXPECT_EQ(read(*far, 1'000).find("secret"), std::string::npos);
}

}  // namespace
