// What the standard library calls when an index is out of bounds or memory is refused. Its own function prints with `printf`, which
// would make every component several times larger and have it import WASI. A trap says where it happened in the backtrace.
#include <version>

#ifdef _LIBCPP_VERSION
#include <__verbose_abort>

#ifndef _LIBCPP_VERBOSE_ABORT_NOEXCEPT
#define _LIBCPP_VERBOSE_ABORT_NOEXCEPT noexcept
#endif

[[noreturn]] void std::__libcpp_verbose_abort(const char*, ...) _LIBCPP_VERBOSE_ABORT_NOEXCEPT { __builtin_trap(); }
#endif
