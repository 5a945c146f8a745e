// SPDX-License-Identifier: Apache-2.0
#include "socket/socket_fixture.hpp"
#include "support/full_listener.hpp"

#include <atomic>
#include <barrier>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace {

using namespace socket_tests;
using jsocket::ConnectError;
using jsocket::UsageError;
namespace fs = std::filesystem;

class UnixListener : public LeakCheck {
  protected:
    Endpoint endpoint() const { return {"unix:" + path, 0}; }
    bool exists() const { return fs::exists(fs::symlink_status(path)); }

    /// What a server that crashed leaves behind.
    void leave_behind() const { RawListener crashed(Address::unix_path(path)); }

    mode_t mode() const {
        struct stat file {};
        EXPECT_EQ(::lstat(path.c_str(), &file), 0);
        return file.st_mode & 07777;
    }

    /// A path of this length, in `directory`.
    std::string path_of(std::size_t length) const {
        const std::string beginning = directory / "";
        return beginning + std::string(length - beginning.size(), 'p');
    }

    void expect_refused(std::errc code) {
        const auto error = error_of<ConnectError>([&] { Listener(endpoint(), stop); });
        EXPECT_EQ(error->code(), code);
        EXPECT_EQ(error->endpoint(), "unix:" + path);
        EXPECT_THAT(error->what(), HasSubstr(path));
    }

    TemporaryDirectory directory;
    std::string path = directory / "echo";
    Interrupt stop;
};

