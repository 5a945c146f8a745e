#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if the vcpkg port or the Conan recipe do not fit the tree; neither program is needed.
Usage: check_packaging.py ROOT VERSION CMAKE

The portfile and the recipe are run with stand-ins for what their programs provide, which write down
what they are asked for.
"""
import json
import re
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from unittest import mock

# What find_package() looks for, as vcpkg and Conan call it.
NAMES = {"nlohmann_json": ("nlohmann-json", "nlohmann_json"), "spdlog": ("spdlog", "spdlog"),
         "ZLIB": ("zlib", "zlib"), "OpenSSL": ("openssl", "openssl"), "CLI11": ("cli11", "cli11"),
         "Curses": ("ncurses", "ncurses"), "tomlplusplus": ("tomlplusplus", "tomlplusplus"),
         "LibEdit": ("libedit", "editline"), "Asio": ("asio", "asio")}
SYSTEM = {"Threads"}

VCPKG_STANDINS = """
cmake_minimum_required(VERSION 3.25)
set(CURRENT_PORT_DIR "{port}")
set(CURRENT_PACKAGES_DIR "{work}/packages")
set(PORT jsocket)
set(FEATURES core tools)
function(vcpkg_check_features)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_FEATURE_OPTIONS" "FEATURES")
    list(POP_FRONT arg_FEATURES feature option)
    message(STATUS "feature ${{feature}}")
    set(${{arg_OUT_FEATURE_OPTIONS}} -D${{option}}=ON PARENT_SCOPE)
endfunction()
function(vcpkg_cmake_configure)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
    cmake_path(NORMAL_PATH arg_SOURCE_PATH)
    message(STATUS "source ${{arg_SOURCE_PATH}}")
    foreach(option IN LISTS arg_OPTIONS)
        message(STATUS "option ${{option}}")
    endforeach()
endfunction()
foreach(name vcpkg_cmake_install vcpkg_cmake_config_fixup vcpkg_fixup_pkgconfig vcpkg_copy_tools)
    cmake_language(EVAL CODE "function(${{name}})\\nendfunction()")
endforeach()
function(vcpkg_install_copyright)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
    file(SIZE ${{arg_FILE_LIST}} size)
endfunction()
include("{port}/portfile.cmake")
"""


def needed(root):
    """The packages that the library needs, and those of the command."""
    found = [set(re.findall(r"^ *find_package\((\w+)", (root / name).read_text(), re.MULTILINE))
             for name in ("CMakeLists.txt", "src/cli/CMakeLists.txt")]
    return found[0] - SYSTEM, found[1] - SYSTEM


def options(root):
    return set(re.findall(r"^option\((\w+)", (root / "CMakeLists.txt").read_text(), re.MULTILINE))


def names(packages, column):
    unknown = packages - set(NAMES)
    return {NAMES[package][column] for package in packages - unknown} | unknown


def different(what, found, expected):
    for name in sorted(found ^ expected):
        yield f"{what}: {name} is " + ("not needed" if name in found else "missing")


def port_faults(root, version):
    folder = root / "packaging/vcpkg/ports/jsocket"
    port = json.loads((folder / "vcpkg.json").read_text())
    if port["name"] != "jsocket" or port["version-semver"] != version:
        yield f"vcpkg.json is about {port['name']} {port['version-semver']}; project() says {version}"
    for entry in port["dependencies"]:
        if isinstance(entry, dict) and not (entry["name"].startswith("vcpkg-") and entry["host"]):
            yield f"vcpkg.json: {entry['name']} is not for building alone"
    library, command = needed(root)
    yield from different("vcpkg.json", {entry for entry in port["dependencies"] if isinstance(entry, str)},
                         names(library, 0))
    yield from different("vcpkg.json, feature tools", set(port["features"]["tools"]["dependencies"]),
                         names(command, 0))


def portfile_faults(root, cmake):
    folder = root / "packaging/vcpkg/ports/jsocket"
    with tempfile.TemporaryDirectory() as work:
        script = Path(work, "run.cmake")
        script.write_text(VCPKG_STANDINS.format(port=folder, work=work))
        done = subprocess.run([cmake, "-P", script], capture_output=True, text=True)
        if done.returncode != 0:
            yield f"portfile.cmake: {done.stderr}"
            return
        if not Path(work, "packages/share/jsocket/usage").exists():
            yield "portfile.cmake does not install its file usage"
    asked = re.findall(r"^-- (\w+) (.*)", done.stdout, re.MULTILINE)
    if [root] != [Path(text) for kind, text in asked if kind == "source"]:
        yield f"portfile.cmake does not build {root}: {asked}"
    for kind, text in asked:
        if kind == "option" and re.match(r"-D(\w+)=", text)[1] not in options(root):
            yield f"portfile.cmake sets {text}, which is no option of CMakeLists.txt"


class StandIn:
    """For whatever a recipe makes of Conan's classes."""

    cache_variables = {}

    def __init__(self, *_):
        pass

    def __getattr__(self, name):
        return lambda *arguments, **options: None


