// SPDX-License-Identifier: Apache-2.0
// A server as a fixture: code that talks to a service, tested against a stand-in for it.
#include <jsocket/jsocket.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <stdexcept>

namespace {

/// The code under test: decides whether to heat, from what a sensor on the network says.
bool should_heat(std::uint16_t sensor_port, double wanted) {
    jsocket::JsonClient sensor({.port = sensor_port, .retry = {.attempts = 1}});
    sensor.connect();
    return sensor.request({{"get", "temperature"}}).at("celsius").get<double>() < wanted;
}

/// Stands in for the sensor.
class FakeSensor : public jsocket::ThreadedServer {
  public:
    using ThreadedServer::ThreadedServer;

    // Atomic, because the test sets it while the server's thread reads it.
    std::atomic<double> celsius{20};

  private:
    std::optional<json> process_message(json& message) override {
        if (message != json{{"get", "temperature"}}) throw std::runtime_error("not a request");
        return json{{"celsius", celsius.load()}};
    }
};

class Heating : public testing::Test {
  protected:
    // Starts before each test and accepts connections at once, so nothing has to be waited for.
    // Stops after it. Port 0 takes a free port: tests may run side by side.
    jsocket::Running<FakeSensor> sensor;
};

TEST_F(Heating, StartsWhenItIsTooCold) {
    sensor.celsius = 17.5;
    EXPECT_TRUE(should_heat(sensor.port(), 19));
}

TEST_F(Heating, RestsWhenItIsWarmEnough) {
    sensor.celsius = 19;
    EXPECT_FALSE(should_heat(sensor.port(), 19));
}

TEST_F(Heating, ReportsASensorThatIsGone) {
    sensor.stop();
    sensor.join();
    EXPECT_THROW(should_heat(sensor.port(), 19), jsocket::ConnectError);
}

}  // namespace
