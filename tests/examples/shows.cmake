# SPDX-License-Identifier: Apache-2.0
# cmake -D PAGE=<file.md> -D PROGRAM=<file.cpp> -P shows.cmake
# Succeeds if the page's first block of C++ is the program, but for its licence line.
file(READ ${PAGE} page)
file(READ ${PROGRAM} program)
string(REGEX REPLACE "^// SPDX[^\n]*\n" "" program "${program}")

set(fence "\n```cpp\n")
string(FIND "${page}" "${fence}" begin)
if(begin EQUAL -1)
    message(FATAL_ERROR "${PAGE} has no block of C++")
endif()
string(LENGTH "${fence}" length)
math(EXPR begin "${begin} + ${length}")
string(SUBSTRING "${page}" ${begin} -1 block)
string(FIND "${block}" "```" end)
string(SUBSTRING "${block}" 0 ${end} block)

if(NOT block STREQUAL program)
    message(FATAL_ERROR "${PAGE} shows:\n${block}\nbut ${PROGRAM} is:\n${program}")
endif()
