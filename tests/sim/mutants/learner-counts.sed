# libexec/core/members.c: a learner counts (F20)
s/return m->part\[i\] == PART_MEMBER || m->part\[i\] == PART_LEAVING;/return m->part[i] != PART_JOINING;/
s/return m->part\[i\] == PART_MEMBER || m->part\[i\] == PART_JOINING;/return m->part[i] != PART_LEAVING;/
