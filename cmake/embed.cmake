# Writes the files of a page into a C++ source: page.html, page.css, and the scripts in the order given, one after the
# other as one, with the SHA-256 that a Content-Security-Policy names them by.
# Run as: cmake -DFROM=<folder> -DSCRIPTS=a.js,b.js -DTO=<file.cpp> -P embed.cmake
cmake_minimum_required(VERSION 3.25)

file(READ ${FROM}/page.html page)
file(READ ${FROM}/page.css style)
string(REPLACE "," ";" scripts "${SCRIPTS}")
set(script "")
foreach(name IN LISTS scripts)
  file(READ ${FROM}/${name} text)
  string(APPEND script "${text}")
endforeach()
string(SHA256 style_hash "${style}")
string(SHA256 script_hash "${script}")
set(text "// Made by cmake/embed.cmake.\n#include \"models/explore/files.h\"\n\nnamespace GRADUS::explore_files {\n\n")
foreach(part Page Style Script)
  string(TOLOWER ${part} content)
  string(APPEND text "const std::string_view k${part} = R\"embedded(${${content}})embedded\";\n")
endforeach()
string(APPEND text "const std::string_view kStyleHash = \"${style_hash}\", kScriptHash = \"${script_hash}\";\n\n}\n")
file(WRITE ${TO}.new "${text}")
file(COPY_FILE ${TO}.new ${TO} ONLY_IF_DIFFERENT)
file(REMOVE ${TO}.new)
