# SPDX-License-Identifier: Apache-2.0
"""Conan 2: `conan create packaging/conan` builds the tree that this recipe lies in."""
import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import collect_libs, copy, rmdir

required_conan_version = ">=2.0"


class JsocketConan(ConanFile):
    name = "jsocket"
    version = "0.1.0"
    description = "JSON messages over sockets: subclass a server, say what each message means"
    license = "Apache-2.0"
    topics = ("json", "socket", "server", "tls")
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False], "fPIC": [True, False], "tools": [True, False]}
    default_options = {"shared": False, "fPIC": True, "tools": False}
    for_tools = ("cli11/[>=2.1 <3]", "editline/[>=3.1 <4]", "ncurses/[>=6.2 <7]",
                 "tomlplusplus/[>=3.3 <4]")
    implements = ["auto_shared_fpic"]

    def export_sources(self):
        tree = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "packaging/debian/*",
                        "packaging/systemd/*",
                        "src/*"):
            copy(self, pattern, src=tree, dst=self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("asio/[>=1.18 <2]", visible=False)  # headers, for building alone
        self.requires("nlohmann_json/[>=3.11 <4]", transitive_headers=True)
        self.requires("openssl/[>=3 <4]")
        self.requires("spdlog/[>=1.10 <2]")
        self.requires("zlib/[>=1.2.11 <2]")
        if self.options.tools:
            for reference in self.for_tools:
                self.requires(reference)

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25 <5]")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("jsocket uses poll, eventfd and accept4 of Linux")
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["JSOCKET_BUILD_TOOLS"] = bool(self.options.tools)
        toolchain.cache_variables["JSOCKET_BUILD_TESTS"] = False
        toolchain.cache_variables["JSOCKET_BUILD_EXAMPLES"] = False
        toolchain.cache_variables["JSOCKET_INSTALL"] = True
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", src=self.source_folder,
             dst=os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        # Conan writes its own.
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))
        rmdir(self, os.path.join(self.package_folder, "share"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "jsocket")
        for library in collect_libs(self):
            # jsocket::testing is libjsocket_testing, and so on.
            name = library.removeprefix("jsocket_")
            component = self.cpp_info.components[name]
            component.libs = [library]
            component.set_property("cmake_target_name", f"jsocket::{name}")
            component.set_property("pkg_config_name", library.replace("_", "-"))
            if name == "jsocket":
                component.requires = ["nlohmann_json::nlohmann_json", "openssl::ssl",
                                      "spdlog::spdlog", "zlib::zlib"]
                component.system_libs = ["pthread"]
            else:
                component.requires = ["jsocket"]
            if name == "jsocket" and self.options.tools:
                component.requires += [f"{package}::{package}" for package in (
                    reference.split("/")[0] for reference in self.for_tools)]
