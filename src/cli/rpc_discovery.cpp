// SPDX-License-Identifier: Apache-2.0
#include "cli/rpc_discovery.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>

namespace jsocket::cli {

namespace {

constexpr int deepest = 16;  // of schemas that refer to themselves

/// A member of an object; null if it is not there.
const json& member(const json& value, const char* name) {
    static const json nothing;
    if (!value.is_object()) return nothing;
    const auto found = value.find(name);
    return found == value.end() ? nothing : *found;
}

std::string text_of(const json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
}

/// Makes values that schemas allow, as far as a skeleton needs: what a person then fills in. For
/// all of a method together there is a bound, since schemas may refer to themselves, and many to
/// one that is large; beyond it values are null.
class Skeleton {
  public:
    explicit Skeleton(const json& document) : document_(document) {}

    json value(const json& schema, int depth = 0) {
        if (depth > deepest || !schema.is_object() || !take(0)) return nullptr;
        if (schema.contains("$ref")) return value(referred(schema["$ref"]), depth + 1);
        for (const char* given : {"default", "const"}) {
            if (schema.contains(given)) return copy(schema[given]);
        }
        for (const char* several : {"examples", "enum"}) {
            const json& values = member(schema, several);
            if (values.is_array() && !values.empty()) return copy(values.front());
        }
        for (const char* choice : {"anyOf", "oneOf", "allOf"}) {
            const json& schemas = member(schema, choice);
            if (schemas.is_array() && !schemas.empty()) return value(schemas.front(), depth + 1);
        }
        return of_type(schema, depth);
    }

  private:
    /// So many bytes of text, as a value or a name. False if there is no room for it, or any more.
    bool take(std::size_t bytes, int values = 1) {
        full_ = full_ || values > values_ || bytes > bytes_;
        if (full_) return false;
        values_ -= values;
        bytes_ -= bytes;
        return true;
    }

    /// Is there room for a value with all that is in it?
    bool take_all(const json& value) {
        if (!take(value.is_string() ? value.get_ref<const std::string&>().size() : 0)) return false;
        for (const auto& [name, inner] : value.items()) {
            if (value.is_object() && !take(name.size(), 0)) return false;
            if (value.is_structured() && !take_all(inner)) return false;
        }
        return true;
    }

    json copy(const json& value) { return take_all(value) ? value : nullptr; }

    /// "#/components/schemas/Point", within the document.
    const json& referred(const json& given) {
        static const json nothing;
        if (!given.is_string()) return nothing;
        const auto& reference = given.get_ref<const std::string&>();
        if (!reference.starts_with("#/")) return nothing;
        // Security: a document may use one long reference many times, and each use reads all of it.
        full_ = full_ || reference.size() > reference_bytes_;
        if (full_) return nothing;
        reference_bytes_ -= reference.size();
        try {
            return document_.at(json::json_pointer(reference.substr(1)));
        } catch (const json::exception&) {
            return nothing;
        }
    }

    json of_type(const json& schema, int depth) {
        const json& types = member(schema, "type");
        const std::string type =
            text_of(types.is_array() && !types.empty() ? types.front() : types);
        if (type == "integer" || type == "number") {
            const json& minimum = member(schema, "minimum");
            return minimum.is_number() && minimum > json(0) ? minimum : json(0);
        }
        if (type == "string") return "";
        if (type == "boolean") return false;
        if (type == "array") return array(schema, depth);
        if (type == "object") return object(schema, depth);
        return nullptr;
    }

    json array(const json& schema, int depth) {
        json values = json::array();
        const json& items = member(schema, "items");
        if (items.is_array()) {  // a tuple
            for (const json& item : items) {
                if (full_) break;
                values.push_back(value(item, depth + 1));
            }
        } else if (member(schema, "minItems").is_number() && schema["minItems"] > json(0)) {
            values.push_back(value(items, depth + 1));
        }
        return values;
    }

    json object(const json& schema, int depth) {
        json members = json::object();
        for (const auto& [name, its_schema] : member(schema, "properties").items()) {
            if (!take(name.size(), 0)) break;
            members[name] = value(its_schema, depth + 1);
        }
        return members;
    }

    const json& document_;

    // What there is still room for.
    int values_ = 1'000;
    std::size_t bytes_ = 100'000;
    std::size_t reference_bytes_ = 100'000;  // of all uses together
    bool full_ = false;
};

/// The one besides null in anyOf, as a parameter that may be left out has it.
const json* only_choice(const json& schema) {
    const json* only = nullptr;
    for (const json& choice : member(schema, "anyOf")) {
        if (member(choice, "type") == json("null")) continue;
        if (only != nullptr) return nullptr;
        only = &choice;
    }
    return only;
}

std::string type_name(const json& schema, int depth = 0) {
    const json* const only = only_choice(schema);
    if (only != nullptr && depth < deepest) return type_name(*only, depth + 1);
    const json& type = member(schema, "type");
    if (type.is_string()) return type;
    if (const std::string reference = text_of(member(schema, "$ref")); !reference.empty()) {
        return reference.substr(reference.rfind('/') + 1);
    }
    return "any";
}

/// On one line, whatever the server sends.
std::string shown(const std::string& text) { return printable(text, 200); }

}  // namespace

Discovery::Discovery(std::string_view document) : document_(parse(document)) {
    const json& methods = member(document_, "methods");
    if (!methods.is_array()) throw ProtocolError("rpc.discover: the document has no methods");
    for (const json& method : methods) {
        const std::string name = text_of(member(method, "name"));
        if (name.empty()) throw ProtocolError("rpc.discover: a method has no name");
        names_.push_back(name);
    }
}

const json* Discovery::find(std::string_view method) const {
    const auto found = std::find(names_.begin(), names_.end(), method);
    if (found == names_.end()) return nullptr;
    return &document_["methods"][static_cast<std::size_t>(found - names_.begin())];
}

std::optional<std::string> Discovery::description(std::string_view method) const {
    const json* const found = find(method);
    if (found == nullptr) return std::nullopt;
    std::string text = std::string(method) + '(';
    std::string details;
    for (const json& parameter : member(*found, "params")) {
        const std::string name = text_of(member(parameter, "name"));
        const std::string typed = name + ": " + type_name(member(parameter, "schema"));
        const bool required = member(parameter, "required") == json(true);
        if (text.back() != '(') text += ", ";
        text.append(required ? "" : "[").append(typed).append(required ? "" : "]");
        const std::string meaning = text_of(member(parameter, "description"));
        if (meaning.empty()) continue;
        details.append("\n  ").append(shown(name)).append(": ").append(shown(meaning));
    }
    if (member(*found, "x-any-params") == json(true)) text += "...";
    text += ") -> " + type_name(member(member(*found, "result"), "schema"));
    const std::string meaning = text_of(member(*found, "description"));
    return shown(text) + (meaning.empty() ? "" : "\n  " + shown(meaning)) + details;
}

std::optional<std::string> Discovery::skeleton(std::string_view method) const {
    const json* const found = find(method);
    if (found == nullptr) return std::nullopt;
    const bool by_position = text_of(member(*found, "paramStructure")) == "by-position";
    json params = by_position ? json::array() : json::object();
    Skeleton values(document_);
    for (const json& parameter : member(*found, "params")) {
        json value = values.value(member(parameter, "schema"));
        if (by_position) {
            params.push_back(std::move(value));
        } else {
            params[text_of(member(parameter, "name"))] = std::move(value);
        }
    }
    if (member(*found, "x-any-params") == json(true)) params = json::array();
    std::string text;
    serialize(params, text);
    return text;
}

}  // namespace jsocket::cli
