# SPDX-License-Identifier: Apache-2.0
# libedit, which comes without files for CMake: target LibEdit::LibEdit.
include(FindPackageHandleStandardArgs)
find_path(LIBEDIT_INCLUDE_DIR histedit.h)
find_library(LIBEDIT_LIBRARY edit)
mark_as_advanced(LIBEDIT_INCLUDE_DIR LIBEDIT_LIBRARY)
find_package_handle_standard_args(LibEdit DEFAULT_MSG LIBEDIT_LIBRARY LIBEDIT_INCLUDE_DIR)
if(LibEdit_FOUND AND NOT TARGET LibEdit::LibEdit)
    add_library(LibEdit::LibEdit UNKNOWN IMPORTED)
    set_target_properties(LibEdit::LibEdit PROPERTIES IMPORTED_LOCATION ${LIBEDIT_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${LIBEDIT_INCLUDE_DIR})
endif()
