// SPDX-License-Identifier: Apache-2.0
// Code that talks to a service, tested against stand-ins for it; with GoogleTest.
#include <jsocket/jsocket.hpp>
#include <jsocket/testing/scripted_peer.hpp>
#include <jsocket/testing/test_server.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace {

using jsocket::json;
using jsocket::testing::FaultPlan;
using jsocket::testing::Script;
using jsocket::testing::ScriptedPeer;
using jsocket::testing::TestServer;

/// The code under test: decides whether to heat, from what a sensor on the network says.
bool should_heat(std::uint16_t sensor_port, double wanted) {
    jsocket::JsonClient sensor({.port = sensor_port, .retry = {.attempts = 1}});
    sensor.connect();
    return sensor.request({{"get", "temperature"}}).at("celsius").get<double>() < wanted;
}

class Heating : public testing::Test {
  protected:
    // Starts before each test and accepts connections at once, so nothing has to be waited for.
    // Stops after it. It takes a free port: tests may run side by side.
    TestServer sensor{[](const json&) { return json{{"celsius", 19}}; }};
};

TEST_F(Heating, StartsWhenItIsTooCold) {
    sensor.answer([](const json&) { return json{{"celsius", 17.5}}; });
    EXPECT_TRUE(should_heat(sensor.port(), 19));
}

TEST_F(Heating, RestsWhenItIsWarmEnough) { EXPECT_FALSE(should_heat(sensor.port(), 19)); }

TEST_F(Heating, AsksForTheTemperatureOnce) {
    should_heat(sensor.port(), 19);
    ASSERT_EQ(sensor.received().size(), 1U);
    EXPECT_EQ(sensor.received()[0], (json{{"get", "temperature"}}));
}

TEST_F(Heating, ReportsASensorThatIsGone) {
    sensor.stop();
    EXPECT_THROW(should_heat(sensor.port(), 19), jsocket::ConnectError);
}

TEST(HeatingWithABadSensor, ReportsAReplyThatBreaksOff) {
    FaultPlan plan(jsocket::testing::Fault::truncate, 1, 5);  // of the reply, 5 bytes
    TestServer sensor([](const json&) { return json{{"celsius", 19}}; }, {.faults = &plan});
    EXPECT_THROW(should_heat(sensor.port(), 19), jsocket::ConnectionClosed);
}

TEST(HeatingByTheScript, AsksAndLeaves) {
    ScriptedPeer sensor(
        Script().expect({{"get", "temperature"}}).reply({{"celsius", 17.5}}).expect_close(),
        {.report = [](const std::string& text) { ADD_FAILURE() << text; }});
    EXPECT_TRUE(should_heat(sensor.port(), 19));
    sensor.finish();
}

}  // namespace
