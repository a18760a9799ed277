# Everything Tangram does not write itself. docs/dependencies.md says why each was picked.

find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(mimalloc REQUIRED)
find_package(date REQUIRED)
find_package(Boost 1.81 REQUIRED)  # Asio and Beast: headers alone
find_package(prometheus-cpp CONFIG REQUIRED)
# Debian's RE2 has no CMake package, and its pkg-config file asks for -pthread, which headers that
# were precompiled without it refuse.
find_path(RE2_INCLUDE_DIR re2/re2.h REQUIRED)
find_library(RE2_LIBRARY re2 REQUIRED)
add_library(Re2::Re2 INTERFACE IMPORTED)
target_include_directories(Re2::Re2 SYSTEM INTERFACE ${RE2_INCLUDE_DIR})
target_link_libraries(Re2::Re2 INTERFACE ${RE2_LIBRARY})
# COIN-OR's solvers come with no CMake package. Their headers are not ours to keep free of warnings.
find_path(COIN_INCLUDE_DIR CbcModel.hpp PATH_SUFFIXES coin REQUIRED)
add_library(Coin::Solvers INTERFACE IMPORTED)
target_include_directories(Coin::Solvers SYSTEM INTERFACE ${COIN_INCLUDE_DIR})
foreach(library Cbc OsiClp Osi Clp CoinUtils)
  find_library(COIN_${library} ${library} REQUIRED)
  target_link_libraries(Coin::Solvers INTERFACE ${COIN_${library}})
endforeach()
if(TANGRAM_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
