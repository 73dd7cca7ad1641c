# libexec/step/vote.c: a vote is given and not noted down (F1)
s/^	if (a.changed) {/	if (a.changed \&\& !a.granted) {/
