/*
 * client.c - a client's command line, and one request.
 */
#include "client.h"

#include <string.h>

#include "num.h"

#define SUBJECT_MAX 64u /* bytes of a word in a message */

static int
is(const struct word *w, const char *text)
{
	return w->len == strlen(text) && memcmp(w->bytes, text, w->len) == 0;
}

/*
 * Takes the option at argv[*i] and its argument: 1, 0 if it is a word, -1 and
 * *why.  *i stays on the last argument that was taken.
 */
static int
option_take(struct client *c, int argc, char *const *argv, int *i, const char **why)
{
	const char *arg = argv[*i];

	if (arg[0] != '-' || arg[1] == '\0')
		return 0;
	if (strcmp(arg, "--json") == 0) {
		c->json = 1;
		return 1;
	}
	if (strcmp(arg, "--raw") == 0) {
		c->raw = 1;
		return 1;
	}
	if (strcmp(arg, "--help") == 0) {
		c->help = 1;
		return 1;
	}
	if (strcmp(arg, "--from") == 0) {
		*why = "it takes the index of an entry, 1 or more";
		if (*i + 1 >= argc)
			return -1;
		arg = argv[++*i];
		return num_u64(arg, strlen(arg), NUMBER_MAX, &c->from) == -1 ||
			c->from == 0 ?
		    -1 :
		    1;
	}
	if (strcmp(arg, "--local") == 0) {
		*why = "it stands before all others: --local [--raw] get KEY";
		return -1;
	}
	if (strcmp(arg, "--timeout") != 0) {
		*why = "no such option (--timeout SECONDS, --from INDEX, --json, "
		       "--raw, --local, --help)";
		return -1;
	}
	*why = "it takes a number of seconds: more than 0, at most 1,000,000";
	if (*i + 1 >= argc)
		return -1;
	arg = argv[++*i];
	if (num_seconds(arg, strlen(arg), &c->timeout) == -1 || c->timeout == 0)
		return -1;
	return 1;
}

