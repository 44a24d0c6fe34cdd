#include "CRE2.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include <re2/re2.h>

struct tulle_re2 {
    explicit tulle_re2(const re2::StringPiece &pattern, const RE2::Options &options) : regex(pattern, options) {}
    RE2 regex;
};

extern "C" tulle_re2 *tulle_re2_compile(const char *pattern, size_t length, char *error, size_t error_size) {
    RE2::Options options;
    options.set_log_errors(false);
    auto *compiled = new (std::nothrow) tulle_re2(re2::StringPiece(pattern, length), options);
    if (compiled == nullptr) return nullptr;
    if (compiled->regex.ok()) return compiled;
    if (error != nullptr && error_size > 0) {
        std::strncpy(error, compiled->regex.error().c_str(), error_size - 1);
        error[error_size - 1] = '\0';
    }
    delete compiled;
    return nullptr;
}

extern "C" void tulle_re2_free(tulle_re2 *regex) { delete regex; }

extern "C" bool tulle_re2_full_match(const tulle_re2 *regex, const char *text, size_t length) {
    return RE2::FullMatch(re2::StringPiece(text, length), regex->regex);
}

extern "C" size_t tulle_re2_replace_all(
    const tulle_re2 *regex, const char *text, size_t length, const char *rewrite, size_t rewrite_length,
    char **out) {
    std::string result(text, length);
    RE2::GlobalReplace(&result, regex->regex, re2::StringPiece(rewrite, rewrite_length));
    *out = static_cast<char *>(std::malloc(result.size() > 0 ? result.size() : 1));
    if (*out == nullptr) return 0;
    std::memcpy(*out, result.data(), result.size());
    return result.size();
}

extern "C" int tulle_re2_program_size(const tulle_re2 *regex) { return regex->regex.ProgramSize(); }
