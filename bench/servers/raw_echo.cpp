// SPDX-License-Identifier: Apache-2.0
//
// What the machine allows: a thread for each connection, blocking system calls, no JSON. Sends each
// frame (4 bytes of length and a payload) back on its own; with --batch, all whole frames that one
// recv brought with one send. With --spin MICROSECONDS it tries that long before it blocks.
#include "servers/listen.hpp"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t usual_buffer = 64 * 1024;
constexpr std::size_t header_size = 4;

struct Options {
    std::string_view bind = "127.0.0.1:0";
    bool batch = false;
    std::chrono::microseconds spin{0};
};

/// As recv(2), but it tries for a while without waiting before it waits.
ssize_t receive(int fd, char* bytes, std::size_t size, std::chrono::microseconds spin) {
    if (spin.count() > 0) {
        const auto end = Clock::now() + spin;
        do {
            const ssize_t count = recv(fd, bytes, size, MSG_DONTWAIT);
            if (count >= 0 || errno != EAGAIN) return count;
            sched_yield();
        } while (Clock::now() < end);
    }
    return recv(fd, bytes, size, 0);
}

bool send_all(int fd, const char* bytes, std::size_t size) {
    while (size > 0) {
        const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0) return false;
        bytes += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

/// The size of the frame that begins here, once its header is there; the header's until then.
std::size_t frame_size(const char* bytes, std::size_t available) {
    if (available < header_size) return header_size;
    std::uint32_t length = 0;
    std::memcpy(&length, bytes, header_size);
    return header_size + ntohl(length);
}

/// What one connection has received and not yet answered.
class Echo {
  public:
    Echo(int fd, const Options& options) : fd_(fd), options_(options) {}

    void run() {
        while (true) {
            const ssize_t count = receive(fd_, bytes_ + filled_, size_ - filled_, options_.spin);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return;
            filled_ += static_cast<std::size_t>(count);
            if (!answer()) return;
        }
    }

  private:
    bool answer() {
        std::size_t begin = 0;
        std::size_t wanted = frame_size(bytes_, filled_);
        while (filled_ - begin >= wanted) {
            if (!options_.batch && !send_all(fd_, bytes_ + begin, wanted)) return false;
            begin += wanted;
            wanted = frame_size(bytes_ + begin, filled_ - begin);
        }
        if (options_.batch && !send_all(fd_, bytes_, begin)) return false;
        filled_ -= begin;
        if (begin > 0 && filled_ > 0) std::memmove(bytes_, bytes_ + begin, filled_);
        if (wanted > size_) grow(wanted);
        return true;
    }

    void grow(std::size_t size) {
        std::unique_ptr<char[]> bytes(new char[size]);
        std::memcpy(bytes.get(), bytes_, filled_);
        grown_ = std::move(bytes);
        bytes_ = grown_.get();
        size_ = size;
    }

    int fd_;
    const Options& options_;
    std::size_t size_ = usual_buffer;
    std::size_t filled_ = 0;
    // On the stack, and not filled with zeros: what was never touched takes no memory.
    char first_[usual_buffer];
    std::unique_ptr<char[]> grown_;
    char* bytes_ = first_;
};

struct Connection {
    int fd;
    const Options& options;
};

void* serve(void* argument) {
    const std::unique_ptr<Connection> connection(static_cast<Connection*>(argument));
    try {
        Echo(connection->fd, connection->options).run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "raw_echo: %s\n", error.what());
    }
    close(connection->fd);
    return nullptr;
}

/// A thread that is detached from the beginning: glibc's pthread_detach() may look at a thread that
/// has ended meanwhile (glibc bug 19951).
void start(int fd, const Options& options) {
    auto connection = std::make_unique<Connection>(Connection{fd, options});
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_t thread{};
    const int error = pthread_create(&thread, &detached, serve, connection.get());
    pthread_attr_destroy(&detached);
    if (error != 0) throw std::system_error(error, std::system_category(), "pthread_create");
    static_cast<void>(connection.release());  // the thread's now
}

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--batch") {
            options.batch = true;
        } else if (option == "--bind" && i + 1 < argc) {
            options.bind = argv[++i];
        } else if (option == "--spin" && i + 1 < argc) {
            options.spin = std::chrono::microseconds(std::strtol(argv[++i], nullptr, 10));
        } else {
            std::fputs("usage: raw_echo [--bind ADDRESS] [--batch] [--spin MICROSECONDS]\n",
                       stderr);
            std::exit(2);
        }
    }
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    try {
        const int listener = jsocket::bench::listen_on(options.bind);
        jsocket::bench::announce(listener);
        while (true) {
            const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            const int on = 1;  // fails on a UNIX socket, which has no need of it
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            start(fd, options);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "raw_echo: %s\n", error.what());
        return 1;
    }
}
