# Installs the build BUILD under WORK, then configures, builds and runs the project beside this file against it, with
# the compiler and the cache entries given in OPTIONS. Each of its programs must compile within 10 s of processor time.
# Then the project in embedded/, against what was installed and, as far as that is quickly done, with SOURCE inside.
function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(code)
    message(FATAL_ERROR "${what} failed: ${code}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
run("installing" ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
foreach(name gradus/gradus.h gradus/tensor/shape.h gradus/models/vae.h)
  if(NOT EXISTS ${WORK}/prefix/include/${name})
    message(FATAL_ERROR "${name} is not installed")
  endif()
endforeach()
file(GLOB_RECURSE sources ${WORK}/prefix/include/*.cpp)
if(sources)
  message(FATAL_ERROR "installed beside the headers: ${sources}")
endif()
file(GLOB config ${WORK}/prefix/lib*/cmake/gradus ${WORK}/prefix/lib*/*/cmake/gradus)
list(APPEND OPTIONS -G Ninja -Dgradus_DIR=${config} -DCMAKE_CXX_COMPILER_LAUNCHER=)

# ---- Many programs --------------------------------------------------------------------------------------------------
set(ENV{TIMES} ${WORK}/times)
file(MAKE_DIRECTORY ${WORK}/times)
run("configuring" ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build ${OPTIONS} -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CURRENT_LIST_DIR}/timed.sh)
run("building" ${CMAKE_COMMAND} --build ${WORK}/build)
run("its tests" ${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/build --no-tests=error --output-on-failure)

file(GLOB sources ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME)
  file(STRINGS ${WORK}/times/${name}.o times)
  list(GET times 1 time)
  if(NOT time MATCHES "^([0-9]+)m([0-9]+)\\.[0-9]+s ")
    message(FATAL_ERROR "no time in \"${times}\"")
  endif()
  math(EXPR seconds "60 * ${CMAKE_MATCH_1} + ${CMAKE_MATCH_2}")
  message("${name} compiled in ${time} of processor time (user, system)")
  if(seconds GREATER_EQUAL 10)
    message(FATAL_ERROR "compiling ${name} took ${time}, not less than 10 s")
  endif()
endforeach()

# ---- Embedded in a shared library -----------------------------------------------------------------------------------
set(embedded ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/embedded ${OPTIONS})
run("configuring embedded" ${embedded} -B ${WORK}/embedded)
run("building embedded" ${CMAKE_COMMAND} --build ${WORK}/embedded)
run("running embedded" ${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/embedded --no-tests=error --output-on-failure)

# As a part of it. Building everything a second time would take minutes: one file of each side stands for the others (ours includes nn/linear.h).
run("configuring the whole" ${embedded} -DGRADUS_SOURCE=${SOURCE} -B ${WORK}/whole)
run("building some of the whole" ${CMAKE_COMMAND} --build ${WORK}/whole --target CMakeFiles/box.dir/box.cpp.o
    gradus/CMakeFiles/gradus.dir/nn/attention.cpp.o)
file(READ ${WORK}/whole/compile_commands.json commands)
string(JSON count LENGTH "${commands}")
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
  string(JSON command GET "${commands}" ${i} command)
  string(JSON file GET "${commands}" ${i} file)
  string(FIND "${file}" "${CMAKE_CURRENT_LIST_DIR}/" of_parent)
  if(command MATCHES "-DNDEBUG" OR (of_parent EQUAL -1 AND NOT command MATCHES "-fPIC"))
    message(FATAL_ERROR "-DNDEBUG, which nobody asked for, or no -fPIC: ${command}")
  endif()
endforeach()
