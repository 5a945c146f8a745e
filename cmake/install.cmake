# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` copies. The components become packages in packages.cmake.
include(CMakePackageConfigHelpers)

set(jsocket_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/jsocket)
get_target_property(jsocket_type jsocket TYPE)
set(jsocket_targets jsocket jsocket_rpc jsocket_testing)

install(TARGETS ${jsocket_targets} EXPORT jsocketTargets
    LIBRARY COMPONENT jsocket_library NAMELINK_COMPONENT jsocket_development
    ARCHIVE COMPONENT jsocket_development
    FILE_SET HEADERS COMPONENT jsocket_development)
if(TARGET jsocket-cli)
    # Finds the shared library also where the system does not look for one.
    file(RELATIVE_PATH jsocket_bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
    set_target_properties(jsocket-cli PROPERTIES INSTALL_RPATH \$ORIGIN/${jsocket_bin_to_lib})
    install(TARGETS jsocket-cli RUNTIME COMPONENT jsocket_tools)
    # There it does look.
    install(CODE "
        set(command \"\$ENV{DESTDIR}/usr/${CMAKE_INSTALL_BINDIR}/jsocket\")
        if(CMAKE_INSTALL_PREFIX STREQUAL /usr AND EXISTS \"\${command}\")
            file(RPATH_REMOVE FILE \"\${command}\")
        endif()" COMPONENT jsocket_tools)
    # Examples, and no units: nobody gets a server for having installed the command.
    install(FILES ${PROJECT_SOURCE_DIR}/packaging/systemd/jsocket-echo.service
        ${PROJECT_SOURCE_DIR}/packaging/systemd/jsocket-echo.socket
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/jsocket-tools/examples COMPONENT jsocket_tools)
    set(made ${PROJECT_BINARY_DIR}/src/cli)
    install(DIRECTORY ${made}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT jsocket_tools
        FILES_MATCHING PATTERN *.1.gz)
    install(FILES ${made}/jsocket.bash RENAME jsocket COMPONENT jsocket_tools
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES ${made}/jsocket.zsh RENAME _jsocket COMPONENT jsocket_tools
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
    install(FILES ${made}/jsocket.fish COMPONENT jsocket_tools
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
install(EXPORT jsocketTargets NAMESPACE jsocket:: DESTINATION ${jsocket_config_dir}
    COMPONENT jsocket_development)

set(jsocket_components ${jsocket_targets})
list(FILTER jsocket_components INCLUDE REGEX ^jsocket_)
list(TRANSFORM jsocket_components REPLACE ^jsocket_ "")
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/jsocketConfig.cmake.in
    ${PROJECT_BINARY_DIR}/jsocketConfig.cmake INSTALL_DESTINATION ${jsocket_config_dir}
    NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/jsocketConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/jsocketConfig.cmake ${PROJECT_BINARY_DIR}/jsocketConfigVersion.cmake
    DESTINATION ${jsocket_config_dir} COMPONENT jsocket_development)

# jsocket.pc finds its prefix from where it lies, so that the tree may be moved. A directory that was
# configured as an absolute path stays where it is.
set(jsocket_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
    set(jsocket_pc_prefix ${CMAKE_INSTALL_PREFIX})
else()
    file(RELATIVE_PATH jsocket_pc_prefix /${jsocket_pc_dir} /)
    string(REGEX REPLACE "/$" "" jsocket_pc_prefix "\${pcfiledir}/${jsocket_pc_prefix}")
endif()
foreach(directory LIBDIR INCLUDEDIR)
    cmake_path(APPEND jsocket_pc_${directory} "\${prefix}" "${CMAKE_INSTALL_${directory}}")
endforeach()
# Who links an archive links what it uses, too; who links a shared library has no need of it, nor of
# the packages to build with it.
set(jsocket_pc_requires "nlohmann_json >= 3.11")
set(jsocket_pc_libs "-L\${libdir} -ljsocket")
if(jsocket_type STREQUAL STATIC_LIBRARY)
    string(APPEND jsocket_pc_requires ", spdlog, zlib, libssl >= 3.0, libcrypto >= 3.0")
    string(APPEND jsocket_pc_libs " -pthread")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/jsocket.pc.in ${PROJECT_BINARY_DIR}/jsocket.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/jsocket.pc DESTINATION ${jsocket_pc_dir}
    COMPONENT jsocket_development)
foreach(component IN LISTS jsocket_components)
    configure_file(${CMAKE_CURRENT_LIST_DIR}/component.pc.in
        ${PROJECT_BINARY_DIR}/jsocket_${component}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/jsocket_${component}.pc DESTINATION ${jsocket_pc_dir}
        COMPONENT jsocket_development)
endforeach()
