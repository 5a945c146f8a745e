// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::Framing;
using jsocket::Running;

struct Document {
    std::string name;
    std::string text;
};

/// The documents of JSONTestSuite whose name begins so: `y_` must be accepted, `n_` refused, `i_`
/// may be either.
std::vector<Document> documents(const std::string& prefix) {
    std::vector<Document> found;
    for (const auto& entry :
         std::filesystem::directory_iterator(JSOCKET_TEST_DATA "/JSONTestSuite/test_parsing")) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(prefix)) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        found.push_back({name, {std::istreambuf_iterator<char>(file), {}}});
    }
    std::sort(found.begin(), found.end(),
              [](const Document& a, const Document& b) { return a.name < b.name; });
    return found;
}

class JsonTestSuite : public testing::TestWithParam<Framing> {
  protected:
    Running<jsocket::ServerFactory<ScriptedWorker>> server;
};
INSTANTIATE_TEST_SUITE_P(Binary, JsonTestSuite, testing::Values(Framing::prefix, Framing::crc),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST_P(JsonTestSuite, DocumentsThatAreJsonAreAnswered) {
    const std::vector<Document> good = documents("y_");
    EXPECT_EQ(good.size(), 95u);
    std::string batch;
    for (const Document& document : good) batch += frame(GetParam(), document.text);
    RawPeer peer = RawPeer::connect(server.port());
    peer.send(batch);
    for (const Document& document : good) {
        SCOPED_TRACE(document.name);
        EXPECT_EQ(json::parse(receive_frame(peer, GetParam())), json::parse(document.text));
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST_P(JsonTestSuite, DocumentsThatAreNoJsonCloseTheConnection) {
    const std::vector<Document> bad = documents("n_");
    EXPECT_EQ(bad.size(), 188u);
    for (const Document& document : bad) {
        SCOPED_TRACE(document.name);
        RawPeer peer = RawPeer::connect(server.port());
        const std::string good = frame(GetParam(), "1");
        peer.send(good + frame(GetParam(), document.text) + good);
        EXPECT_EQ(peer.receive_until_end(), good);
    }
    server.stop();
    server.join();
    const jsocket::ServerStats stats = server.client_stats();
    EXPECT_EQ(failures(stats), bad.size());
    EXPECT_EQ(failures(stats, Failure::invalid_json) + failures(stats, Failure::invalid_utf8) +
                  failures(stats, Failure::too_deep),
              bad.size());
    EXPECT_EQ(failures(stats, Failure::too_deep), 2u) << "100,000 open brackets, and 50,000";
}

TEST_P(JsonTestSuite, DocumentsThatMayBeEitherDoNoHarm) {
    const std::vector<Document> doubtful = documents("i_");
    EXPECT_EQ(doubtful.size(), 35u);
    for (const Document& document : doubtful) {
        SCOPED_TRACE(document.name);
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(frame(GetParam(), document.text));
        peer.finish_writing();
        const std::string reply = peer.receive_until_end();
        EXPECT_TRUE(reply.empty() || json::accept(document.text));
    }
    EXPECT_EQ(connected_client(server.port(), GetParam()).request("alive"), "alive");
}

}  // namespace
