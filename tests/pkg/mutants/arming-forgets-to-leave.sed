# pkg/core/body.c: what was wanted while guard was armed is forgotten
# by: tests/pkg/rules.bats -f 'while guard is armed'
s/^		if (p->give.on) {$/		if (0) {/
