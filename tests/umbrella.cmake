# nn/gradus.h includes every header of autograd/ and nn/ that is not named here as the library's own affair.
# Run as: cmake -DROOT=<repository> -P umbrella.cmake
cmake_minimum_required(VERSION 3.25)

set(internal autograd/captures.h autograd/dual.h autograd/explain_formulas.h autograd/formula.h autograd/joint.h autograd/lambda.h
    autograd/reduced.h autograd/tape_memory.h autograd/tape_observer.h autograd/window_sizes.h nn/files/atomic_file.h nn/audit_checks.h
    nn/audit_distribution_checks.h nn/files/input_file.h nn/files/quote.h
    nn/files/safetensors_header.h nn/gradus.h nn/lengths.h nn/members.h nn/normalize.h nn/unlisted.h)
file(READ ${ROOT}/nn/gradus.h umbrella)
file(GLOB headers RELATIVE ${ROOT} ${ROOT}/autograd/*.h ${ROOT}/nn/*.h ${ROOT}/nn/files/*.h ${ROOT}/nn/optim/*.h)
foreach(header IN LISTS headers)
  string(FIND "${umbrella}" "#include \"${header}\"\n" at)
  if(at EQUAL -1 AND NOT header IN_LIST internal)
    message(SEND_ERROR "nn/gradus.h does not include ${header}")
  endif()
endforeach()
foreach(name IN LISTS internal)
  if(NOT name IN_LIST headers)
    message(SEND_ERROR "there is no ${name}")
  endif()
endforeach()
