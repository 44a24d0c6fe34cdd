#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What this process was born with, which its children are to be born with too: threads of libdispatch run with every
// signal blocked, and SwiftNIO ignores SIGPIPE for the whole process; exec would pass both on.
static sigset_t born_mask;
static void (*born_pipe)(int);

__attribute__((constructor)) static void remember_birth(void) {
    struct sigaction action;
    pthread_sigmask(SIG_SETMASK, NULL, &born_mask);
    born_pipe = sigaction(SIGPIPE, NULL, &action) == 0 ? action.sa_handler : SIG_DFL;
}

// Everything between fork and exec: async-signal-safe calls only. setgroups goes by system call, since glibc's wrapper
// talks to other threads, which the child has not got.
static void become(const struct tulle_spawn *plan, pid_t parent, int report, const gid_t *groups, int group_count) {
    int failure;
    if (plan->new_group && setpgid(0, 0) != 0) goto failed;
    if (plan->terminal >= 0) tulle_give_terminal(plan->terminal, getpid());
    if (plan->parent_death_signal) {
        if (prctl(PR_SET_PDEATHSIG, plan->parent_death_signal) != 0) goto failed;
        // The parent may have died before the line above: nobody would ever be told.
        if (getppid() != parent) _exit(125);
    }
    if (plan->standard_input >= 0 && dup2(plan->standard_input, 0) < 0) goto failed;
    if (plan->standard_output >= 0 && dup2(plan->standard_output, 1) < 0) goto failed;
    if (plan->standard_error >= 0 && dup2(plan->standard_error, 2) < 0) goto failed;
    if (plan->close_others) {
        // CLOEXEC instead of closing: `report` must outlive this line.
        syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
    }
    if (plan->extra_group && syscall(SYS_setgroups, group_count, groups) != 0) goto failed;
    signal(SIGPIPE, born_pipe);
    pthread_sigmask(SIG_SETMASK, &born_mask, NULL);
    execvpe(plan->path, plan->arguments, plan->environment);
failed:
    failure = errno;
    while (write(report, &failure, sizeof failure) < 0 && errno == EINTR) {}
    _exit(127);
}

static int spawn_now(const struct tulle_spawn *plan, pid_t *child) {
    int pipes[2], failure = 0;
    gid_t groups[65];
    int group_count = 0;
    if (plan->extra_group) {
        group_count = getgroups(64, groups);
        if (group_count < 0) return errno;
        groups[group_count++] = plan->extra_group;
    }
    if (pipe2(pipes, O_CLOEXEC) != 0) return errno;
    pid_t parent = getpid();
    // Blocked across the fork, so that a handler of ours cannot run in the child and write to our signal pipe.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        // Caught signals go back to their defaults before the mask opens: exec does it too, but later.
        for (int number = 1; number < NSIG; number++) {
            struct sigaction action;
            if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN)
                signal(number, SIG_DFL);
        }
        become(plan, parent, pipes[1], groups, group_count);
    }
    int fork_failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(pipes[1]);
    if (pid < 0) {
        close(pipes[0]);
        return fork_failure;
    }
    // On both sides, so that neither can be overtaken by the other; late, it fails harmlessly.
    if (plan->new_group) setpgid(pid, pid);
    ssize_t got;
    while ((got = read(pipes[0], &failure, sizeof failure)) < 0 && errno == EINTR) {}
    close(pipes[0]);
    if (got == (ssize_t)sizeof failure) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        return failure;
    }
    *child = pid;
    return 0;
}

// One thread starts all children and never ends: PR_SET_PDEATHSIG fires when the *thread* that forked is gone, and the
// threads of libdispatch come and go. `desk` guards the four variables below it; callers queue on `counter`.
static pthread_mutex_t counter = PTHREAD_MUTEX_INITIALIZER, desk = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER, answered = PTHREAD_COND_INITIALIZER;
static const struct tulle_spawn *order;
static pid_t ordered_child;
static int order_result, order_done, started;

static void *keep_shop(void *nothing) {
    (void)nothing;
    pthread_mutex_lock(&desk);
    for (;;) {
        while (!order) pthread_cond_wait(&asked, &desk);
        order_result = spawn_now(order, &ordered_child);
        order = NULL;
        order_done = 1;
        pthread_cond_signal(&answered);
    }
    return NULL;
}

int tulle_spawn(const struct tulle_spawn *plan, pid_t *child) {
    int result = 0;
    pthread_mutex_lock(&counter);
    pthread_mutex_lock(&desk);
    if (!started) {
        pthread_t thread;
        result = pthread_create(&thread, NULL, keep_shop, NULL);
        if (result == 0) {
            pthread_detach(thread);
            started = 1;
        }
    }
    if (result == 0) {
        order_done = 0;
        order = plan;
        pthread_cond_signal(&asked);
        while (!order_done) pthread_cond_wait(&answered, &desk);
        result = order_result;
        *child = ordered_child;
    }
    pthread_mutex_unlock(&desk);
    pthread_mutex_unlock(&counter);
    return result;
}

static int signal_pipe = -1;

static void heard(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe means thousands of unread signals: one more would tell nothing new.
    if (write(signal_pipe, &byte, 1) < 0) errno = saved;
    errno = saved;
}

int tulle_watch_signals(const int *signals, int count) {
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0) return -1;
    fcntl(pipes[1], F_SETFL, O_NONBLOCK);
    signal_pipe = pipes[1];
    for (int i = 0; i < count; i++) {
        struct sigaction action, was;
        if (sigaction(signals[i], NULL, &was) == 0 && was.sa_handler == SIG_IGN) continue;
        action.sa_handler = heard;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        if (sigaction(signals[i], &action, NULL) != 0) return -1;
    }
    return pipes[0];
}

int tulle_wait(pid_t child, int *value) {
    int status;
    for (;;) {
        pid_t got = waitpid(child, &status, WUNTRACED | WCONTINUED);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (WIFEXITED(status)) return *value = WEXITSTATUS(status), 1;
        if (WIFSIGNALED(status)) return *value = WTERMSIG(status), 2;
        if (WIFSTOPPED(status)) return *value = WSTOPSIG(status), 3;
        if (WIFCONTINUED(status)) return *value = SIGCONT, 4;
    }
}

int tulle_give_terminal(int terminal, pid_t group) {
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &block, &before);
    int result = tcsetpgrp(terminal, group);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}
