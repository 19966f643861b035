# Installs the build BUILD under WORK, then configures, builds and runs the project beside this file against it, with
# the compiler and the cache entries given in OPTIONS. The one source file must compile within 10 s of processor time.
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
set(ENV{TIMES} ${WORK}/times)

run("configuring" ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -G Ninja ${OPTIONS}
    -Dgradus_DIR=${config} -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CURRENT_LIST_DIR}/timed.sh)
run("building" ${CMAKE_COMMAND} --build ${WORK}/build)
run("training" ${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/build --verbose --no-tests=error)

file(STRINGS $ENV{TIMES} times)
list(GET times 1 time)
if(NOT time MATCHES "^([0-9]+)m([0-9]+)\\.[0-9]+s ")
  message(FATAL_ERROR "no time in \"${times}\"")
endif()
math(EXPR seconds "60 * ${CMAKE_MATCH_1} + ${CMAKE_MATCH_2}")
message("compiled in ${time} of processor time (user, system)")
if(seconds GREATER_EQUAL 10)
  message(FATAL_ERROR "compiling took ${time}, not less than 10 s")
endif()
