# libexec/lead/change.c: a change before the term has committed anything (F21)
s/^	if (l->commit < l->noop) {$/	if (0) {/
s/ || l->commit < l->noop || l->change.proposed/ || l->change.proposed/
