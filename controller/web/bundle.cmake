# The web page: bundled by esbuild (controller/web/ui, its tools from npm) and embedded by sweepd_embed().
# Runs once, and again when a source of the page changes; a C++ change never runs it.
option(SWEEPD_WEB "build the web page into the binary (takes Node.js 18 or newer, and npm)" ON)

if(NOT SWEEPD_WEB)
  sweepd_embed(sweepd_web_files NAMESPACE sweepd::web::files
               DIR ${CMAKE_CURRENT_SOURCE_DIR}/web/off FILES index.html)
  return()
endif()

file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/web)
find_program(SWEEPD_NODE NAMES node nodejs)
find_program(SWEEPD_NPM npm)
if(NOT SWEEPD_NODE OR NOT SWEEPD_NPM)
  message(FATAL_ERROR
    "The web page is built with Node.js (18 or newer) and npm, and they are not installed.\n"
    "Install them (Debian: apt-get install nodejs npm, or run .ci/packages build), "
    "or build without the page: -DSWEEPD_WEB=OFF")
endif()

set(ui ${CMAKE_CURRENT_SOURCE_DIR}/web/ui)
set(ui_tools ${PROJECT_BINARY_DIR}/web)
set(ui_out ${PROJECT_BINARY_DIR}/web/page)
set(ui_files index.html app.js.gz charts.js.gz app.css.gz icon.svg)
list(TRANSFORM ui_files PREPEND ${ui_out}/ OUTPUT_VARIABLE ui_outputs)
file(GLOB ui_sources CONFIGURE_DEPENDS ${ui}/src/*.ts ${ui}/src/*.tsx ${ui}/src/*.css ${ui}/src/*.html ${ui}/src/*.svg)

# The tools live in the build folder: the source tree stays as it is.
add_custom_command(
  OUTPUT ${ui_tools}/npm.stamp
  COMMAND ${CMAKE_COMMAND} -E copy ${ui}/package.json ${ui}/package-lock.json ${ui}/.npmrc ${ui_tools}
  COMMAND ${SWEEPD_NPM} ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${ui_tools}/npm.stamp
  DEPENDS ${ui}/package.json ${ui}/package-lock.json ${ui}/.npmrc
  WORKING_DIRECTORY ${ui_tools}
  COMMENT "Installing the web page's tools (npm ci)" VERBATIM)
add_custom_command(
  OUTPUT ${ui_outputs}
  COMMAND ${CMAKE_COMMAND} -E copy ${ui}/build.mjs ${ui_tools}
  COMMAND ${SWEEPD_NODE} build.mjs ${ui} ${ui_out}
  DEPENDS ${ui_sources} ${ui}/build.mjs ${ui_tools}/npm.stamp
  WORKING_DIRECTORY ${ui_tools}
  COMMENT "Bundling the web page" VERBATIM)
sweepd_embed(sweepd_web_files NAMESPACE sweepd::web::files DIR ${ui_out} FILES ${ui_files})
