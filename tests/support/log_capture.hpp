// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace test_support {

/// Collects what the library logs while it lives.
class LogCapture {
  public:
    struct Line {
        std::chrono::steady_clock::time_point time;
        spdlog::level::level_enum level;
        std::string text;
    };

    LogCapture() : sink_(std::make_shared<Sink>()) {
        spdlog::register_logger(std::make_shared<spdlog::logger>("jsocket", sink_));
    }
    ~LogCapture() { spdlog::drop("jsocket"); }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    std::vector<Line> lines() const { return sink_->lines(); }

    std::vector<Line> warnings() const {
        std::vector<Line> result;
        for (Line& line : lines()) {
            if (line.level >= spdlog::level::warn) result.push_back(std::move(line));
        }
        return result;
    }

  private:
    class Sink : public spdlog::sinks::base_sink<std::mutex> {
      public:
        std::vector<Line> lines() {
            const std::lock_guard lock(mutex_);
            return lines_;
        }

      protected:
        void sink_it_(const spdlog::details::log_msg& message) override {
            lines_.push_back({std::chrono::steady_clock::now(),
                              message.level,
                              {message.payload.data(), message.payload.size()}});
        }
        void flush_() override {}

      private:
        std::vector<Line> lines_;
    };

    std::shared_ptr<Sink> sink_;
};

}  // namespace test_support
