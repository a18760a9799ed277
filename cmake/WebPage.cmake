# tangram_web_page(<target> <folder> <header>)
#
# Builds the page in <folder> (npm and Vite, pinned by its package-lock.json) and gives <target> an
# include <header> with the page in two halves, around the place where its data goes:
#   kPageBeforeData, kPageAfterData   arrays of std::string_view, to be written one after another
# and the tests web_<name> (its pure parts) and web_<name>_page (the page in Chromium).
# Nothing is written to the source tree. The packages are kept in ~/.cache/tangram/web, by the digest
# of the lock file, so that only the first build on a machine fetches them.
find_program(NODE_PROGRAM node REQUIRED)
find_program(NPM_PROGRAM npm REQUIRED)

function(tangram_web_page target folder header)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/src/* ${folder}/test/* ${folder}/samples/*.mjs)
  list(APPEND sources ${folder}/index.html ${folder}/package.json ${folder}/package-lock.json
       ${folder}/.npmrc ${folder}/tsconfig.json ${folder}/vite.config.ts
       ${folder}/vitest.config.ts)
  get_filename_component(name ${folder} NAME)
  set(stage ${CMAKE_BINARY_DIR}/web/${name})
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
  set(script ${CMAKE_SOURCE_DIR}/cmake/web_page.mjs)
  add_custom_command(
    OUTPUT ${generated}/${header}
    BYPRODUCTS ${stage}/dist/index.html
    COMMAND ${NODE_PROGRAM} ${script} ${NPM_PROGRAM} ${folder} ${stage} ${generated}/${header}
    DEPENDS ${sources} ${script}
    COMMENT "Building the page ${name}"
    VERBATIM)
  target_sources(${target} PRIVATE ${generated}/${header})
  target_include_directories(${target} PRIVATE ${generated})
  add_test(NAME web_${name} COMMAND ${NPM_PROGRAM} run --silent test WORKING_DIRECTORY ${stage})
  add_test(NAME web_${name}_page COMMAND ${NPM_PROGRAM} run --silent test:page
           WORKING_DIRECTORY ${stage})
  set_tests_properties(web_${name} web_${name}_page PROPERTIES LABELS web)
endfunction()
