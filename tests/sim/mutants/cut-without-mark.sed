# libexec/state/log.c: a cut that was not finished is forgotten (F10)
s/if (state_cut(st, MARK_CUT) == -1 || /if (/
