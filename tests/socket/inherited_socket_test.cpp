// SPDX-License-Identifier: Apache-2.0
#include "socket/socket_fixture.hpp"
#include "support/environment.hpp"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <unistd.h>
#include <vector>

namespace {

using namespace socket_tests;
using jsocket::ConnectError;
using jsocket::UsageError;

/// Descriptors from 3 on, as a service manager passes them on; what had these numbers comes back.
class PassedDescriptors {
  public:
    explicit PassedDescriptors(const std::vector<int>& passed) {
        for (const int fd : passed) {
            const int number = 3 + static_cast<int>(before_.size());
            before_.push_back(::fcntl(number, F_DUPFD_CLOEXEC, 500));
            if (fd < 0) {
                ::close(number);
            } else if (::dup2(fd, number) != number) {
                throw std::runtime_error("no descriptor can be passed on");
            }
        }
    }
    ~PassedDescriptors() {
        int number = 3;
        for (const int fd : before_) {
            ::close(number);
            if (fd >= 0) ::dup3(fd, number, O_CLOEXEC);
            if (fd >= 0) ::close(fd);
            ++number;
        }
    }
    PassedDescriptors(const PassedDescriptors&) = delete;
    PassedDescriptors& operator=(const PassedDescriptors&) = delete;

  private:
    std::vector<int> before_;
};

/// Keeps what a test opens out of the way of the numbers that are passed on.
class LowNumbers {
  private:
    static FileDescriptor any() {
        return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }

    const std::array<FileDescriptor, 3> low_{any(), any(), any()};
};

class InheritedSocket : public LeakCheck {
  protected:
    InheritedSocket() {
        pid.set(std::to_string(::getpid()));
        count.set("1");
    }

    std::string refusal(const std::string& address, std::errc code) {
        const auto error = error_of<ConnectError>([&] { Listener({address, 0}, stop); });
        EXPECT_EQ(error->code(), code) << error->what();
        EXPECT_EQ(error->endpoint(), address);
        EXPECT_THAT(error->what(), HasSubstr("cannot listen on " + address));
        return error->what();
    }

    void expect_served(Listener& listener, RawPeer client) {
        const auto stream = listener.accept(deadline_after(patience));
        ASSERT_NE(stream, nullptr);
        client.send("there");
        EXPECT_EQ(read(*stream), "there");
    }

