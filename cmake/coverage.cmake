# SPDX-License-Identifier: Apache-2.0
# Builds that count executed lines; `coverage-report` tells which ones the tests have left out, and
# fails if they are more than a tenth of the lines, or a fifth of the branches; or any branch where
# the first bytes of strangers go.
find_program(JSOCKET_GCOVR gcovr REQUIRED)
# Atomic: threads that count the same line would lose counts, down to below 0.
add_compile_options(--coverage -fprofile-update=atomic)
add_link_options(--coverage)
add_custom_target(coverage-report
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/coverage
    COMMAND ${JSOCKET_GCOVR} --root ${PROJECT_SOURCE_DIR}
        --filter ${PROJECT_SOURCE_DIR}/src/ --filter ${PROJECT_SOURCE_DIR}/include/
        --exclude-throw-branches --print-summary --fail-under-line 90 --fail-under-branch 80
        --txt ${PROJECT_BINARY_DIR}/coverage/report.txt
        --html-details ${PROJECT_BINARY_DIR}/coverage/index.html ${PROJECT_BINARY_DIR}
    COMMAND ${JSOCKET_GCOVR} --root ${PROJECT_SOURCE_DIR}
        --filter ${PROJECT_SOURCE_DIR}/src/framing/.*codec\\.cpp$
        --filter ${PROJECT_SOURCE_DIR}/src/framing/detect\\.cpp$
        --filter ${PROJECT_SOURCE_DIR}/src/framing/big_endian\\.hpp$
        --exclude-throw-branches --branches --fail-under-branch 100 ${PROJECT_BINARY_DIR}
    COMMENT "Writing ${PROJECT_BINARY_DIR}/coverage/index.html"
    VERBATIM)
