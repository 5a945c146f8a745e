// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "torture/faults.hpp"

#include <jsocket/error.hpp>

#include <gtest/gtest.h>

#include <new>

namespace test_support {

/// Does `operation`, as a Subject, go well? If it does not, the test fails unless `fault` is an
/// excuse.
template <typename Operation>
bool goes_well(const Fault& fault, Operation operation) {
    const char* what = "no memory";
    try {
        const Subject here;
        operation();
        return true;
    } catch (const std::bad_alloc&) {
    } catch (const jsocket::Error&) {
        what = "an Error";
    }
    EXPECT_TRUE(fault.is_excuse()) << what;
    return false;
}

}  // namespace test_support
