# libexec/lead/answers.c: a read before this term has committed anything (F21)
s/r->index = l->commit > l->noop ? l->commit : l->noop;/r->index = l->commit;/
