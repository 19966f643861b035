// Which instruction sets the program is compiled for: see cpu.cpp, which reads this before anything else runs.
#pragma once

/// Instruction sets that both the compiler's macros and its __builtin_cpu_supports know.
enum InstructionSet : unsigned {
  kSse42 = 1 << 0,
  kPopcnt = 1 << 1,
  kAvx = 1 << 2,
  kAvx2 = 1 << 3,
  kFma = 1 << 4,
  kBmi = 1 << 5,
  kBmi2 = 1 << 6,
  kAvx512f = 1 << 7,
  kAvx512bw = 1 << 8,
  kAvx512dq = 1 << 9,
  kAvx512vl = 1 << 10,
  kAvx512cd = 1 << 11,
  kAvx512ifma = 1 << 12,
  kAvx512vbmi = 1 << 13,
  kAvx512vbmi2 = 1 << 14,
  kAvx512vnni = 1 << 15,
  kAvx512bitalg = 1 << 16,
  kAvx512vpopcntdq = 1 << 17,
};

/// Those of the build. A constant in memory: reading it runs no instruction of theirs.
extern const unsigned compiled_for;
