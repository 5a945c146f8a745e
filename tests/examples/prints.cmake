# SPDX-License-Identifier: Apache-2.0
# cmake -D EXPECTED=<file> -P prints.cmake -- <program> [<argument>...]
# Succeeds if the program exits with 0 and prints exactly what the file holds.
set(command "")
set(after_dashes FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
    if(after_dashes)
        list(APPEND command "${CMAKE_ARGV${i}}")
    elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
        set(after_dashes TRUE)
    endif()
endforeach()

execute_process(COMMAND ${command} RESULT_VARIABLE result OUTPUT_VARIABLE printed TIMEOUT 50)
if(NOT result STREQUAL "0")
    message(FATAL_ERROR "${command} ended with ${result}, having printed:\n${printed}")
endif()

# GoogleTest's main() tells where its own source was built.
string(REGEX REPLACE "^Running main\\(\\) from [^\n]*\n" "" printed "${printed}")
file(READ ${EXPECTED} expected)
if(NOT printed STREQUAL expected)
    message(FATAL_ERROR "printed:\n${printed}\nexpected, ${EXPECTED}:\n${expected}")
endif()
