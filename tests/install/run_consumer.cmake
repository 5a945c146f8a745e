# SPDX-License-Identifier: Apache-2.0
# Builds the consumer in the folder KIND, runs it and compares what it prints.
# cmake -D KIND=... -D WORK=... -D STAGE=... -D VERSION=... -D OPTIONS=... -P run_consumer.cmake
set(here ${CMAKE_CURRENT_LIST_DIR})
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

if(KIND STREQUAL pkg_config)
    file(GLOB_RECURSE pc ${STAGE}/jsocket.pc)
    cmake_path(GET pc PARENT_PATH pc_dir)
    cmake_path(GET pc_dir PARENT_PATH lib_dir)
    set(ENV{PKG_CONFIG_PATH} ${pc_dir})
    set(ENV{LD_LIBRARY_PATH} ${lib_dir})
    execute_process(COMMAND ${here}/pkg_config/build.sh jsocket ${here}/consumer.cpp
        ${WORK}/consumer COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${here}/pkg_config/build.sh jsocket_testing
        ${here}/testing_consumer.cpp ${WORK}/testing_consumer COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND pkg-config --libs jsocket_rpc COMMAND_ERROR_IS_FATAL ANY)
else()
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${here}/${KIND} -B ${WORK} ${OPTIONS}
        COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK} COMMAND_ERROR_IS_FATAL ANY)
endif()

function(prints program expected)
    execute_process(COMMAND ${WORK}/${program} OUTPUT_VARIABLE output TIMEOUT 30
        COMMAND_ERROR_IS_FATAL ANY)
    if(NOT output STREQUAL expected)
        message(FATAL_ERROR "${program} printed\n${output}rather than\n${expected}")
    endif()
endfunction()

prints(consumer "{\"hello\":\"consumer\"} from jsocket ${VERSION}\n")
prints(testing_consumer "connect\n> {\"name\":\"test\"}\n< \"test\"\n> close\n")

if(KIND STREQUAL add_subdirectory)
    execute_process(COMMAND ${CMAKE_COMMAND} --install ${WORK} --prefix ${WORK}/nowhere
        COMMAND_ERROR_IS_FATAL ANY)
    if(EXISTS ${WORK}/nowhere)
        message(FATAL_ERROR "a subproject installs files nobody asked for")
    endif()
endif()
