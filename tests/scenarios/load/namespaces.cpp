// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/namespaces.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace test_support {
namespace {

/// What `call` throws on a thread of its own is thrown here.
void on_another_thread(const std::function<void()>& call) {
    std::exception_ptr error;
    std::thread([&] {
        try {
            call();
        } catch (...) {
            error = std::current_exception();
        }
    }).join();
    if (error) std::rethrow_exception(error);
}

/// With nothing in it but a loopback device, which is down.
FileDescriptor new_network() {
    FileDescriptor network;
    on_another_thread([&] {
        if (::unshare(CLONE_NEWNET) != 0) throw_errno("a network of its own");
        network = FileDescriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
        if (network.get() < 0) throw_errno("a network of its own");
    });
    return network;
}

void shell(const std::string& command) {
    if (std::system(("(" + command + ") >/dev/null 2>&1").c_str()) != 0) {
        throw std::runtime_error("this command failed: " + command);
    }
}

std::string path_of(const FileDescriptor& network) {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(network.get());
}

}  // namespace

std::optional<Cable> Cable::lay(std::string& reason) {
    try {
        shell("ip -V && tc -V");
        Cable cable(new_network(), new_network());
        cable.at_server([&] {
            shell("ip link add server type veth peer name client netns " + path_of(cable.client_));
            shell("ip address add " + std::string(server_address) + "/24 dev server");
        });
        cable.at_client([] { shell("ip address add 192.0.2.2/24 dev client"); });
        cable.at_both_ends("ip link set dev $LINK up");
        return cable;
    } catch (const std::exception& error) {
        reason = error.what();
        return std::nullopt;
    }
}

void Cable::at_both_ends(const std::string& command) const {
    at_server([&] { shell("LINK=server; " + command); });
    at_client([&] { shell("LINK=client; " + command); });
}

void Cable::run_in(const FileDescriptor& network, const std::function<void()>& what) {
    on_another_thread([&] {
        if (::setns(network.get(), CLONE_NEWNET) != 0) throw_errno("into another network");
        what();
    });
}

}  // namespace test_support
