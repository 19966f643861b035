#include "models/cli/cpu.h"

const unsigned compiled_for = 0
#if defined(__SSE4_2__)
                              | kSse42
#endif
#if defined(__POPCNT__)
                              | kPopcnt
#endif
#if defined(__AVX__)
                              | kAvx
#endif
#if defined(__AVX2__)
                              | kAvx2
#endif
#if defined(__FMA__)
                              | kFma
#endif
#if defined(__BMI__)
                              | kBmi
#endif
#if defined(__BMI2__)
                              | kBmi2
#endif
#if defined(__AVX512F__)
                              | kAvx512f
#endif
#if defined(__AVX512BW__)
                              | kAvx512bw
#endif
#if defined(__AVX512DQ__)
                              | kAvx512dq
#endif
#if defined(__AVX512VL__)
                              | kAvx512vl
#endif
    ;
