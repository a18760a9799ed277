# One CMake target a folder: tangram_<folder>, and tangram_<folder>_test beside it.

add_library(tangram_flags INTERFACE)
target_include_directories(tangram_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(
  tangram_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 itself uses std::get_temporary_buffer in std::stable_sort.
  # The bundled price table is one long literal, as g++ and clang both take it.
  target_compile_options(tangram_flags INTERFACE -Wthread-safety -Wno-deprecated-declarations
                                                 -Wno-overlength-strings)
else()
  # False alarms of g++ 12 on std::string's operator+ where it is inlined (GCC bug 105651).
  target_compile_options(tangram_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-Wno-restrict>)
endif()
if(TANGRAM_SANITIZE)
  target_compile_options(tangram_flags INTERFACE -fsanitize=${TANGRAM_SANITIZE}
                                                 -fno-omit-frame-pointer -g)
  target_link_options(tangram_flags INTERFACE -fsanitize=${TANGRAM_SANITIZE})
endif()

# Two out of three seconds of a sanitizer build went into reading the same headers of the libraries.
# The release build reads them file by file, so that a missing #include is still an error.
if(TANGRAM_PRECOMPILE)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cc CONTENT "")
  add_library(tangram_precompiled STATIC ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_link_libraries(tangram_precompiled PUBLIC tangram_flags fmt::fmt simdjson::simdjson
                                                   nlohmann_json::nlohmann_json GTest::gmock)
  target_compile_options(tangram_precompiled PRIVATE -Xclang -fno-pch-timestamp)
  target_precompile_headers(tangram_precompiled PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.h)
endif()

function(tangram_precompile target)
  if(TANGRAM_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM tangram_precompiled)
  endif()
endfunction()

# tangram_library(<part> DEPENDS <target>...)
# Takes every .cc below the folder: x_test.cc into the test binary, the rest into the library. What
# lies in testing/ is for tests, what lies in integration/ needs a real control plane: each belongs
# to a target of its own.
function(tangram_library part)
  cmake_parse_arguments(ARG "" "" "DEPENDS;TEST_DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/testing/|/integration/")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER tests EXCLUDE REGEX "/integration/")
  if(sources)
    add_library(tangram_${part} STATIC ${sources})
    tangram_precompile(tangram_${part})
    target_link_libraries(tangram_${part} PUBLIC tangram_flags ${ARG_DEPENDS})
  else()
    add_library(tangram_${part} INTERFACE)
    target_link_libraries(tangram_${part} INTERFACE tangram_flags ${ARG_DEPENDS})
  endif()
  if(tests)
    add_executable(tangram_${part}_test ${tests})
    tangram_precompile(tangram_${part}_test)
    # Most of a test binary runs once: compiling it quickly is worth more than running it quickly.
    target_compile_options(tangram_${part}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    target_link_libraries(
      tangram_${part}_test PRIVATE tangram_${part} ${ARG_TEST_DEPENDS} GTest::gtest_main
                                   GTest::gmock)
    target_compile_definitions(
      tangram_${part}_test PRIVATE TANGRAM_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME ${part} COMMAND tangram_${part}_test)
    set_tests_properties(${part} PROPERTIES LABELS unit)
  endif()
endfunction()

# tangram_embed_text(<target> <file> <include>)
# Compiles the text of <file> into <target>, which includes it as <include>: one string literal.
function(tangram_embed_text target file include)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(made ${CMAKE_CURRENT_BINARY_DIR}/${include})
  set(tool ${CMAKE_SOURCE_DIR}/tools/embed_text.py)
  file(RELATIVE_PATH shown ${CMAKE_SOURCE_DIR} ${file})
  add_custom_command(
    OUTPUT ${made}
    COMMAND Python3::Interpreter ${tool} ${file} ${made}
    DEPENDS ${file} ${tool}
    COMMENT "Making ${include} of ${shown}"
    VERBATIM)
  target_sources(${target} PRIVATE ${made})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
