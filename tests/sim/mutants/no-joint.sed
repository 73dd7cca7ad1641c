# libexec/core/change.c: a member comes and goes without a joint configuration
s/m->part\[i\] = PART_JOINING;/m->part[i] = PART_MEMBER;/
s/^	m->part\[i\] = PART_LEAVING;/	members_remove(m, (size_t)i);/
