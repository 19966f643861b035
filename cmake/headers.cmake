# Copies HEADERS ("nn/linear.h") from the folder FROM to TO/gradus, where they include each other as
# "gradus/nn/linear.h": a user's own nn/linear.h is then never taken for ours, nor ours for his. Headers that are gone
# go, and what has not changed keeps its date. Run as: cmake -DFROM=… -DTO=… "-DHEADERS=…" -P headers.cmake
cmake_minimum_required(VERSION 3.25)

# "name.h" in TO/gradus gets the content `text`, with our includes as they are said outside.
function(header name text)
  string(REGEX REPLACE "(#[ \t]*include[ \t]*)\"(tensor|autograd|nn|models)/" "\\1\"gradus/\\2/" text "${text}")
  file(CONFIGURE OUTPUT "${TO}/gradus/${name}" CONTENT "${text}" @ONLY)
endfunction()

file(GLOB_RECURSE old RELATIVE ${TO}/gradus ${TO}/gradus/*.h)
list(REMOVE_ITEM old ${HEADERS} gradus.h)
foreach(name IN LISTS old)
  file(REMOVE ${TO}/gradus/${name})
endforeach()

header(gradus.h "// Everything public, but for the models.\n#include \"nn/gradus.h\"\n")
foreach(name IN LISTS HEADERS)
  file(READ "${FROM}/${name}" text)
  header("${name}" "${text}")
endforeach()
