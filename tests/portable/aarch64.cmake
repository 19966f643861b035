# Toolchain: from any Debian machine to 64-bit ARM, by g++-aarch64-linux-gnu, with tests run by qemu-user. The
# libraries are those of GRADUS_AARCH64_ROOT, where tests/portable/aarch64_root.sh has unpacked them.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64;-L;/usr/aarch64-linux-gnu)

list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES GRADUS_AARCH64_ROOT)
set(CMAKE_FIND_ROOT_PATH ${GRADUS_AARCH64_ROOT})
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Linked in, for libpng.so would look for libz.so in the machine's own folders.
set(PNG_LIBRARY_RELEASE ${GRADUS_AARCH64_ROOT}/usr/lib/aarch64-linux-gnu/libpng.a CACHE FILEPATH "")
set(ZLIB_LIBRARY_RELEASE ${GRADUS_AARCH64_ROOT}/usr/lib/aarch64-linux-gnu/libz.a CACHE FILEPATH "")
set(JPEG_LIBRARY_RELEASE ${GRADUS_AARCH64_ROOT}/usr/lib/aarch64-linux-gnu/libjpeg.a CACHE FILEPATH "")
