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
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The libraries' package is not installed while the tools' dependencies are looked up.
foreach(target IN LISTS jsocket_targets)
    get_target_property(folder ${target} BINARY_DIR)
    list(APPEND CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${folder})
endforeach()
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)

# The first line of a description is that of project(), in all packages.
set(what_it_is "Servers call a function with each JSON message and send back what it
returns; clients send and read, over TCP, UNIX-domain sockets and TLS. The
wire format is that of the Python package jsocket.")
set(CPACK_DEBIAN_JSOCKET_LIBRARY_PACKAGE_NAME libjsocket0)
set(CPACK_DEBIAN_JSOCKET_LIBRARY_DESCRIPTION "${what_it_is}

This package has the libraries that programs built with them need to run.")

set(CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_NAME libjsocket-dev)
set(CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_JSOCKET_DEVELOPMENT_DESCRIPTION "${what_it_is}

This package has what it takes to build programs: headers, libraries, one of
them for tests, and files for CMake and pkg-config.")
set(CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_DEPENDS "nlohmann-json3-dev (>= 3.11)")

set(CPACK_DEBIAN_JSOCKET_TOOLS_PACKAGE_NAME jsocket-tools)
set(CPACK_DEBIAN_JSOCKET_TOOLS_PACKAGE_SECTION net)
set(CPACK_DEBIAN_JSOCKET_TOOLS_DESCRIPTION "The jsocket command serves and sends JSON messages from a terminal or a
script, records what clients and servers say, plays it back, and puts faults
of the network between them.

Among its examples are units for systemd; installing it starts nothing.")

if(BUILD_SHARED_LIBS)
    set(library "libjsocket0 (= ${PROJECT_VERSION})")
    string(APPEND CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_DEPENDS ", ${library}")
    set(CPACK_DEBIAN_JSOCKET_TOOLS_PACKAGE_DEPENDS "${library}")
else()
    string(APPEND CPACK_DEBIAN_JSOCKET_DEVELOPMENT_PACKAGE_DEPENDS ", libspdlog-dev, zlib1g-dev, libssl-dev (>= 3.0)")
endif()

# Debian wants both in each package. The time is that of SOURCE_DATE_EPOCH, if that is set.
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${PROJECT_SOURCE_DIR}/packaging/debian/changelog.in ${PROJECT_BINARY_DIR}/debian/changelog @ONLY)
execute_process(COMMAND gzip -9nc ${PROJECT_BINARY_DIR}/debian/changelog
    OUTPUT_FILE ${PROJECT_BINARY_DIR}/debian/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
foreach(component package IN ZIP_LISTS CPACK_COMPONENTS_ALL packages)
    install(FILES ${PROJECT_SOURCE_DIR}/packaging/debian/copyright ${PROJECT_BINARY_DIR}/debian/changelog.gz
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${package} COMPONENT ${component})
endforeach()

include(CPack)
