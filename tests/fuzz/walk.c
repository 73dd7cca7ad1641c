/*
 * walk - what tells a client of the nodes, an empty byte between each: state/node,
 * conf/cluster_nodes, members, and who is said to lead.
 */
#include "core/walk.h"

#include "core/frame.h"
#include "fuzz.h"

/* Each node once: no more nodes than there is room for, and each of them has a name. */
static size_t
round_ends(struct walk *w)
{
	struct walk_node *node;
	size_t n = 0;

	walk_round(w);
	while ((node = walk_next(w)) != NULL) {
		MUST(node >= w->node && node < w->node + w->n);
		MUST(memchr(node->name, '\0', sizeof(node->name)) != NULL);
		MUST(node == w->node || name_valid(node->name, strlen(node->name)));
		MUST(++n <= w->n);
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct walk w;
	struct buf said = { 0 };
	char *p = text(data, n), *part[4];
	const char *bad = NULL;
	size_t i, len = 0;

	part[0] = p;
	for (i = 1; i < 4; i++) {
		part[i] = part[i - 1] + strlen(part[i - 1]);
		if (part[i] < p + n)
			part[i]++;
	}
	walk_begin(&w);
	walk_self(&w, part[0]);
	if (walk_conf(&w, part[1], &bad, &len) == -1 && bad != NULL)
		MUST(bad >= part[1] && bad + len <= part[1] + strlen(part[1]));
	walk_members(&w, part[2]);
	walk_hint(&w, part[3], strlen(part[3]));
	MUST(w.n > 0 && w.n <= WALK_MAX);
	MUST(round_ends(&w) == w.n);
	walk_hint(&w, part[3], strcspn(part[3], " \n"));
	MUST(round_ends(&w) == w.n);
	(void)walk_all_stopped(&w);
	MUST(walk_report(&w, &said) == 0);
	buf_free(&said);
	free(p);
	return 0;
}
