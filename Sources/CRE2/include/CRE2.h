// A C face on RE2, the regular-expression engine that Envoy uses: linear time, whatever the pattern.
#ifndef TULLE_CRE2_H
#define TULLE_CRE2_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tulle_re2 tulle_re2;

/// Compiles `pattern`. Returns NULL when it does not compile, with up to `error_size - 1` bytes of the
/// reason and a closing NUL in `error`. The caller frees the result with `tulle_re2_free`.
tulle_re2 *tulle_re2_compile(const char *pattern, size_t length, char *error, size_t error_size);

void tulle_re2_free(tulle_re2 *regex);

/// Whether the whole of `text` matches. Safe to call from several threads at once.
bool tulle_re2_full_match(const tulle_re2 *regex, const char *text, size_t length);

/// Replaces every match in `text` by `rewrite` (`\1` … `\9` name groups). Returns the new length and stores a
/// malloc'ed buffer in `out`, which the caller frees with free(3).
size_t tulle_re2_replace_all(
    const tulle_re2 *regex, const char *text, size_t length, const char *rewrite, size_t rewrite_length,
    char **out);

/// The size of the compiled program, which bounds what a match can cost.
int tulle_re2_program_size(const tulle_re2 *regex);

#ifdef __cplusplus
}
#endif
#endif
