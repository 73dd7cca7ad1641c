# pkg/core/body.c: guard's word that it is armed holds however old it is
s/if (p->give.on || due(p, p->guard_t0 + p->force.soft)) {/if (p->give.on) {/
