/*
 * change.c - how one configuration becomes the next: see change.h.
 */
#include <string.h>

#include "change.h"

enum change
change_under_way(const struct members *m, size_t *place)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (place != NULL)
			*place = i;
		if (m->part[i] == PART_ENTERING)
			return CHANGE_ENTERING;
		if (m->part[i] == PART_JOINING || m->part[i] == PART_LEAVING)
			return CHANGE_JOINT;
	}
	return CHANGE_NONE;
}

static int
refused(const char **why, const char *sentence)
{
	*why = sentence;
	return -1;
}

static int
busy(const char **why)
{
	return refused(why, "has to wait: another change is under way");
}

/* One that is in the configuration under this very id. */
static int
add_again(struct members *m, size_t i, int learner, const char **why)
{
	if (m->part[i] == PART_LEAVING)
		return refused(why, "is being removed");
	if (learner && m->part[i] != PART_LEARNER)
		return refused(why, "is a member that votes; first del-member it");
	if (learner || m->part[i] != PART_LEARNER)
		return 1;
	if (change_under_way(m, NULL) != CHANGE_NONE)
		return busy(why);
	m->part[i] = PART_ENTERING;
	return 0;
}

int
change_add(struct members *m, const char *name, const char *id, int learner,
    const char **why)
{
	int i = members_find(m, name, NULL);

	if (i != -1 && strcmp(m->who[i].id, id) != 0)
		return refused(why,
		    "is a member under another id: its state was lost, or is another's; "
		    "first del-member it");
	if (i != -1)
		return add_again(m, (size_t)i, learner, why);
	if (change_under_way(m, NULL) != CHANGE_NONE)
		return busy(why);
	if (m->n == MEMBERS_MAX)
		return refused(why, "would be one too many: 31 members are the most");
	if (members_add(m, name, id) == -1)
		return refused(why,
		    "has a member's id: its state was copied; give it one of its own");
	i = members_find(m, name, id);
	m->part[i] = learner ? PART_LEARNER : PART_ENTERING;
	return 0;
}

int
change_del(struct members *m, const char *name, const char **why)
{
	int i = members_find(m, name, NULL);
	size_t j, voters = 0;

	if (i == -1 || m->part[i] == PART_LEAVING)
		return 1;
	if (change_under_way(m, NULL) != CHANGE_NONE && m->part[i] != PART_ENTERING)
		return busy(why);
	if (m->part[i] != PART_MEMBER) {
		members_remove(m, (size_t)i);
		return 0;
	}
	for (j = 0; j < m->n; j++)
		voters += (size_t)members_votes(m, j);
	if (voters == 1)
		return refused(why, "is the last member that votes");
	m->part[i] = PART_LEAVING;
	return 0;
}

void
change_promote(struct members *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->part[i] == PART_ENTERING)
			m->part[i] = PART_JOINING;
}

/* Removes all who have this part. */
static void
drop(struct members *m, enum part part)
{
	size_t i = m->n;

	while (i-- > 0)
		if (m->part[i] == part)
			members_remove(m, i);
}

void
change_give_up(struct members *m)
{
	drop(m, PART_ENTERING);
}

void
change_settle(struct members *m)
{
	size_t i;

	drop(m, PART_LEAVING);
	for (i = 0; i < m->n; i++)
		if (m->part[i] == PART_JOINING)
			m->part[i] = PART_MEMBER;
}
