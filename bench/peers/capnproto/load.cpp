// SPDX-License-Identifier: Apache-2.0
//
// Loads an echo server with Cap'n Proto calls, all of them in one event loop.
#include "echo.capnp.h"
#include "peers/load_client.hpp"

#include <capnp/ez-rpc.h>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using peers::LoadOptions;
using peers::rpc::Echo;

class Clients : private kj::TaskSet::ErrorHandler {
  public:
    explicit Clients(const LoadOptions& options)
        : payload_(options.payload), check_(options), calls_(*this) {
        for (std::size_t i = 0; i < options.connections; ++i) {
            connections_.push_back(
                std::make_unique<capnp::EzRpcClient>(options.server.host, options.server.port));
            Echo::Client echo = connections_.back()->getMain<Echo>();
            for (std::size_t j = 0; j < options.in_flight; ++j) calls_.add(call(echo));
        }
    }

    /// Waits for replies, and returns how many have come.
    std::size_t step() {
        auto wake = kj::newPromiseAndFulfiller<void>();
        wake_ = kj::mv(wake.fulfiller);
        wake.promise.wait(connections_.front()->getWaitScope());
        KJ_IF_MAYBE (failure, failure_) kj::throwFatalException(kj::cp(*failure));
        return std::exchange(replies_, 0);
    }

  private:
    /// One call after the other, for ever.
    kj::Promise<void> call(Echo::Client echo) {
        auto request = echo.echoRequest();
        request.setJson(capnp::Text::Reader(payload_.c_str(), payload_.size()));
        return request.send().then([this, echo](auto&& response) mutable {
            const capnp::Text::Reader text = response.getJson();
            check_(std::string_view(text.cStr(), text.size()));
            ++replies_;
            wake_->fulfill();
            return call(echo);
        });
    }

    void taskFailed(kj::Exception&& failure) override {
        failure_ = kj::mv(failure);
        wake_->fulfill();
    }

    const std::string& payload_;
    peers::ReplyCheck check_;
    std::size_t replies_ = 0;
    kj::Maybe<kj::Exception> failure_;
    kj::Own<kj::PromiseFulfiller<void>> wake_;
    std::vector<std::unique_ptr<capnp::EzRpcClient>> connections_;
    kj::TaskSet calls_;
};

jsocket::bench::Result load(const LoadOptions& options) {
    Clients clients(options);
    return jsocket::bench::measure(options.plan, [&] { return clients.step(); });
}

}  // namespace

int main(int argc, char** argv) { return peers::run_load(argc, argv, load); }
