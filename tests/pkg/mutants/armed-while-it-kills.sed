# pkg/os/guard.c: guard says that it is armed while it kills
# by: tests/pkg/guard.bats -f 'while it kills'
/^	if (g.killing)$/{
N
s/if (g.killing)\(.*how that ends\)/if (0)\1/
}
