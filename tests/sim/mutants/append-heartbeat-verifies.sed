# libexec/step/append.c: a heartbeat acknowledges the whole own log (F14)
s/answer(a, f, APPENDED_YES, verified);/answer(a, f, APPENDED_YES, st->tail.index);/
