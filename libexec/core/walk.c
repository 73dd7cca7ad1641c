/*
 * walk.c - which node a client asks next.
 */
#include "walk.h"

#include <string.h>

#include "frame.h"

static const char blanks[] = " \t\r\n";

void
walk_begin(struct walk *w)
{
	memset(w, 0, sizeof(*w));
	w->n = 1;
}

static void
name_copy(char to[NAME_LIMIT + 1], const char *name, size_t len)
{
	memcpy(to, name, len);
	to[len] = '\0';
}

void
walk_self(struct walk *w, const char *text)
{
	static const char magic[] = "lite-raft-node 1 ";
	size_t len;

	if (strncmp(text, magic, sizeof(magic) - 1) != 0)
		return;
	text += sizeof(magic) - 1;
	len = strcspn(text, blanks);
	if (name_valid(text, len))
		name_copy(w->node[0].name, text, len);
}

static struct walk_node *
walk_find(struct walk *w, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (strlen(w->node[i].name) == len &&
		    memcmp(w->node[i].name, name, len) == 0)
			return &w->node[i];
	return NULL;
}

int
walk_add(struct walk *w, const char *name, size_t len)
{
	if (!name_valid(name, len))
		return -1;
	if (walk_find(w, name, len) != NULL)
		return 0;
	if (w->n == WALK_MAX)
		return -1;
	memset(&w->node[w->n], 0, sizeof(w->node[0]));
	name_copy(w->node[w->n++].name, name, len);
	return 0;
}

int
walk_conf(struct walk *w, const char *text, const char **bad, size_t *len)
{
	size_t n;

	for (;;) {
		text += strspn(text, blanks);
		if (*text == '\0')
			return 0;
		if (*text == '#') {
			text += strcspn(text, "\n");
			continue;
		}
		n = strcspn(text, " \t\r\n#");
		if (walk_add(w, text, n) == -1) {
			*bad = text;
			*len = n;
			return -1;
		}
		text += n;
	}
}

void
walk_members(struct walk *w, const char *text)
{
	static const char member[] = "member ";

	for (; *text != '\0'; text += *text == '\n') {
		if (strncmp(text, member, sizeof(member) - 1) == 0) {
			text += sizeof(member) - 1;
			(void)walk_add(w, text, strcspn(text, blanks));
		}
		text += strcspn(text, "\n");
	}
}

void
walk_hint(struct walk *w, const char *name, size_t len)
{
	if (walk_add(w, name, len) == 0)
		name_copy(w->hint, name, len);
}

void
walk_round(struct walk *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		w->node[i].asked = 0;
}

struct walk_node *
walk_next(struct walk *w)
{
	struct walk_node *node;
	size_t i;

	node = w->node[0].asked ? walk_find(w, w->hint, strlen(w->hint)) : &w->node[0];
	for (i = 0; (node == NULL || node->asked) && i < w->n; i++)
		node = &w->node[i];
	if (node == NULL || node->asked)
		return NULL;
	node->asked = 1;
	return node;
}

int
walk_all_stopped(const struct walk *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (!w->node[i].stopped)
			return 0;
	return 1;
}

int
walk_report(const struct walk *w, struct buf *b)
{
	const struct walk_node *node;
	const char *comma = "";
	size_t i;

	for (i = 0; i < w->n; i++) {
		node = &w->node[i];
		if (node->why[0] == '\0')
			continue;
		if (buf_fmt(b, "%s%s %s", comma,
			node->name[0] == '\0' ? "this node" : node->name,
			node->why) == -1)
			return -1;
		comma = ", ";
	}
	return 0;
}
