// SPDX-License-Identifier: Apache-2.0
//
// Loads a library that runs a server, lets it, and unloads it, again and again. Fails if it is not
// unloaded really.
#include <cstdio>
#include <cstring>
#include <dlfcn.h>

namespace {

int load_and_unload(const char* path) {
    void* const library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        std::fprintf(stderr, "%s\n", ::dlerror());
        return 1;
    }
    int (*serve_once)() = nullptr;
    void* const symbol = ::dlsym(library, "serve_once");
    std::memcpy(&serve_once, &symbol, sizeof(serve_once));
    if (serve_once() != 0) return 2;
    ::dlclose(library);
    if (::dlopen(path, RTLD_NOW | RTLD_NOLOAD) != nullptr) {
        std::fprintf(stderr, "%s is still loaded\n", path);
        return 3;
    }
    return 0;
}

}  // namespace

int main(int, char** arguments) {
    for (int i = 0; i < 20; ++i) {
        if (const int error = load_and_unload(arguments[1])) return error;
    }
    return 0;
}
