# tangram_web_page(<target> <page> <Name>)
#
# Builds the page in web/<page> (npm and Vite, pinned by web/package-lock.json) and gives <target> an
# include <page>_page.h with the page in two halves, around the place where its data goes:
#   k<Name>BeforeData, k<Name>AfterData   arrays of std::string_view, to be written one after another
# and the tests web_<page> (its pure parts) and web_<page>_page (the page in Chromium).
# Nothing is written to the source tree. The packages are kept in ~/.cache/tangram/web, by the digest
# of the lock file, so that only the first build on a machine fetches them.
find_program(NODE_PROGRAM node REQUIRED)
find_program(NPM_PROGRAM npm REQUIRED)

function(tangram_web_page target page name)
  set(folder ${CMAKE_SOURCE_DIR}/web)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/shared/* ${folder}/${page}/src/*
       ${folder}/${page}/test/* ${folder}/${page}/samples/*.mjs)
  list(APPEND sources ${folder}/${page}/index.html ${folder}/package.json
       ${folder}/package-lock.json ${folder}/.npmrc ${folder}/tsconfig.json
       ${folder}/vite.config.ts ${folder}/vitest.config.ts)
  set(stage ${CMAKE_BINARY_DIR}/web/${page})
  set(header ${CMAKE_CURRENT_BINARY_DIR}/generated/${page}_page.h)
  set(script ${CMAKE_SOURCE_DIR}/cmake/web_page.mjs)
  add_custom_command(
    OUTPUT ${header}
    BYPRODUCTS ${stage}/dist/${page}/index.html
    COMMAND ${NODE_PROGRAM} ${script} ${NPM_PROGRAM} ${folder} ${page} ${stage} ${header} ${name}
    DEPENDS ${sources} ${script}
    COMMENT "Building the page ${page}"
    VERBATIM)
  target_sources(${target} PRIVATE ${header})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
  add_test(NAME web_${page} COMMAND ${NPM_PROGRAM} run --silent test WORKING_DIRECTORY ${stage})
  add_test(NAME web_${page}_page COMMAND ${NPM_PROGRAM} run --silent test:page
           WORKING_DIRECTORY ${stage})
  set_tests_properties(web_${page} web_${page}_page PROPERTIES LABELS web ENVIRONMENT PAGE=${page})
endfunction()
