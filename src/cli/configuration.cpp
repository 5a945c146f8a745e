// SPDX-License-Identifier: Apache-2.0
#include "cli/configuration.hpp"

#include "support/environment.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <CLI/CLI.hpp>
#define TOML_EXCEPTIONS 1
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <toml++/toml.h>
#include <unistd.h>

namespace jsocket::cli {

namespace {

constexpr std::size_t largest_file = 1024 * 1024;

struct Place {
    std::string path;  // empty if there is no home
    bool required = false;
};

/// Empty counts as not set.
const char* variable(const char* name) {
    const char* const value = environment(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

Place place() {
    if (const char* path = variable("JSOCKET_CONFIG")) return {path, true};
    constexpr const char* file = "/jsocket/config.toml";
    // The XDG Base Directory Specification: a relative path is to be ignored.
    if (const char* folder = variable("XDG_CONFIG_HOME"); folder && *folder == '/') {
        return {std::string(folder) + file, false};
    }
    const char* const home = variable("HOME");
    return {home ? std::string(home) + "/.config" + file : "", false};
}

class Descriptor {
  public:
    explicit Descriptor(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const { return fd_; }

  private:
    int fd_;
};

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw UsageError(path + ": " + why);
}

[[noreturn]] void refuse(const std::string& path, const toml::source_region& where,
                         const std::string& why) {
    refuse(path + ':' + std::to_string(where.begin.line), why);
}

/// Security: see read_configuration(). Of the file that is open, not of one that has its name now.
void check_owner(int fd, const std::string& path) {
    struct stat status {};
    if (fstat(fd, &status) != 0) refuse(path, std::generic_category().message(errno));
    if (status.st_uid != 0 && status.st_uid != geteuid()) {
        refuse(path, "it belongs to another user, who could send you anywhere; not used");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        refuse(path, "others can write to it, and could send you anywhere; chmod go-w it");
    }
}

/// The text of the file; empty if there is none and there need not be one.
std::optional<std::string> text_of(const Place& place) {
    const Descriptor file(place.path);
    if (file.get() < 0) {
        if (errno == ENOENT && !place.required) return std::nullopt;
        refuse(place.path, std::generic_category().message(errno));
    }
    check_owner(file.get(), place.path);
    std::string text;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t size = read(file.get(), piece.data(), piece.size());
        if (size == 0) return text;
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) refuse(place.path, std::generic_category().message(errno));
        text.append(piece.data(), static_cast<std::size_t>(size));
        if (text.size() > largest_file) refuse(place.path, "it is longer than 1 MiB");
    }
}

/// In completions names are words of a shell.
bool is_name(std::string_view name) {
    return !name.empty() &&
           name.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               std::string_view::npos;
}

std::string number_text(double number) {
    std::array<char, 400> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    return {text.data(), end.ptr};
}

/// Turns the tables below [contexts] into contexts.
class Reader {
  public:
    Reader(std::string path, const CLI::App& options) : path_(std::move(path)), options_(options) {}

    std::vector<Context> read(const toml::table& root) const {
        std::vector<Context> contexts;
        for (const auto& [key, node] : root) {
            if (key.str() != "contexts") {
                refuse(path_, key.source(),
                       '"' + printable(key.str()) + "\" is unknown; there is [contexts.NAME]");
            }
            for (const auto& [name, table] : table_of(node, key)) {
                contexts.push_back(context(name, table));
            }
        }
        return contexts;
    }

  private:
    const toml::table& table_of(const toml::node& node, const toml::key& key) const {
        if (const toml::table* table = node.as_table()) return *table;
        refuse(path_, key.source(), printable(key.str()) + ": expected a section");
    }

    Context context(const toml::key& name, const toml::node& node) const {
        if (!is_name(name.str())) {
            refuse(path_, name.source(),
                   "the name of a context consists of letters, digits, . _ and -, not \"" +
                       printable(name.str()) + '"');
        }
        Context context{std::string(name.str()), {}};
        for (const auto& [key, value] : table_of(node, name)) {
            if (std::optional<std::string> text = setting(key, value)) {
                context.settings.push_back(
                    {std::string(key.str()), std::move(*text), key.source().begin.line});
            }
        }
        const auto server =
            std::find_if(context.settings.begin(), context.settings.end(),
                         [](const auto& setting) { return setting.key == "server"; });
        if (server == context.settings.end()) {
            refuse(path_, name.source(), "context " + context.name + " has no server");
        }
        std::rotate(context.settings.begin(), server, server + 1);
        return context;
    }

    /// What would be given to the option; empty for a flag that is not wanted.
    std::optional<std::string> setting(const toml::key& key, const toml::node& value) const {
        const std::string name(key.str());
        if (name == "server") return text(key, value);
        const CLI::Option* option = options_.get_option_no_throw("--" + name);
        if (option == nullptr) refuse(path_, key.source(), unknown(name));
        if (option->get_items_expected_max() == 0) {
            const std::optional<bool> wanted = value.value_exact<bool>();
            if (!wanted) refuse(path_, key.source(), name + ": expected true or false");
            return *wanted ? std::optional<std::string>("true") : std::nullopt;
        }
        std::string chosen = text(key, value);
        if (option->get_type_name() != "FILE" || chosen.empty()) return chosen;
        return (std::filesystem::path(path_).parent_path() / chosen).string();
    }

    std::string text(const toml::key& key, const toml::node& value) const {
        if (const auto* text = value.as_string()) return text->get();
        if (const auto* number = value.as_integer()) return std::to_string(number->get());
        if (const auto* number = value.as_floating_point()) return number_text(number->get());
        refuse(path_, key.source(), printable(key.str()) + ": expected a text or a number");
    }

    std::string unknown(const std::string& key) const {
        std::string text = '"' + printable(key) + "\" is unknown; there are server";
        for (const CLI::Option* option : options_.get_options({})) {
            if (option->nonpositional()) text += ", " + option->get_lnames().front();
        }
        return text;
    }

    const std::string path_;
    const CLI::App& options_;
};

}  // namespace

const Context& Configuration::context(std::string_view name) const {
    for (const Context& context : contexts) {
        if (context.name == name) return context;
    }
    throw UsageError("there is no context \"" + printable(name) + "\"" +
                     (path.empty() ? "; HOME is not set" : " in " + path));
}

Configuration read_configuration(const CLI::App& options) {
    const Place file = place();
    Configuration configuration{file.path, {}};
    if (file.path.empty()) return configuration;
    const std::optional<std::string> text = text_of(file);
    if (!text) return configuration;
    try {
        const toml::table root = toml::parse(*text, file.path);
        configuration.contexts = Reader(file.path, options).read(root);
    } catch (const toml::parse_error& error) {
        refuse(file.path, error.source(), std::string(error.description()));
    }
    return configuration;
}

}  // namespace jsocket::cli
