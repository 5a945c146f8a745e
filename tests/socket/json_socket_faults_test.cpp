// SPDX-License-Identifier: Apache-2.0
#include "socket/json_socket_fixture.hpp"

#include <exception>
#include <functional>
#include <ostream>
#include <tuple>

/// The fault loop: every operation of a scenario goes wrong once, in every way. Nothing here needs
/// a second thread, so each run takes the same way.
namespace {

using namespace socket_tests;
/// A stream whose own writes come back, which makes its user talk to an echo server.
class Loopback : public Stream {
  public:
    Loopback() { std::tie(out_, back_) = jsocket::testing::pipe(1 << 20); }

    std::optional<std::size_t> read_some(std::span<char> space, Deadline deadline) override {
        return back_->read_some(space, deadline);
    }
    void write_all(std::string_view bytes, jsocket::Pace pace) override {
        out_->write_all(bytes, pace);
    }
    void interrupt() noexcept override { back_->interrupt(); }
    void finish_writing() noexcept override { out_->finish_writing(); }
    void shutdown() noexcept override {
        out_->shutdown();
        back_->shutdown();
    }
    std::string peer() const override { return "loopback"; }

  private:
    std::unique_ptr<Stream> out_;
    std::unique_ptr<Stream> back_;
};

struct FaultCase {
    const char* name;
    Fault fault;
    std::size_t bytes;
};

void PrintTo(const FaultCase& fault_case, std::ostream* out) { *out << fault_case.name; }

class JsonSocketFaults : public ::testing::TestWithParam<FaultCase> {
  protected:
    /// Does nothing fail, although something is unusual?
    bool harmless() const {
        return GetParam().fault == Fault::split || GetParam().fault == Fault::byte_by_byte;
    }

    /// Runs `scenario` until it gets by without the fault; returns how many runs that took. The
    /// scenario gives its socket to `use` and throws what goes wrong.
    std::size_t loop(const std::function<void(FaultPlan&)>& scenario) {
        constexpr std::size_t enough = 200;
        for (std::size_t n = 0; n < enough; ++n) {
            FaultPlan plan(GetParam().fault, n, GetParam().bytes);
            try {
                scenario(plan);
            } catch (const jsocket::Error& error) {
                EXPECT_FALSE(harmless()) << error.what();
                EXPECT_TRUE(plan.fired()) << error.what();
                continue;
            }
            if (!plan.fired()) return n;
            EXPECT_TRUE(harmless()) << "operation " << n << " failed and nobody noticed";
        }
        ADD_FAILURE() << "the fault loop does not end";
        return enough;
    }

    /// The state of the socket has to be what the error says.
    template <typename Use>
    void check_after(jsocket::JsonSocket& socket, Use use) {
        try {
            use();
        } catch (const jsocket::Error& error) {
            EXPECT_EQ(socket.connected(), error.connection_usable()) << error.what();
            if (!error.connection_usable()) {
                EXPECT_THROW(socket.send_payload("1"), jsocket::ConnectionError);
                EXPECT_THROW(socket.receive(at_once), jsocket::ConnectionError);
            }
            throw;
        }
    }

    SocketOptions options(Framing framing) const {
        return {.framing = framing,
                .limits = {},
                .recv_timeout = timeout(),
                .send_timeout = timeout(),
                .message_deadline = patience};
    }

    /// Everything is there before it is read, so only a stalled operation waits.
    std::chrono::milliseconds timeout() const {
        return GetParam().fault == Fault::stall ? 2ms : patience;
    }

    /// Answers messages with themselves, those that arrived together in one write.
    void echo(jsocket::JsonSocket& socket, int messages) {
        while (messages > 0) {
            // Later than recv_timeout, which is to end what has begun.
            auto payload = socket.receive(deadline_after(20 * timeout()));
            while (!payload && socket.mid_message()) payload = socket.receive(jsocket::no_deadline);
            if (!payload) throw jsocket::TimeoutError("no message", true);
            for (; payload; payload = socket.receive_buffered()) {
                socket.queue_payload(*payload);
                --messages;
            }
            socket.flush();
        }
    }

