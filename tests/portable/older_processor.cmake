# The program VAE on processors from before AVX, emulated by QEMU: one sentence, exit code 3, no illegal instruction.
foreach(processor core2duo Nehalem)
  execute_process(COMMAND ${QEMU} -cpu ${processor} ${VAE} --help RESULT_VARIABLE code OUTPUT_VARIABLE out
                  ERROR_VARIABLE sentence)
  message("${processor}: ${code} ${out}${sentence}")
  if(NOT code EQUAL 3 OR out OR NOT sentence MATCHES
     "^vae: this program is compiled for processors with [A-Z0-9.]*(, [A-Z0-9.]+)*, which this one lacks; [^\n]*\n$")
    message(FATAL_ERROR "on ${processor} it does not say what it lacks")
  endif()
endforeach()
