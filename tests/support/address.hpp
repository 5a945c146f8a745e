// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace test_support {

[[noreturn]] inline void throw_errno(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), "raw peer: " + what);
}

/// A file descriptor that is closed with its owner.
class FileDescriptor {
  public:
    explicit FileDescriptor(int fd = -1) : fd_(fd) {}
    ~FileDescriptor() { close(); }
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        close();
        fd_ = std::exchange(other.fd_, -1);
        return *this;
    }

    int get() const { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_;
};

/// Where to listen if clients come when the server may have gone: at an address of this process
/// alone. They find nobody there, and not a server of another test that has been given its port.
inline std::string own_address() {
    const auto process = static_cast<unsigned>(getpid());  // below 2^22, says proc(5)
    return "127." + std::to_string(64 + (process >> 16)) + '.' +
           std::to_string(process >> 8 & 255) + '.' + std::to_string(process & 255);
}

/// A socket address of any family.
struct Address {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);

    static Address ipv4(std::uint16_t port, const std::string& host = "127.0.0.1") {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        inet_pton(AF_INET, host.c_str(), &address.sin_addr);
        return from(&address, sizeof(address));
    }
    static Address own(std::uint16_t port) { return ipv4(port, own_address()); }
    static Address ipv6(std::uint16_t port) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        address.sin6_addr = in6addr_loopback;
        return from(&address, sizeof(address));
    }
    static Address unix_path(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path));
        return from(&address, sizeof(address));
    }
    static Address from(const void* address, std::size_t size) {
        Address result;
        std::memcpy(&result.storage, address, size);
        result.size = static_cast<socklen_t>(size);
        return result;
    }
    static Address of_socket(int fd) {
        Address result;
        if (getsockname(fd, result.data(), &result.size) != 0) throw_errno("getsockname");
        return result;
    }

    sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
    std::uint16_t port() const {
        if (family() == AF_INET) {
            return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
        }
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
    }
};

}  // namespace test_support