def copy_files(_, pattern, src, dst):
    for file in Path(src).glob(pattern if "*" not in pattern else pattern.replace("*", "**/*")):
        target = Path(dst, file.relative_to(src))
        if file.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())


def recipe(path):
    """The class in a conanfile.py."""
    modules = {name: types.ModuleType(name) for name in (
        "conan", "conan.errors", "conan.tools", "conan.tools.build", "conan.tools.cmake",
        "conan.tools.files")}
    modules["conan"].ConanFile = type("ConanFile", (), {})
    modules["conan.errors"].ConanInvalidConfiguration = type("Invalid", (Exception,), {})
    modules["conan.tools.build"].check_min_cppstd = lambda *_: None
    modules["conan.tools.build"].can_run = lambda *_: True
    for name in ("CMake", "CMakeDeps", "CMakeToolchain", "cmake_layout"):
        setattr(modules["conan.tools.cmake"], name, type(name, (StandIn,), {}))
    modules["conan.tools.files"].copy = copy_files
    modules["conan.tools.files"].rmdir = modules["conan.tools.files"].collect_libs = None
    space = {}
    with mock.patch.dict(sys.modules, modules):
        exec(compile(path.read_text(), path, "exec"), space)  # pylint: disable=exec-used
    return next(value for name, value in space.items()
                if isinstance(value, type) and name.startswith("Jsocket"))


def made(path, **values):
    """A recipe's object with all its options on, which writes down its requirements."""
    instance = recipe(path)()
    instance.options = types.SimpleNamespace(tools=True)
    instance.required = set()
    instance.requires = lambda reference, **_: instance.required.add(reference.split("/")[0])
    vars(instance).update(values)
    return instance


def recipe_faults(root, version, cmake):
    path = root / "packaging/conan/conanfile.py"
    with tempfile.TemporaryDirectory() as work:
        conan = made(path, recipe_folder=str(path.parent), export_sources_folder=work + "/tree")
        if (conan.name, conan.version) != ("jsocket", version):
            yield f"conanfile.py is about {conan.name} {conan.version}; project() says {version}"
        conan.requirements()
        library, command = needed(root)
        yield from different("conanfile.py", conan.required, names(library | command, 1))
        conan.generate()
        variables = StandIn.cache_variables
        for name in set(variables) - options(root):
            yield f"conanfile.py sets {name}, which is no option of CMakeLists.txt"
        conan.export_sources()
        arguments = [f"-D{name}={'ON' if value else 'OFF'}" for name, value in variables.items()]
        done = subprocess.run([cmake, "-S", work + "/tree", "-B", work + "/build", *arguments],
                              capture_output=True, text=True)
        if done.returncode != 0:
            yield f"what conanfile.py exports cannot be configured: {done.stderr}"


def test_package_faults(root):
    folder = root / "packaging/conan/test_package"
    test = made(folder / "conanfile.py", tested_reference_str="jsocket/1")
    test.requirements()
    yield from different("test_package/conanfile.py", test.required, {"jsocket"})
    for source in re.findall(r"add_executable\(\w+ (\S+)\)", (folder / "CMakeLists.txt").read_text()):
        if not (folder / source).exists():
            yield f"test_package/CMakeLists.txt names {source}, which does not exist"


def main():
    root, version, cmake = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3]
    found = [*port_faults(root, version), *portfile_faults(root, cmake),
             *recipe_faults(root, version, cmake), *test_package_faults(root)]
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
