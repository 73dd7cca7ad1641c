# libexec/step/append.c: a leader of a term that has passed is followed (F50)
s/if (f->term < st->term.current_term) {/if (0) {/
