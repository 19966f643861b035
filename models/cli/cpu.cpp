// A processor that lacks the instructions of this build is told so in a sentence, before one of them ends the program.
//
// This file is compiled for the oldest x86-64, whatever the rest is compiled for, and runs before every constructor of
// the program's own static variables (101 is the first priority that is not the system's). Nothing inline from a
// header may come in here: the linker keeps one copy of it, and that might be another file's.
#if defined(__x86_64__)

#include "models/cli/cpu.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

namespace {

constexpr int kData = 3;  // the exit code of main.cpp

void say(const char* text) {
  if (write(STDERR_FILENO, text, strlen(text)) < 0) _exit(kData);
}

[[gnu::constructor(101)]] void check_processor() {
  __builtin_cpu_init();
  const struct {
    unsigned set;
    const char* name;
    bool here;
  } sets[] = {
      {kSse42, "SSE4.2", __builtin_cpu_supports("sse4.2") != 0},
      {kPopcnt, "POPCNT", __builtin_cpu_supports("popcnt") != 0},
      {kAvx, "AVX", __builtin_cpu_supports("avx") != 0},
      {kAvx2, "AVX2", __builtin_cpu_supports("avx2") != 0},
      {kFma, "FMA", __builtin_cpu_supports("fma") != 0},
      {kBmi, "BMI", __builtin_cpu_supports("bmi") != 0},
      {kBmi2, "BMI2", __builtin_cpu_supports("bmi2") != 0},
      {kAvx512f, "AVX512F", __builtin_cpu_supports("avx512f") != 0},
      {kAvx512bw, "AVX512BW", __builtin_cpu_supports("avx512bw") != 0},
      {kAvx512dq, "AVX512DQ", __builtin_cpu_supports("avx512dq") != 0},
      {kAvx512vl, "AVX512VL", __builtin_cpu_supports("avx512vl") != 0},
      {kAvx512cd, "AVX512CD", __builtin_cpu_supports("avx512cd") != 0},
      {kAvx512ifma, "AVX512IFMA", __builtin_cpu_supports("avx512ifma") != 0},
      {kAvx512vbmi, "AVX512VBMI", __builtin_cpu_supports("avx512vbmi") != 0},
      {kAvx512vbmi2, "AVX512VBMI2", __builtin_cpu_supports("avx512vbmi2") != 0},
      {kAvx512vnni, "AVX512VNNI", __builtin_cpu_supports("avx512vnni") != 0},
      {kAvx512bitalg, "AVX512BITALG", __builtin_cpu_supports("avx512bitalg") != 0},
      {kAvx512vpopcntdq, "AVX512VPOPCNTDQ", __builtin_cpu_supports("avx512vpopcntdq") != 0},
  };
  bool all = true;
  for (const auto& s : sets) {
    if (!(compiled_for & s.set) || s.here) continue;
    say(all ? "vae: this program is compiled for processors with " : ", ");
    say(s.name);
    all = false;
  }
  if (all) return;
  say(", which this one lacks; build it on this machine, or with -DGRADUS_MARCH=x86-64 for any\n");
  _exit(kData);
}

}  // namespace

#endif
