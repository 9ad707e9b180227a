# sweepd_embed(<target> NAMESPACE <ns> DIR <dir> FILES <names...>)
# Puts files into the binary byte by byte (.incbin) and makes a library whose header, <target>.hpp,
# declares `std::span<const file> files()` in <ns>: name and text, in the order given.
function(sweepd_embed target)
  cmake_parse_arguments(arg "" "NAMESPACE;DIR" "FILES" ${ARGN})
  set(symbols "")
  set(rows "")
  set(inputs "")
  set(i 0)
  foreach(name IN LISTS arg_FILES)
    set(path ${arg_DIR}/${name})
    list(APPEND inputs ${path})
    string(APPEND symbols
      "asm(\".section .rodata\\n.global ${target}_${i}_b\\n${target}_${i}_b:\\n.incbin \\\"${path}\\\"\\n"
      ".global ${target}_${i}_e\\n${target}_${i}_e:\\n.byte 0\\n.previous\\n\");\n"
      "extern \"C\" const char ${target}_${i}_b[], ${target}_${i}_e[];\n")
    string(APPEND rows
      "    {\"${name}\", {${target}_${i}_b, static_cast<std::size_t>(${target}_${i}_e - ${target}_${i}_b)}},\n")
    math(EXPR i "${i} + 1")
  endforeach()
  set(out ${PROJECT_BINARY_DIR}/embed/${target})
  file(CONFIGURE OUTPUT ${out}/${target}.hpp @ONLY CONTENT
    "#pragma once\n#include <span>\n#include <string_view>\nnamespace ${arg_NAMESPACE} {\nstruct file {\n  std::string_view name, text;\n};\nstd::span<const file> files();\n}  // namespace ${arg_NAMESPACE}\n")
  file(CONFIGURE OUTPUT ${out}/${target}.cpp @ONLY CONTENT
    "#include \"${target}.hpp\"\n${symbols}namespace ${arg_NAMESPACE} {\nstd::span<const file> files() {\n  static const file table[] = {\n${rows}  };\n  return table;\n}\n}  // namespace ${arg_NAMESPACE}\n")
  add_library(${target} STATIC ${out}/${target}.cpp)
  set_source_files_properties(${out}/${target}.cpp PROPERTIES OBJECT_DEPENDS "${inputs}")
  target_include_directories(${target} PUBLIC ${out})
  target_link_libraries(${target} PUBLIC sweepd_options)
endfunction()
