# SPDX-License-Identifier: Apache-2.0
# Asio without Boost. Debian's has no files for CMake; the target is called as in packages that do.
include(FindPackageHandleStandardArgs)
find_path(ASIO_INCLUDE_DIR asio/posix/stream_descriptor.hpp)
mark_as_advanced(ASIO_INCLUDE_DIR)
find_package_handle_standard_args(Asio DEFAULT_MSG ASIO_INCLUDE_DIR)
if(Asio_FOUND AND NOT TARGET asio::asio)
    add_library(asio::asio INTERFACE IMPORTED)
    set_target_properties(asio::asio PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${ASIO_INCLUDE_DIR})
endif()
