# libexec/core/rules.c: what one of the members holds is committed
s/if (members_quorum(m, holds))/if (members_quorum(m, holds) || i == 0)/
