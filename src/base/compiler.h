/* compiler.h: the few compiler attributes that weir uses, behind names. */
#ifndef WR_COMPILER_H
#define WR_COMPILER_H

#define WR_NODISCARD                     __attribute__((warn_unused_result))
#define WR_PRINTF(format_arg, first_arg) __attribute__((format(printf, format_arg, first_arg)))
#define WR_LIKELY(x)                     __builtin_expect(!!(x), 1)
#define WR_UNLIKELY(x)                   __builtin_expect(!!(x), 0)
#define WR_INLINE                        static inline __attribute__((always_inline))
#define WR_COUNT(array)                  (sizeof(array) / sizeof((array)[0]))
#define WR_MIN(a, b)                     ((a) < (b) ? (a) : (b))
#define WR_MAX(a, b)                     ((a) > (b) ? (a) : (b))

/* In a loop that waits for another thread to write something. */
#if defined(__x86_64__) || defined(__i386__)
#define WR_PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define WR_PAUSE() __asm__ volatile("yield")
#else
#define WR_PAUSE() ((void)0)
#endif

/* Leaves the function with the status of a call that failed. For functions that own nothing at that point. */
#define WR_TRY(call)                                                                                         \
    do {                                                                                                     \
        weir_status wr_try_status = (call);                                                                  \
        if (WR_UNLIKELY(wr_try_status != WEIR_OK)) return wr_try_status;                                     \
    } while (0)

#endif