    LowNumbers low;
    test_support::Variable pid{"LISTEN_PID"};
    test_support::Variable count{"LISTEN_FDS"};
    test_support::Variable names{"LISTEN_FDNAMES"};
    Interrupt stop;
};

TEST_F(InheritedSocket, AcceptsAndTellsItsPort) {
    const RawListener passed;
    const PassedDescriptors descriptors({passed.fd()});
    Listener listener({"systemd:", 1}, stop);
    EXPECT_EQ(listener.endpoint(), (Endpoint{"127.0.0.1", passed.port()}));
    expect_served(listener, RawPeer::connect(Address::ipv4(passed.port())));
}

TEST_F(InheritedSocket, MayBeIpv6) {
    const RawListener passed(Address::ipv6(0));
    const PassedDescriptors descriptors({passed.fd()});
    Listener listener({"systemd:", 0}, stop);
    EXPECT_EQ(listener.endpoint(), (Endpoint{"::1", passed.port()}));
}

TEST_F(InheritedSocket, LeavesTheFileOfAUnixSocketToTheServiceManager) {
    const TemporaryDirectory directory;
    const std::string path = directory / "echo";
    const RawListener passed(Address::unix_path(path));
    const PassedDescriptors descriptors({passed.fd()});
    {
        Listener listener({"systemd:", 7}, stop);
        EXPECT_EQ(listener.endpoint(), (Endpoint{"unix:" + path, 0}));
        RawPeer client = RawPeer::connect(path);
        EXPECT_EQ(listener.accept(deadline_after(patience))->peer(), "unix:" + path);
    }
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(InheritedSocket, IsFoundByItsName) {
    const RawListener first;
    const RawListener second;
    const PassedDescriptors descriptors({first.fd(), second.fd()});
    count.set("2");
    names.set("one:two");
    Listener one({"systemd:one", 0}, stop);
    EXPECT_EQ(one.endpoint().port, first.port());
    Listener two({"systemd:two", 0}, stop);
    EXPECT_EQ(two.endpoint().port, second.port());
}

TEST_F(InheritedSocket, NeverBlocksInAccept) {
    const RawListener passed;
    const PassedDescriptors descriptors({passed.fd()});
    ASSERT_EQ(::fcntl(passed.fd(), F_GETFL) & O_NONBLOCK, 0);
    Listener listener({"systemd:", 0}, stop);
    EXPECT_EQ(listener.accept(deadline_after(10ms)), nullptr);
    auto waiting_for_a_client = waiting([&] { return listener.accept(); });
    stop.raise();
    EXPECT_EQ(waiting_for_a_client.get(), nullptr);
}

TEST_F(InheritedSocket, IsNotInheritedFurther) {
    const RawListener passed;
    const PassedDescriptors descriptors({passed.fd()});
    ASSERT_EQ(::fcntl(3, F_GETFD) & FD_CLOEXEC, 0);
    Listener listener({"systemd:", 0}, stop);
    EXPECT_NE(::fcntl(3, F_GETFD) & FD_CLOEXEC, 0);
    expect_nothing_inheritable();
}

TEST_F(InheritedSocket, MayBeTakenAgainWithTheClientsThatCameInBetween) {
    const RawListener passed;
    const PassedDescriptors descriptors({passed.fd()});
    Listener({"systemd:", 0}, stop).close();
    RawPeer client = RawPeer::connect(Address::ipv4(passed.port()));
    Listener again({"systemd:", 0}, stop);
    expect_served(again, std::move(client));
}

TEST_F(InheritedSocket, IsRefusedWhenNoneWasPassedOn) {
    count.unset();
    EXPECT_THAT(refusal("systemd:", std::errc::address_not_available), HasSubstr("LISTEN_FDS"));
    count.set("1");
    pid.unset();
    EXPECT_THAT(refusal("systemd:x", std::errc::address_not_available), HasSubstr("LISTEN_PID"));
}

TEST_F(InheritedSocket, OfAnotherProcessIsRefused) {
    const RawListener passed;
    const PassedDescriptors descriptors({passed.fd()});
    for (const std::string other : {"1", "0", "-1", "x", "99999999999999999999"}) {
        pid.set(other);
        EXPECT_THAT(refusal("systemd:", std::errc::address_not_available), HasSubstr(other));
    }
    EXPECT_EQ(::fcntl(3, F_GETFD) & FD_CLOEXEC, 0) << "it is not ours to change";
}

TEST_F(InheritedSocket, NeedsANumberOfSockets) {
    for (const std::string wrong : {"0", "-1", "x", "1x", " 1", "2147483647", "99999999999999"}) {
        count.set(wrong);
        EXPECT_THAT(refusal("systemd:", std::errc::address_not_available), HasSubstr(wrong));
    }
}

TEST_F(InheritedSocket, HasToBeNamedIfThereAreSeveral) {
    count.set("3");
    names.set("one:two:one");
    EXPECT_THAT(refusal("systemd:", std::errc::address_not_available), HasSubstr(R"("two")"));
    EXPECT_THAT(refusal("systemd:three", std::errc::address_not_available), HasSubstr(R"("two")"));
    EXPECT_THAT(refusal("systemd:one", std::errc::address_not_available),
                HasSubstr("FileDescriptorName="));
}

TEST_F(InheritedSocket, NeedsAsManyNamesAsSockets) {
    for (const std::string wrong : {"one", "one:two:three"}) {
        count.set("2");
        names.set(wrong);
        EXPECT_THAT(refusal("systemd:one", std::errc::address_not_available),
                    HasSubstr("LISTEN_FDNAMES"));
    }
    names.unset();
    refusal("systemd:one", std::errc::address_not_available);
}

TEST_F(InheritedSocket, ThatIsNotOpenIsRefused) {
    const PassedDescriptors descriptors({-1});
    EXPECT_THAT(refusal("systemd:", std::errc::bad_file_descriptor), HasSubstr("descriptor 3"));
}

TEST_F(InheritedSocket, ThatIsNoSocketIsRefused) {
    const FileDescriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const PassedDescriptors descriptors({file.get()});
    EXPECT_THAT(refusal("systemd:", std::errc::not_a_socket), HasSubstr("descriptor 3"));
}

TEST_F(InheritedSocket, ThatCarriesDatagramsIsRefused) {
    for (const int type : {SOCK_DGRAM, SOCK_SEQPACKET}) {
        const FileDescriptor other(::socket(AF_UNIX, type, 0));
        const PassedDescriptors descriptors({other.get()});
        EXPECT_THAT(refusal("systemd:", std::errc::wrong_protocol_type),
                    HasSubstr("ListenStream="));
    }
}

TEST_F(InheritedSocket, ThatDoesNotListenIsRefused) {
    RawListener listening;
    RawPeer client = RawPeer::connect(Address::ipv4(listening.port()));
    const FileDescriptor accepted(::accept4(listening.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    const PassedDescriptors descriptors({accepted.get()});
    EXPECT_THAT(refusal("systemd:", std::errc::invalid_argument), HasSubstr("Accept=no"));
}

TEST_F(InheritedSocket, WithoutAFileIsRefused) {
    sockaddr_un unnamed{};
    unnamed.sun_family = AF_UNIX;
    const FileDescriptor abstract(::socket(AF_UNIX, SOCK_STREAM, 0));
    // Bound to nothing but the family, it gets a name of the system's choice in the abstract space.
    ASSERT_EQ(::bind(abstract.get(), reinterpret_cast<const sockaddr*>(&unnamed),
                     sizeof unnamed.sun_family),
              0);
    ASSERT_EQ(::listen(abstract.get(), 1), 0);
    const PassedDescriptors descriptors({abstract.get()});
    refusal("systemd:", std::errc::address_family_not_supported);
}

TEST_F(InheritedSocket, IsNothingAClientCouldConnectTo) {
    EXPECT_THROW(jsocket::connect_stream({"systemd:", 0}, no_deadline, nullptr), UsageError);
}

}  // namespace
