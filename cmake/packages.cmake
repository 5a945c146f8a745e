# SPDX-License-Identifier: Apache-2.0
# `cpack -G DEB` makes libjsocket0 (of a shared build), libjsocket-dev and jsocket-tools;
# `cpack -G TGZ` puts all of it into one archive.
if(NOT JSOCKET_INSTALL)
    return()
endif()

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_VENDOR "The jsocket authors")
set(CPACK_PACKAGE_CONTACT "The jsocket authors <jsocket@localhost>" CACHE STRING
    "Maintainer that packages name")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_COMPONENTS_ALL jsocket_development)
set(packages libjsocket-dev)
if(BUILD_SHARED_LIBS)
    list(APPEND CPACK_COMPONENTS_ALL jsocket_library)
    list(APPEND packages libjsocket0)
endif()
if(JSOCKET_BUILD_TOOLS)
    list(APPEND CPACK_COMPONENTS_ALL jsocket_tools)
    list(APPEND packages jsocket-tools)
endif()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The library's package is not installed while the tools' dependencies are looked up.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)

set(CPACK_DEBIAN_JSOCKET_LIBRARY_PACKAGE_NAME libjsocket0)
set(CPACK_DEBIAN_JSOCKET_LIBRARY_DESCRIPTION
    "The shared library, which programs built with it need to run.")

set(CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_NAME libjsocket-dev)
set(CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_JSOCKET_DEVELOPMENT_DESCRIPTION
    "What it takes to build programs: headers, library, CMake and pkg-config files.")
set(CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_DEPENDS "nlohmann-json3-dev (>= 3.11)")

set(CPACK_DEBIAN_JSOCKET_TOOLS_PACKAGE_NAME jsocket-tools)
set(CPACK_DEBIAN_JSOCKET_TOOLS_PACKAGE_SECTION net)
set(CPACK_DEBIAN_JSOCKET_TOOLS_DESCRIPTION
    "The jsocket command, which serves and sends JSON messages from a terminal or a script.")

if(BUILD_SHARED_LIBS)
    set(library "libjsocket0 (= ${PROJECT_VERSION})")
    string(APPEND CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_DEPENDS ", ${library}")
    set(CPACK_DEBIAN_JSOCKET_TOOLS_PACKAGE_DEPENDS "${library}")
else()
    string(APPEND CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_DEPENDS ", libspdlog-dev, zlib1g-dev, libssl-dev (>= 3.0)")
endif()

foreach(component package IN ZIP_LISTS CPACK_COMPONENTS_ALL packages)
    install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${package}
        RENAME copyright COMPONENT ${component})
endforeach()

include(CPack)
