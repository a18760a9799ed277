# data/prices.csv is the only truth; it is compiled in as text and parsed by the same code that
# reads a person's own table.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(price_table ${CMAKE_CURRENT_BINARY_DIR}/prices.inc)
set(price_data ${CMAKE_SOURCE_DIR}/data/prices.csv)
set(price_tool ${CMAKE_SOURCE_DIR}/tools/embed_text.py)
add_custom_command(
  OUTPUT ${price_table}
  COMMAND Python3::Interpreter ${price_tool} ${price_data} ${price_table}
  DEPENDS ${price_data} ${price_tool}
  COMMENT "Making prices.inc of data/prices.csv"
  VERBATIM)
target_sources(tangram_cluster PRIVATE ${price_table})
target_include_directories(tangram_cluster PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
add_test(NAME price_fallback
         COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/price_fallback.py --check
                 ${price_data})
