# libexec/step/append.c: a committed entry may be cut (F12)
s/if (conflict != 0 \&\& (conflict <= a->commit ||/if (0 \&\& (conflict <= a->commit ||/