    static std::string read_to_end(Stream& stream) {
        std::string bytes;
        for (;;) {
            const auto part = read_now(stream);
            if (!part) ADD_FAILURE() << "the stream does not end";
            if (!part || part->empty()) return bytes;
            bytes += *part;
        }
    }

    json request(jsocket::JsonSocket& socket, const json& message) {
        socket.send_obj(message);
        const auto reply = socket.receive(deadline_after(timeout()));
        if (!reply) throw jsocket::TimeoutError("no reply", true);
        return jsocket::parse(*reply);
    }
};

TEST_P(JsonSocketFaults, AClientNoticesEveryOneAndLeavesNothingBehind) {
    for (const Framing framing : all_framings) {
        const std::size_t runs = loop([&](FaultPlan& plan) {
            jsocket::JsonSocket socket(
                std::make_unique<FaultyStream>(std::make_unique<Loopback>(), plan),
                options(framing));
            check_after(socket, [&] {
                for (int i = 0; i < 3; ++i) EXPECT_EQ(request(socket, {i}), json({i}));
            });
            EXPECT_TRUE(socket.connected());
        });
        EXPECT_EQ(runs, 6u) << "three writes, three reads";
    }
}

TEST_P(JsonSocketFaults, AServerNoticesEveryOneAndSendsNothingWrong) {
    constexpr int messages = 5;
    for (const Framing framing : all_framings) {
        std::string bytes;
        for (int i = 0; i < messages; ++i) {
            bytes += frame(framing, '"' + std::string(4'000, static_cast<char>('a' + i)) + '"');
        }
        const std::size_t runs = loop([&](FaultPlan& plan) {
            auto [near, far] = jsocket::testing::pipe(1 << 20);
            far->write_all(bytes, patience);
            std::exception_ptr failure;
            try {
                jsocket::JsonSocket socket(std::make_unique<FaultyStream>(std::move(near), plan),
                                           options(Framing::automatic));
                check_after(socket, [&] { echo(socket, messages); });
            } catch (const jsocket::Error&) {
                failure = std::current_exception();
            }
            const std::string replies = read_to_end(*far);
            if (failure) {
                EXPECT_TRUE(bytes.starts_with(replies));
                std::rethrow_exception(failure);
            }
            EXPECT_EQ(replies, bytes);
        });
        EXPECT_GE(runs, 4u) << "a read and a write at the beginning and at the end, at least";
    }
}

TEST_P(JsonSocketFaults, FinishingSurvivesEveryOne) {
    loop([&](FaultPlan& plan) {
        jsocket::JsonSocket socket(
            std::make_unique<FaultyStream>(std::make_unique<Loopback>(), plan),
            options(Framing::prefix));
        socket.send_payload("1");
        socket.finish(timeout());
        EXPECT_FALSE(socket.connected());
        // What goes wrong while it finishes is of no interest to anyone.
        if (plan.fired() && !harmless()) throw jsocket::Error("as expected");
    });
}

INSTANTIATE_TEST_SUITE_P(Every, JsonSocketFaults,
                         ::testing::Values(FaultCase{"Failure", Fault::fail, 0},
                                           FaultCase{"EndOfStream", Fault::end_of_stream, 0},
                                           FaultCase{"Stall", Fault::stall, 0},
                                           FaultCase{"WriteCutAfterOneByte", Fault::truncate, 1},
                                           FaultCase{"WriteCutWithinThePayload", Fault::truncate,
                                                     6},
                                           FaultCase{"SplitAfterOneByte", Fault::split, 1},
                                           FaultCase{"SplitWithinThePayload", Fault::split, 6},
                                           FaultCase{"ByteByByte", Fault::byte_by_byte, 0}),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
