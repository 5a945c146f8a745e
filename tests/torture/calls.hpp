// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace test_support {

/// How much recv(2) and send(2) move at once.
enum class Transfers {
    whole,         ///< what there is
    single_bytes,  ///< one byte
    random_sizes,  ///< up to 37 bytes, in the same order every time
};

/// While one lives, all of the program's recv(2) and send(2) move as much as it says.
class ShortTransfers {
  public:
    explicit ShortTransfers(Transfers how);
    ~ShortTransfers();
    ShortTransfers(const ShortTransfers&) = delete;
    ShortTransfers& operator=(const ShortTransfers&) = delete;
};

/// Is the current thread subject to faults?
bool is_subject() noexcept;

/// How often a subject closed a descriptor that was not open: with less luck, somebody else's.
int wrong_closes();

}  // namespace test_support
