// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/descriptors.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::atomic<int> accepts_to_fail{0};

}  // namespace

/// In place of the C library's; fails as often as a test says.
extern "C" int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    if (accepts_to_fail > 0) {
        --accepts_to_fail;
        errno = EMFILE;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_accept4, fd, address, size, flags));
}

namespace {

using namespace test_support;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;
using std::chrono::milliseconds;

constexpr std::size_t reserve = 32;  // descriptors that a server never uses up

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Tells about the process it runs in, and hoards its descriptors when asked.
class Reporter : public jsocket::ServerFactoryThread {
  public:
    explicit Reporter(std::vector<FileDescriptor>& hoard) : hoard_(hoard) {}

  private:
    std::optional<json> process_message(json& message) override {
        if (message == "hoard") {
            for (int fd = 0; (fd = ::dup(STDIN_FILENO)) >= 0;) hoard_.emplace_back(fd);
        } else if (message == "release") {
            hoard_.clear();
        }
        return json{{"cpu", cpu_seconds()},
                    {"open", message == "hoard" ? 0 : open_descriptors().size()}};
    }

    std::vector<FileDescriptor>& hoard_;
};

/// A server in a process of its own, whose limit of descriptors is so many above what it starts
/// with; the tests' own connections do not count.
class ServerProcess {
  public:
    explicit ServerProcess(rlim_t descriptors) {
        int port_pipe[2];
        int life_pipe[2];
        if (::pipe(port_pipe) != 0 || ::pipe(life_pipe) != 0) throw_errno("pipe");
        pid_ = ::fork();
        if (pid_ == 0) {
            ::close(port_pipe[0]);
            ::close(life_pipe[1]);
            _exit(run(descriptors, port_pipe[1], life_pipe[0]));
        }
        ::close(port_pipe[1]);
        ::close(life_pipe[0]);
        life_ = FileDescriptor(life_pipe[1]);
        const FileDescriptor answer(port_pipe[0]);
        if (::read(answer.get(), &start_, sizeof(start_)) != sizeof(start_)) throw_errno("fork");
    }
    ~ServerProcess() {
        life_.close();
        int status = 0;
        ::waitpid(pid_, &status, 0);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
    }

    std::uint16_t port() const { return start_.port; }
    std::size_t limit() const { return start_.limit; }

  private:
    struct Start {
        std::uint16_t port = 0;
        std::size_t limit = 0;
    };

    static int run(rlim_t descriptors, int answer, int life) {
        try {
            std::vector<FileDescriptor> hoard;
            const rlim_t limit = open_descriptors().size() + descriptors;
            const rlimit limits{limit, limit};
            if (::setrlimit(RLIMIT_NOFILE, &limits) != 0) throw_errno("setrlimit");
            Running<ServerFactory<Reporter>> server(ServerOptions{}, std::ref(hoard));
            const Start start{server.port(), limit};
            if (::write(answer, &start, sizeof(start)) != sizeof(start)) throw_errno("write");
            char byte;
            while (::read(life, &byte, 1) > 0) continue;  // until the test is over
            return 0;
        } catch (const std::exception& error) {
            std::fprintf(stderr, "server process: %s\n", error.what());
            return 1;
        }
    }

    pid_t pid_ = -1;
    FileDescriptor life_;
    Start start_;
};

TEST(DescriptorLimit, TheLast32AreNeverUsedAndClientsAreServedAgainWhenOthersLeave) {
    ServerProcess server(reserve + 30);
    std::vector<JsonClient> served;
    std::size_t refused = 0;
    for (int i = 0; i < 60; ++i) {
        JsonClient client = connected_client(server.port());
        try {
            client.request("report");
            served.push_back(std::move(client));
        } catch (const jsocket::ConnectionError&) {
            ++refused;
        }
    }
    ASSERT_GE(served.size(), 5u);
    EXPECT_GE(refused, 30u);
    const std::size_t open = served.front().request("report").at("open");
    EXPECT_LE(open + reserve, server.limit());
    EXPECT_GE(open + reserve + 8, server.limit()) << "no more are kept back than that";

    const std::size_t many = served.size();
    served.erase(served.begin() + 1, served.end());
    std::vector<JsonClient> next;
    EXPECT_TRUE(wait_until([&] {
        JsonClient client = connected_client(server.port());
        try {
            client.request("report");
            next.push_back(std::move(client));
        } catch (const jsocket::ConnectionError&) {
        }
        return next.size() == many - 1;
    }));
}

TEST(DescriptorLimit, ReachedByOthersDoesNotMakeTheServerSpinAndItRecovers) {
    ServerProcess server(reserve + 30);
    JsonClient early = connected_client(server.port());
    early.request("hoard");
    std::vector<RawPeer> waiting;
    for (int i = 0; i < 5; ++i) waiting.push_back(RawPeer::connect(server.port()));

    const double before = early.request("hoard").at("cpu");
    waiting.front().readable(milliseconds(300));
    const double after = early.request("hoard").at("cpu");
    EXPECT_LT(after - before, 0.1) << "a third of a second of waiting";

    early.request("release");
    EXPECT_TRUE(wait_until([&] {
        try {
            return connected_client(server.port()).request("report").contains("cpu");
        } catch (const jsocket::Error&) {
            return false;
        }
    }));
    EXPECT_TRUE(early.request("report").contains("cpu"));
}

TEST(DescriptorLimit, MakesTheServerPauseLongerAfterEachAttempt) {
    accepts_to_fail = 5;
    const Stopwatch stopwatch;
    Running<ServerFactory<ScriptedWorker>> server;
    EXPECT_EQ(connected_client(server.port()).request(1), 1);
    EXPECT_EQ(accepts_to_fail, 0);
    EXPECT_GE(stopwatch.elapsed(), milliseconds(10 + 20 + 40 + 80 + 160 - 5));
}

}  // namespace
