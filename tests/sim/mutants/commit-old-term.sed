# libexec/lead/commit.c: entries of old terms are committed by counting (F19)
s/if (quorum <= l->commit || quorum < l->noop)/if (quorum <= l->commit)/
