/*
 * standby.c - nothing runs here: may this host take the package, and when?
 */
#include <string.h>

#include "inside.h"
#include "text.h"

#define PROVE_EVERY (2 * SECOND)

/* This node may have the package, as far as people and its own failures go. */
int
standby_may(const struct package *p)
{
	return !p->leaving && !p->gone && !p->want.maint &&
	    settings_place(&p->settings, p->node) != -1 &&
	    !want_is_off(&p->want, p->node) && p->now >= p->failed_until;
}

/* How long those before this node in `nodes` are given, the owner left out. */
static uint64_t
place_delay(const struct package *p)
{
	int place = settings_place(&p->settings, p->node);
	int owner = p->settings.nodes == 0 ?
	    -1 :
	    settings_place(&p->settings, p->seen.v.owner);

	if (place <= 0)
		return 0;
	if (p->seen.present && owner != -1 && owner < place)
		place--;
	return (uint64_t)place * p->settings.poll;
}

static int
proof_fits(const struct package *p)
{
	const struct proof *f = &p->proof;

	return strcmp(f->owner, p->seen.v.owner) == 0 &&
	    strcmp(f->boot, p->seen.v.boot) == 0 && f->epoch == p->seen.v.epoch;
}

/* Makes the proof one about the value seen; what was asked before is forgotten. */
static void
proof_aim(struct package *p)
{
	struct proof *f = &p->proof;

	if (proof_fits(p))
		return;
	memset(f, 0, sizeof(*f));
	text_copy(f->owner, sizeof(f->owner), p->seen.v.owner);
	text_copy(f->boot, sizeof(f->boot), p->seen.v.boot);
	f->epoch = p->seen.v.epoch;
	p->fencing[0] = '\0';
}

/*
 * Asks the owner's host, once its value has been still for longer than it is on a
 * blip that is shorter than T_soft: it may have to stop then, but comes back by itself.
 */
static void
proof_ask(struct package *p)
{
	struct proof *f = &p->proof;
	uint64_t still = p->settings.deadlines.soft + p->settings.renew + SECOND / 2;

	if (f->good || f->asked != 0)
		return;
	if (lease_is_held(&p->seen.v) && !due(p, p->seen.at + still))
		return;
	if (!due(p, f->due))
		return;
	f->due = p->now + PROVE_EVERY;
	f->asked = ++p->asks;
	act(p, ACTION_PROVE, p->seen.v.owner, NULL)->number = f->asked;
}

/* An owner that can't stop it is fenced where that is wanted. */
static void
fence(struct package *p)
{
	if (!p->settings.fence || p->seen.v.state != LEASE_STUCK || p->proof.good ||
	    p->script != SCRIPT_NONE || !standby_may(p) || !due(p, p->next))
		return;
	text_copy(p->fencing, sizeof(p->fencing), p->seen.v.owner);
	notes_event(p, "fences %s, which cannot stop it", p->fencing);
	act_run(p, SCRIPT_FENCE, p->fencing, p->settings.stop_timeout, NEVER);
}

void
standby_fenced(struct package *p, int status)
{
	p->next = p->now + 10 * SECOND;
	if (status != 0)
		notes_event(p, "cannot fence %s: status %d", p->fencing, status);
	else if (p->fencing[0] != '\0' && strcmp(p->fencing, p->proof.owner) == 0)
		p->proof.good = 1;
	p->fencing[0] = '\0';
}

/*
 * The value is of this host and boot, and nothing of it runs from this directory.
 * An own write that was carried out late, or an epoch that this monitor's directory
 * has closed, is this one's; any other may be that of a pkg in another
 * directory, which is left as much time as if it were another host, and its epoch, too;
 * what that one left running is not taken for its age.
 */
static int
ours_is_free(struct package *p)
{
	const struct lease *v = &p->seen.v;

	if (v->instance == p->instance)
		return 1;
	if (v->epoch <= p->closed ? lease_is_still(p) :
				    !lease_needs_proof(v) && lease_is_past(p))
		return 1;
	lease_is_twins(p);
	return 0;
}

/* What was given up, or never had: whose turn is it? */
static int
given_is_free(struct package *p)
{
	const struct lease *v = &p->seen.v;
	uint64_t from = p->seen.at + place_delay(p);
	int for_me = strcmp(v->to, p->node) == 0;

	if (v->state == LEASE_RELEASED && for_me)
		return 1;
	if (v->state == LEASE_RELEASED && !p->want.automatic)
		return 0;
	if (v->state == LEASE_FAILED && !p->want.automatic)
		return 0;
	if (v->state == LEASE_RELEASED && strcmp(v->to, "-") != 0)
		from += LEASE_SHIFT;
	return due(p, from) && due(p, p->not_before);
}

/* May the value that was seen be replaced by one of this host's? */
static int
is_free(struct package *p)
{
	const struct lease *v = &p->seen.v;

	if (!p->seen.present)
		return p->want.up &&
		    due(p,
			p->seen.at + (p->seen.vanished ? lease_wait(v) : 0) +
			    place_delay(p));
	if (!p->seen.sound)
		return 0;
	if (!lease_is_held(v) && !lease_needs_proof(v))
		return p->want.up && given_is_free(p);
	if (!p->want.automatic)
		return 0;
	/*
	 * Of an earlier boot of this host; or of another one that calls itself the same: asked
	 * for proof, by that name, it would be this one that answers.
	 */
	if (strcmp(v->owner, p->node) == 0)
		return lease_is_past(p);
	proof_aim(p);
	proof_ask(p);
	fence(p);
	if (p->proof.good)
		return 1;
	if (lease_needs_proof(v))
		return 0;
	return due(p, p->seen.at + lease_wait(v) + place_delay(p));
}

void
standby_step(struct package *p)
{
	int ours;

	if (!p->has_conf || !p->has_want || !p->seen.known || p->body != BODY_NONE ||
	    p->hold != HOLD_NONE || p->write.busy)
		return;
	ours = lease_is_ours(p);
	if (ours && !ours_is_free(p))
		return;
	if (ours &&
	    (p->seen.v.instance == p->instance || p->seen.v.epoch <= p->closed)) {
		p->hold = HOLD_MINE;
		p->epoch = p->seen.v.epoch;
		p->t0 = 0;
		p->changed = 1;
		return;
	}
	if (!due(p, p->failed_until) || !due(p, p->write_at) || !standby_may(p) ||
	    (!ours && !is_free(p)))
		return;
	if (!p->seen.present || lease_is_held(&p->seen.v) ||
	    lease_needs_proof(&p->seen.v))
		act_log(p, "takes over from %s, epoch %llu",
		    p->seen.present ? p->seen.v.owner : "nobody",
		    (unsigned long long)p->seen.v.epoch);
	lease_take(p);
}
