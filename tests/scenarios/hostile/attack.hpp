// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scenarios/hostile/opponent.hpp"
#include "scenarios/hostile/subject.hpp"
#include "scenarios/hostile/traffic.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace test_support {

/// What each text of an attack is put into.
enum class Dress {
    none,  ///< it is a message
    rpc,   ///< a message to somebody who speaks JSON-RPC
    call,  ///< the parameter of a JSON-RPC call of `echo`
};

/// Is this the long run, with JSOCKET_SOAK set? It has more texts, and more seeds.
bool soaking();

/// Of the first round: JSOCKET_SEED, or always the same.
std::uint64_t first_seed();

/// How many rounds there are, each with a seed of its own.
int rounds();

/// How many texts there are in each. Behind the codecs all is the same, so for all wire formats but
/// one a third will do, unless it is the long run.
std::size_t texts_in_a_round(jsocket::Framing framing);

/// Has the opponent send as many texts. Returns how many of them cost it its connection.
std::size_t attack(Opponent& opponent, const Traffic& traffic, Course& course, Dress dress,
                   std::size_t texts);

/// What an attack shows when it fails: whose it was, and the seed to repeat it with.
std::string describe(const Traffic& traffic, std::uint64_t seed);

/// "shrinking arrays: 12.3 MiB, allowed are 17.5", for the test's output.
void print_growth(std::string_view what, std::size_t growth, std::size_t bound);

}  // namespace test_support