TEST_F(UnixListener, AcceptsAndRemovesItsFileAtTheEnd) {
    {
        Listener listener(endpoint(), stop);
        EXPECT_EQ(listener.endpoint(), endpoint());
        RawPeer client = RawPeer::connect(path);
        const auto stream = listener.accept(deadline_after(patience));
        EXPECT_EQ(stream->peer(), "unix:" + path);
        client.send("there");
        EXPECT_EQ(read(*stream), "there");
        stream->acknowledge_now();
        stream->write_all("back", patience);
        EXPECT_EQ(client.receive(4), "back");
        expect_nothing_inheritable();
    }
    EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST_F(UnixListener, RemovesItsFileWhenItIsClosed) {
    Listener listener(endpoint(), stop);
    listener.close();
    EXPECT_FALSE(exists());
    EXPECT_THROW(RawPeer::connect(path), std::system_error);
}

TEST_F(UnixListener, LeavesAFileThatHasTakenThePlaceOfItsOwn) {
    auto first = std::make_unique<Listener>(endpoint(), stop);
    fs::remove(path);
    Listener second(endpoint(), stop);
    first.reset();
    RawPeer client = RawPeer::connect(path);
    EXPECT_NE(second.accept(deadline_after(patience)), nullptr);
}

TEST_F(UnixListener, ReplacesASocketThatAServerLeftBehind) {
    leave_behind();
    ASSERT_TRUE(exists());
    Listener listener(endpoint(), stop);
    RawPeer client = RawPeer::connect(path);
    EXPECT_NE(listener.accept(deadline_after(patience)), nullptr);
}

TEST_F(UnixListener, NeverRemovesASocketThatAServerListensOn) {
    RawListener live(Address::unix_path(path));
    expect_refused(std::errc::address_in_use);
    RawPeer client = RawPeer::connect(path);
    live.accept();

    path = directory / "ours";
    Listener ours(endpoint(), stop);
    expect_refused(std::errc::address_in_use);
    RawPeer::connect(path);
}

TEST_F(UnixListener, NeverRemovesASocketOfAServerThatIsTooBusyToAccept) {
    FullListener busy(Address::unix_path(path));
    expect_refused(std::errc::address_in_use);
    EXPECT_TRUE(exists());
}

TEST_F(UnixListener, NeverRemovesADatagramSocket) {
    FileDescriptor datagrams(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const Address address = Address::unix_path(path);
    ASSERT_EQ(::bind(datagrams.get(), address.data(), address.size), 0);
    expect_refused(std::errc::address_in_use);
    EXPECT_TRUE(exists());
}

TEST_F(UnixListener, NeverRemovesAFileOfAnotherKind) {
    std::ofstream(path) << "precious";
    expect_refused(std::errc::address_in_use);
    std::string content;
    std::ifstream(path) >> content;
    EXPECT_EQ(content, "precious");

    path = directory / "directory";
    fs::create_directory(path);
    expect_refused(std::errc::address_in_use);
    EXPECT_TRUE(fs::is_directory(path));

    path = directory / "stale";
    leave_behind();
    fs::create_symlink(path, directory / "link");
    path = directory / "link";
    expect_refused(std::errc::address_in_use);
    EXPECT_TRUE(fs::is_symlink(path));
}

TEST_F(UnixListener, OfServersThatRaceForALeftOverExactlyOneWins) {
    constexpr int racers = 4;
    for (int round = 0; round < 25; ++round) {
        leave_behind();
        std::barrier start(racers);
        std::vector<std::future<std::unique_ptr<Listener>>> racing;
        for (int i = 0; i < racers; ++i) {
            racing.push_back(std::async(std::launch::async, [&] {
                start.arrive_and_wait();
                return std::make_unique<Listener>(endpoint(), stop);
            }));
        }
        std::vector<std::unique_ptr<Listener>> winners;
        for (auto& racer : racing) {
            try {
                winners.push_back(racer.get());
            } catch (const ConnectError& error) {
                EXPECT_EQ(error.code(), std::errc::address_in_use);
            }
        }
        ASSERT_EQ(winners.size(), 1u);
        RawPeer client = RawPeer::connect(path);
        ASSERT_NE(winners[0]->accept(deadline_after(patience)), nullptr);
    }
}

TEST_F(UnixListener, LeavesALeftOverAloneWhileAnotherServerLooksAtTheFolder) {
    leave_behind();
    // The race above is rarely lost; this is what it would take: the other one is in the middle.
    const FileDescriptor folder(::open(directory.path().c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(folder.get(), LOCK_EX), 0);
    auto binding = waiting([&] { return std::make_unique<Listener>(endpoint(), stop); });
    EXPECT_NE(binding.wait_for(30ms), std::future_status::ready);
    EXPECT_THROW(RawPeer::connect(path), std::system_error);
    ASSERT_EQ(::flock(folder.get(), LOCK_UN), 0);
    const auto listener = binding.get();
    RawPeer client = RawPeer::connect(path);
    EXPECT_NE(listener->accept(deadline_after(patience)), nullptr);
}

TEST_F(UnixListener, IsForItsOwnerAloneByDefaultWhateverTheUmask) {
    for (const mode_t mask : {0000, 0022, 0277}) {
        const mode_t before = ::umask(mask);
        Listener listener(endpoint(), stop);
        ::umask(before);
        EXPECT_EQ(mode(), 0600u) << "umask " << mask;
    }
}

TEST_F(UnixListener, TakesOtherPermissionsWhateverTheUmask) {
    for (const mode_t mask : {0000, 0022, 0277}) {
        for (const mode_t wanted : {0660, 0666, 0400}) {
            const mode_t before = ::umask(mask);
            Listener listener(endpoint(), stop, wanted);
            ::umask(before);
            EXPECT_EQ(mode(), wanted) << "umask " << mask;
        }
    }
}

/// What a user who may write to a server's folder does to its socket, again and again.
class Attacker {
  public:
    Attacker(std::string path, std::string folder, std::string victim)
        : path_(std::move(path)),
          link_(folder + "/link"),
          victim_(std::move(victim)),
          thread_([this](const std::stop_token& stop) { attack(stop); }) {}

    std::uint64_t swaps() const { return swaps_; }

  private:
    void attack(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (::symlink(victim_.c_str(), link_.c_str()) != 0) continue;
            while (!there() && !stop.stop_requested()) {
            }
            if (::rename(link_.c_str(), path_.c_str()) == 0) ++swaps_;
            ::unlink(path_.c_str());
        }
    }

    bool there() const {
        struct stat file {};
        return ::lstat(path_.c_str(), &file) == 0;
    }

    const std::string path_;
    const std::string link_;
    const std::string victim_;
    std::atomic<std::uint64_t> swaps_{0};
    std::jthread thread_;
};

TEST_F(UnixListener, ChangesNoFileThatALinkInItsPlaceNames) {
    const std::string victim = directory / "victim";
    std::ofstream(victim) << "precious";
    ASSERT_EQ(::chmod(victim.c_str(), 0600), 0);
    Attacker attacker(path, directory.path().string(), victim);
    const auto deadline = deadline_after(1s);
    for (int start = 0; start < 2000 && std::chrono::steady_clock::now() < deadline; ++start) {
        try {
            Listener(endpoint(), stop, 0666);
        } catch (const ConnectError&) {
            // The attacker can keep a server from starting.
        }
        struct stat file {};
        ASSERT_EQ(::lstat(victim.c_str(), &file), 0) << "after " << start << " starts";
        ASSERT_EQ(file.st_mode & 07777, 0600u) << "after " << start << " starts";
    }
    EXPECT_GT(attacker.swaps(), 0u);
}

TEST_F(UnixListener, LeavesTheUmaskOfTheProcessAlone) {
    std::jthread starting([this](const std::stop_token& stopped) {
        while (!stopped.stop_requested()) Listener(endpoint(), stop, 0666);
    });
    const mode_t before = ::umask(0027);
    for (int file = 0; file < 200; ++file) {
        const std::string name = directory / "file" + std::to_string(file);
        const FileDescriptor made(::open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
        struct stat found {};
        EXPECT_EQ(::fstat(made.get(), &found), 0);
        EXPECT_EQ(found.st_mode & 07777, 0640u);
    }
    ::umask(before);
}

TEST_F(UnixListener, LeavesAFileAloneThatHasTakenTheNameOfItsFolder) {
    const fs::path folder = directory / "folder";
    const fs::path moved = directory / "moved";
    fs::create_directory(folder);
    path = folder / "echo";
    {
        Listener listener(endpoint(), stop);
        fs::rename(folder, moved);
        fs::create_directory(folder);
        std::ofstream(path) << "precious";
    }
    EXPECT_TRUE(exists());
    EXPECT_TRUE(fs::is_empty(moved)) << "its own file is gone";
}

TEST_F(UnixListener, GivesTheProgramNoChildToWaitFor) {
    Listener listener(endpoint(), stop, 0666);
    EXPECT_EQ(::waitpid(-1, nullptr, __WALL), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST_F(UnixListener, TakesAPathOf107Bytes) {
    path = path_of(107);
    Listener listener(endpoint(), stop);
    const auto client = jsocket::connect_stream(endpoint(), deadline_after(patience));
    EXPECT_EQ(client->peer(), "unix:" + path);
    EXPECT_NE(listener.accept(deadline_after(patience)), nullptr);
}

TEST_F(UnixListener, RefusesAPathOf108BytesAndNamesTheLimit) {
    path = path_of(108);
    const auto listening = error_of<UsageError>([&] { Listener(endpoint(), stop); });
    EXPECT_THAT(listening->what(), HasSubstr("107"));
    EXPECT_THAT(listening->what(), HasSubstr(path));
    const auto connecting = error_of<UsageError>(
        [&] { jsocket::connect_stream(endpoint(), deadline_after(patience)); });
    EXPECT_THAT(connecting->what(), HasSubstr("107"));
    EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST_F(UnixListener, RefusesAnEmptyPathAndOneWithAZeroByte) {
    EXPECT_THROW(Listener({"unix:", 0}, stop), UsageError);
    EXPECT_THROW(Listener({std::string("unix:\0abstract", 14), 0}, stop), UsageError);
}

TEST_F(UnixListener, NamesThePathWhoseDirectoryIsMissing) {
    path = directory / "nowhere/echo";
    expect_refused(std::errc::no_such_file_or_directory);
}

TEST_F(UnixListener, TakesARelativePath) {
    const fs::path before = fs::current_path();
    fs::current_path(directory.path());
    {
        Listener listener({"unix:relative", 0}, stop);
        RawPeer client = RawPeer::connect(directory / "relative");
        EXPECT_NE(listener.accept(deadline_after(patience)), nullptr);
    }
    fs::current_path(before);
    EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST_F(UnixListener, AcceptEndsAtOnceWhenItIsInterrupted) {
    Listener listener(endpoint(), stop);
    auto accepting = waiting([&] { return listener.accept(); });
    stop.raise();
    EXPECT_EQ(accepting.get(), nullptr);
}

}  // namespace
