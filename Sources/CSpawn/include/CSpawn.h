// Starting children and hearing signals: what Swift cannot do itself, since fork is closed to it.
#ifndef TULLE_CSPAWN_H
#define TULLE_CSPAWN_H

#include <sys/types.h>

// How a child is to start. Zero-initialise, then set what is needed; file descriptors of -1 are inherited.
struct tulle_spawn {
    const char *path;         // looked up in PATH when it has no slash
    char *const *arguments;   // NULL-terminated, with the program's own name first
    char *const *environment; // NULL-terminated
    int standard_input, standard_output, standard_error;
    int parent_death_signal; // sent to the child when this process dies, however it dies; 0 for none
    int terminal;            // a terminal that the child's new group is to have; -1 for none
    int new_group;           // whether the child leads a process group of its own
    int close_others;        // whether only the three standard descriptors are passed on
    unsigned extra_group;    // one more supplementary group (needs root); 0 for none
};

// Starts a child. Returns 0 and its id, or the errno of what failed (exec's included).
int tulle_spawn(const struct tulle_spawn *plan, pid_t *child);

// Hears these signals from now on: each arrival writes its number as one byte to the returned descriptor. A signal
// that was ignored when this process began (nohup, a shell's `&`) stays ignored. Returns -1 and errno on failure.
int tulle_watch_signals(const int *signals, int count);

// Waits for the child to change state: 1 it exited with `value`, 2 a signal `value` ended it, 3 a signal `value`
// stopped it, 4 it goes on, -1 there is no such child.
int tulle_wait(pid_t child, int *value);

// Makes `group` the foreground group of the terminal, without being stopped for asking from the background.
int tulle_give_terminal(int terminal, pid_t group);

#endif
