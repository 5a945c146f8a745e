// SPDX-License-Identifier: Apache-2.0
//
// Usage: PROGRAM FOLDER...
//
// Runs a fuzz target on each file in these folders, with any compiler and without a fuzzer. Ends
// with 1 if a folder is missing or empty, as then nothing would have been tested.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder, missing)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

bool replay(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(stream), {});
    if (!stream) return false;
    // Said before: a file at which the target ends the process is the last one named.
    std::printf("%s, %zu bytes\n", file.c_str(), bytes.size());
    std::fflush(stdout);
    // A copy of exactly this size, so that AddressSanitizer sees a read beyond it.
    const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
    return LLVMFuzzerTestOneInput(input.data(), input.size()) == 0;
}

}  // namespace

int main(int argc, char** argv) {
    bool good = argc > 1;
    for (int i = 1; i < argc; ++i) {
        const std::vector<fs::path> files = files_in(argv[i]);
        if (files.empty()) {
            std::fprintf(stderr, "%s has no files\n", argv[i]);
            good = false;
        }
        for (const fs::path& file : files) good = replay(file) && good;
    }
    return good ? 0 : 1;
}
