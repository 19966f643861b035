// The number type of the build, and the guard that keeps two builds from mixing.
//
// Gradus is compiled for one number type (`Real`) and one instruction set at a time. Both are spelled
// in an inline namespace around everything, so an object file of another flavour has other symbols and
// fails to link instead of giving wrong numbers.
#pragma once

#include <type_traits>

#if defined(GRADUS_DOUBLE)
#define GRADUS_REAL_NAME f64
#else
#define GRADUS_REAL_NAME f32
#endif

#if defined(__AVX512F__)
#define GRADUS_ISA_NAME avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define GRADUS_ISA_NAME avx2
#elif defined(__AVX__)
#define GRADUS_ISA_NAME avx
#elif defined(__aarch64__)
#define GRADUS_ISA_NAME neon
#else
#define GRADUS_ISA_NAME sse2
#endif

#define GRADUS_PASTE_(a, b) a##_##b
#define GRADUS_PASTE(a, b) GRADUS_PASTE_(a, b)
#define GRADUS_FLAVOUR GRADUS_PASTE(GRADUS_REAL_NAME, GRADUS_ISA_NAME)  // e.g. f32_avx512
/// What every file of Gradus stands in: `namespace GRADUS {`, which ctags and editors can read.
#define GRADUS gradus::inline GRADUS_FLAVOUR

namespace GRADUS {

#if defined(GRADUS_DOUBLE)
using Real = double;
#else
using Real = float;
#endif

/// What may stand for a Real: any integer or floating-point number.
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

/// Defined by the library of this flavour only; the pointer below makes every file that includes a
/// Gradus header ask for it, so even code that only mentions `Real` cannot link to another flavour.
extern const char* const flavour;
[[maybe_unused, gnu::used]] static const char* const* const linked_flavour = &flavour;

}  // namespace GRADUS
