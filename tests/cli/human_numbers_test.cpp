// SPDX-License-Identifier: Apache-2.0
#include "cli/human_numbers.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

using namespace jsocket::cli;
using namespace std::chrono_literals;

TEST(HumanNumbers, OfCountsHaveThreeDigits) {
    EXPECT_EQ(human_count(0), "0");
    EXPECT_EQ(human_count(0.5), "0.5");
    EXPECT_EQ(human_count(7), "7");
    EXPECT_EQ(human_count(99.94), "99.9");
    EXPECT_EQ(human_count(99.95), "100");
    EXPECT_EQ(human_count(999.4), "999");
    EXPECT_EQ(human_count(0.25), "0.25");
    EXPECT_EQ(human_count(9.996), "10");
    EXPECT_EQ(human_count(999.5), "1.00k");
    EXPECT_EQ(human_count(12'345), "12.3k");
    EXPECT_EQ(human_count(999'499), "999k");
    EXPECT_EQ(human_count(999'500), "1.00M");
    EXPECT_EQ(human_count(double(std::numeric_limits<std::uint64_t>::max())), "18.4E");
}

TEST(HumanNumbers, StayWithinEightCharactersWhateverTheyAre) {
    for (double number = 1e-9; number < 1e300; number *= 9.7) {
        EXPECT_LE(human_count(number).size(), 8U) << number;
        EXPECT_LE(human_bytes(number).size(), 8U) << number;
        EXPECT_LE(human_age(number).size(), 9U) << number;
    }
    EXPECT_EQ(human_count(-1), "0");
    EXPECT_EQ(human_count(std::numeric_limits<double>::quiet_NaN()), "0");
    EXPECT_EQ(human_age(std::numeric_limits<double>::quiet_NaN()), "0 s");
}

TEST(HumanNumbers, OfBytesHaveUnitsOfAThousand) {
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(999), "999 B");
    EXPECT_EQ(human_bytes(1'000), "1.00 kB");
    EXPECT_EQ(human_bytes(4'540'000), "4.54 MB");
}

TEST(HumanNumbers, OfLatenciesGoFromNanosecondsToHours) {
    EXPECT_EQ(human_duration(850ns), "850 ns");
    EXPECT_EQ(human_duration(12'340ns), "12.3 us");
    EXPECT_EQ(human_duration(1200us), "1.20 ms");
    EXPECT_EQ(human_duration(34s), "34.0 s");
    EXPECT_EQ(human_duration(999s), "999 s");
    EXPECT_EQ(human_duration(1000s), "16:40");
    EXPECT_EQ(human_duration(2h), "2:00:00");
}

TEST(HumanNumbers, OfAgesAreClocks) {
    EXPECT_EQ(human_age(0.9), "0 s");
    EXPECT_EQ(human_age(59.9), "59 s");
    EXPECT_EQ(human_age(60), "1:00");
    EXPECT_EQ(human_age(3'599), "59:59");
    EXPECT_EQ(human_age(3'723), "1:02:03");
    EXPECT_EQ(human_age(86'400 * 3 + 3'600 * 4 + 59), "3d 04h");
}

TEST(HumanNumbers, OfRatesAreWholeFromAThousandOn) {
    EXPECT_EQ(human_rate(0), "0/s");
    EXPECT_EQ(human_rate(0.5), "0.5/s");
    EXPECT_EQ(human_rate(12.34), "12.3/s");
    EXPECT_EQ(human_rate(999.4), "999/s");
    EXPECT_EQ(human_rate(999.5), "1,000/s");
    EXPECT_EQ(human_rate(1'234'567.8), "1,234,568/s");
}

TEST(HumanNumbers, ThatAreExactHaveGroupsOfThreeDigits) {
    EXPECT_EQ(human_exactly(0), "0");
    EXPECT_EQ(human_exactly(999), "999");
    EXPECT_EQ(human_exactly(1'000), "1,000");
    EXPECT_EQ(human_exactly(std::numeric_limits<std::uint64_t>::max()),
              "18,446,744,073,709,551,615");
}

}  // namespace
