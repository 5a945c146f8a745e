// SPDX-License-Identifier: Apache-2.0
//
// Loads an echo server with gRPC calls: asynchronous ones, all completed by one thread.
#include "echo.grpc.pb.h"
#include "peers/load_client.hpp"

#include <chrono>
#include <deque>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <stdexcept>

namespace {

using peers::LoadOptions;
using Stub = peers::Echo::Stub;

constexpr std::chrono::seconds patience{10};

/// One call after the other.
class Caller {
  public:
    Caller(Stub& stub, const std::string& payload, grpc::CompletionQueue& queue)
        : stub_(stub), queue_(queue) {
        request_.set_json(payload);
    }

    void send() {
        context_ = std::make_unique<grpc::ClientContext>();  // may not be used twice
        context_->set_deadline(std::chrono::system_clock::now() + patience);
        reader_ = stub_.AsyncEcho(context_.get(), request_, &queue_);
        reader_->Finish(&reply_, &status_, this);
    }

    void cancel() { context_->TryCancel(); }

    /// Once the queue has returned this object.
    const std::string& reply() const {
        if (!status_.ok()) throw std::runtime_error("a call failed: " + status_.error_message());
        return reply_.json();
    }

  private:
    Stub& stub_;
    grpc::CompletionQueue& queue_;
    peers::Text request_;
    peers::Text reply_;
    grpc::Status status_;
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<peers::Text>> reader_;
};

std::unique_ptr<Stub> connect(const peers::Address& server) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetMaxReceiveMessageSize(-1);
    const auto channel = grpc::CreateCustomChannel(server.host + ":" + std::to_string(server.port),
                                                   grpc::InsecureChannelCredentials(), arguments);
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + patience)) {
        throw std::runtime_error("cannot connect");
    }
    return peers::Echo::NewStub(channel);
}

class Clients {
  public:
    explicit Clients(const LoadOptions& options) : check_(options) {
        for (std::size_t i = 0; i < options.connections; ++i) {
            Stub& stub = *stubs_.emplace_back(connect(options.server));
            for (std::size_t j = 0; j < options.in_flight; ++j) {
                callers_.emplace_back(stub, options.payload, queue_);
            }
        }
        for (Caller& caller : callers_) caller.send();
    }

    Clients(const Clients&) = delete;
    Clients& operator=(const Clients&) = delete;

    /// What is on its way refers to this object until the queue has returned it.
    ~Clients() {
        for (Caller& caller : callers_) caller.cancel();
        queue_.Shutdown();
        void* tag = nullptr;
        bool ok = false;
        while (queue_.Next(&tag, &ok)) continue;
    }

    std::size_t step() {
        void* tag = nullptr;
        bool ok = false;
        if (!queue_.Next(&tag, &ok)) throw std::logic_error("no call is on its way");
        Caller& caller = *static_cast<Caller*>(tag);
        check_(caller.reply());
        caller.send();
        return 1;
    }

  private:
    peers::ReplyCheck check_;
    grpc::CompletionQueue queue_;
    std::deque<std::unique_ptr<Stub>> stubs_;
    std::deque<Caller> callers_;
};

jsocket::bench::Result load(const LoadOptions& options) {
    Clients clients(options);
    return jsocket::bench::measure(options.plan, [&] { return clients.step(); });
}

}  // namespace

int main(int argc, char** argv) { return peers::run_load(argc, argv, load); }