/* Options stand where they cannot be taken for a key. */
static int
split(struct client *c, int argc, char *const *argv, const char **what,
    const char **why)
{
	int i, keyless, r;

	for (i = 1; i < argc; i++) {
		keyless = c->n > 0 &&
		    (is(&c->word[0], "status") || is(&c->word[0], "noop") ||
			is(&c->word[0], "batch"));
		*what = argv[i];
		if (c->n == 0 && strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		r = c->n == 0 || keyless ? option_take(c, argc, argv, &i, why) : 0;
		if (r == -1)
			return -1;
		if (r == 0 && c->n < CLIENT_WORDS) {
			c->word[c->n].bytes = argv[i];
			c->word[c->n++].len = strlen(argv[i]);
		}
	}
	for (; i < argc && c->n < CLIENT_WORDS; i++) {
		c->word[c->n].bytes = argv[i];
		c->word[c->n++].len = strlen(argv[i]);
	}
	return 0;
}

/* What is wrong with the options for this verb: NULL, or *what and why. */
static const char *
options_fault(const struct client *c, const char **what)
{
	enum verb verb = c->command.verb;

	*what = "--raw";
	if (c->raw && verb != VERB_GET)
		return "it goes with get";
	if (c->raw && c->json)
		return "it does not go with --json";
	*what = "--json";
	if (c->json &&
	    (c->batch || command_is_write(&c->command) ||
		command_is_change(&c->command)))
		return "it goes with get, list, status and watch";
	*what = "--from";
	if (c->from != 0 && verb != VERB_WATCH)
		return "it goes with watch";
	return NULL;
}

int
client_parse(struct client *c, int argc, char *const *argv, const char **what,
    const char **why)
{
	memset(c, 0, sizeof(*c));
	if (split(c, argc, argv, what, why) == -1)
		return -1;
	if (c->help)
		return 0;
	*what = NULL;
	c->batch = c->n > 0 && is(&c->word[0], "batch");
	if (c->batch && c->n > 1) {
		*why = "usage: batch";
		return -1;
	}
	if (c->n > 2 && is(&c->word[0], "watch")) {
		*why = "usage: [--from INDEX] watch [PREFIX]";
		return -1;
	}
	if (!c->batch && command_from_words(&c->command, c->word, c->n, why) == -1)
		return -1;
	*why = options_fault(c, what);
	return *why == NULL ? 0 : -1;
}

int
client_wants_value(const struct client *c)
{
	return (c->command.verb == VERB_SET || c->command.verb == VERB_IF_SET) &&
	    is(&c->word[c->n - 1], "-");
}

void
client_value(struct client *c, char *bytes, size_t len)
{
	c->word[c->n - 1].bytes = bytes;
	c->word[c->n - 1].len = len;
	c->command.value.at = bytes;
	c->command.value.len = len;
}

static int
subject_word(struct buf *b, const struct word *w)
{
	if (w->len <= SUBJECT_MAX)
		return words_put(b, w->bytes, w->len);
	if (words_put(b, w->bytes, SUBJECT_MAX) == -1)
		return -1;
	return buf_str(b, "...");
}

int
client_subject(const struct client *c, struct buf *b)
{
	if (c->n == 0)
		return buf_str(b, "begin");
	if (subject_word(b, &c->word[0]) == -1)
		return -1;
	if (c->n == 1 || c->command.verb == VERB_STATUS || c->command.verb == VERB_NOOP)
		return 0;
	if (buf_str(b, " ") == -1)
		return -1;
	return subject_word(b, &c->word[1]);
}

uint64_t
client_seconds(const char *text)
{
	static const char blanks[] = " \t\r\n";
	uint64_t ns;

	for (text += strspn(text, blanks); *text == '#'; text += strspn(text, blanks))
		text += strcspn(text, "\n");
	if (num_seconds(text, strcspn(text, " \t\r\n#"), &ns) == -1)
		return 0;
	return ns;
}

/* Puts the request into talk->out: 0, or -1 (ENOMEM). */
static int
request_put(struct ask *a, const struct client *c)
{
	struct buf *out = &a->talk->out;
	char id[REQUEST_ID_SIZE];
	size_t i;

	if (command_is_write(&c->command)) {
		request_id_print(&c->id, id);
		if (buf_fmt(out, "id=%s ", id) == -1)
			return -1;
	}
	for (i = 0; i < c->n; i++) {
		if (i > 0 && buf_str(out, " ") == -1)
			return -1;
		if (words_put(out, c->word[i].bytes, c->word[i].len) == -1)
			return -1;
	}
	return buf_str(out, "\n");
}

static enum ask_state
broken(struct ask *a, const char *why)
{
	a->talk->why = why;
	return ASK_BROKEN;
}

/* What an answer says first; to some a get and a status have to say more. */
static enum ask_state
answer_take(struct ask *a, const struct client *c)
{
	static const int known[] = { EXIT_YES, EXIT_NO, EXIT_USE, EXIT_NOLEADER,
		EXIT_DISK, EXIT_UNKNOWN, EXIT_GATE };
	size_t i, n = a->talk->words.n;

	a->status = talk_status(a->talk);
	if (a->status == -1)
		return broken(a, "talks nonsense");

	/*
	 * Before it was asked, a node can only say that it does not lead; and it
	 * can refuse, but not do, what it has not heard to the end.
	 */
	if (!a->asked && a->status != EXIT_NOLEADER)
		return broken(a, "talks nonsense");
	if (!ask_sent(a) && (a->status == EXIT_YES || a->status == EXIT_NO))
		return broken(a, "talks nonsense");
	if (a->status == EXIT_YES &&
	    ((c->command.verb == VERB_GET && n != 2) ||
		(c->command.verb == VERB_STATUS && n < 2)))
		return broken(a, "talks nonsense");
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (a->status == known[i])
			return ASK_ANSWER;
	return broken(a, "speaks another version");
}

int
ask_take(struct ask *a, struct client *c, enum ask_state *state)
{
	enum talk_event event;

	for (*state = ASK_MORE; *state == ASK_MORE;) {
		if (talk_take(a->talk, &event) == -1)
			return -1;
		if (event == TALK_MORE)
			return 0;
		if (event == TALK_BROKEN)
			*state = ASK_BROKEN;
		if (event == TALK_LINE)
			*state = answer_take(a, c);
		if (event != TALK_HELLO || a->asked)
			continue;

		/* A repeat's base stays what it was: it is half of its name. */
		if (!c->has_base) {
			c->id.base = a->talk->commit;
			c->has_base = 1;
		}
		a->asked = 1;
		if (request_put(a, c) == -1)
			return -1;
	}
	return 0;
}

int
ask_sent(const struct ask *a)
{
	return a->asked && a->talk->out.len == 0;
}
