// Preloaded into a program under callgrind. Valgrind 3.19 writes into the mask that a program gives to sigsuspend, and dies
// where that mask is constant, as libdispatch's is.
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return syscall(SYS_rt_sigsuspend, &copy, _NSIG / 8);
}
