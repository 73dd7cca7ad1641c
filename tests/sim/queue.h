/*
 * queue.h - what will happen, in order of virtual time.
 */
#ifndef LITE_RAFT_SIM_QUEUE_H
#define LITE_RAFT_SIM_QUEUE_H

#include <stdint.h>

/*
 * An event: at its time, act(arg, number).  Events of one time come in the order
 * in which they were put.  What the argument points to must still be there.
 */
typedef void act(void *arg, uint64_t number);

void queue_put(uint64_t at, act *what, void *arg, uint64_t number);
void queue_in(uint64_t delay, act *what, void *arg, uint64_t number);

/* Lets time pass until the next event and does it; 0: there is none before end. */
int queue_step(uint64_t end);

#endif
