/*
 * old.c - an old copy of a disk: what one node's state/ was when its power was off, and
 * is again, when it has been started since (F34).  Of one node in a run.
 */
#include <stdio.h>
#include <string.h>

#include "disk.h"
#include "sim.h"
#include "world.h"

#define KEEPS 300u /* in a thousand: a copy is made, or another in its place */

static struct node *of;
static struct inode *copy; /* NULL: there is none */
static char id[ID_DIGITS + 1];
static uint64_t boots;

/* As the disk holds it; what it is a copy of may change. */
static struct inode *
copy_of(struct machine *m, const struct inode *f)
{
	struct inode *c = inode_new(m, "state", f->is_dir);
	const struct names *d = &f->names[IMAGE_DISK];
	size_t i;

	c->is_log = f->is_log;
	c->tears = f->tears;
	if (!f->is_dir) {
		inode_write(c, f->disk, f->disk_size, 0);
		inode_sync(c);
		return c;
	}
	for (i = 0; i < d->n; i++)
		dir_change(c, NULL, d->name[i], copy_of(m, d->inode[i]));
	dir_sync(c, 1000);
	return c;
}

void
old_keep(struct node *n)
{
	struct inode *state;

	/* Forming is not simulated: it is over before a start tells anybody of itself. */
	if ((of != NULL && of != n) || n->blank || n->old || node_standing(n, "-") ||
	    !seed_odds(KEEPS))
		return;
	state = machine_find(n->machine, "state", IMAGE_DISK);
	if (state == NULL)
		return;
	of = n;
	copy = copy_of(n->machine, state);
	boots = check_boots(n->number);
	memcpy(id, n->id, sizeof(id));
}

void
old_put_back(void)
{
	struct inode *state = copy;
	struct node *n = of;

	if (state == NULL || strcmp(n->id, id) != 0 ||
	    check_know_later(n->number, boots) == 0 || !rot_spends(n))
		return;
	copy = NULL;
	n->old = 1;
	node_power_off(n);
	story("%s: gets back an old copy of its disk; %zu know better", n->name,
	    check_know_later(n->number, boots));
	dir_change(n->machine->root, NULL, "state", state);
	dir_sync(n->machine->root, 1000);
	check_put_back(n->number, boots);
}
