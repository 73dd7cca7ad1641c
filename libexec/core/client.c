/*
 * client.c - a client's half of the conversation.
 */
#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "frame.h"
#include "num.h"

#define HELLO_WITHIN 4096u /* bytes of a line that comes before the request */
#define SUBJECT_MAX  64u   /* bytes of a word in a message */

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
	if (strcmp(arg, "--timeout") != 0) {
		*why = "no such option (--timeout SECONDS, --json, --raw, --help)";
		return -1;
	}
	*why = "it takes a number of seconds, more than 0";
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
		    (is(&c->word[0], "status") || is(&c->word[0], "noop"));
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
	if (command_from_words(&c->command, c->word, c->n, why) == -1)
		return -1;
	if (c->raw && c->command.verb != VERB_GET) {
		*what = "--raw";
		*why = "it goes with get";
		return -1;
	}
	if (c->json && command_is_write(&c->command)) {
		*what = "--json";
		*why = "it goes with get, list and status";
		return -1;
	}
	if (c->json && c->raw) {
		*what = "--raw";
		*why = "it does not go with --json";
		return -1;
	}
	return 0;
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
	if (c->n == 1 || is(&c->word[0], "status") || is(&c->word[0], "noop"))
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

/* Puts the request into t->out: 0, or -1 (ENOMEM). */
static int
request_put(struct talk *t, const struct client *c)
{
	char id[REQUEST_ID_SIZE];
	size_t i;

	if (command_is_write(&c->command)) {
		request_id_print(&c->id, id);
		if (buf_fmt(&t->out, "id=%s ", id) == -1)
			return -1;
	}
	for (i = 0; i < c->n; i++) {
		if (i > 0 && buf_str(&t->out, " ") == -1)
			return -1;
		if (words_put(&t->out, c->word[i].bytes, c->word[i].len) == -1)
			return -1;
	}
	return buf_str(&t->out, "\n");
}

static enum talk_state
broken(struct talk *t, const char *why)
{
	t->why = why;
	return TALK_BROKEN;
}

/* What the leader's first line says. */
static int
hello_take(struct talk *t, struct client *c, enum talk_state *state)
{
	const struct word *w = t->words.word;
	uint64_t base;

	if (t->words.n < 2 || !is(&w[1], "1")) {
		*state = broken(t, "speaks another version");
		return 0;
	}
	if (t->words.n < 3 || num_u64(w[2].bytes, w[2].len, NUMBER_MAX, &base) == -1) {
		*state = broken(t, "talks nonsense");
		return 0;
	}

	/* A repeat's base stays what it was: it is half of the request's name. */
	if (!c->has_base) {
		c->id.base = base;
		c->has_base = 1;
	}
	t->asked = 1;
	*state = TALK_MORE;
	return request_put(t, c);
}

/* What an answer says first; to some a get and a status have to say more. */
static enum talk_state
answer_take(struct talk *t, const struct client *c)
{
	static const int known[] = { EXIT_YES, EXIT_NO, EXIT_USE, EXIT_NOLEADER,
		EXIT_DISK, EXIT_UNKNOWN };
	const struct word *w = t->words.word;
	uint64_t status;
	size_t i;

	if (num_u64(w[0].bytes, w[0].len, 255, &status) == -1)
		return broken(t, "talks nonsense");
	t->status = (int)status;

	/*
	 * Before it was asked, a node can only say that it does not lead; and it
	 * can refuse, but not do, what it has not heard to the end.
	 */
	if (!t->asked && t->status != EXIT_NOLEADER)
		return broken(t, "talks nonsense");
	if (!talk_sent(t) && (t->status == EXIT_YES || t->status == EXIT_NO))
		return broken(t, "talks nonsense");
	if (t->status == EXIT_YES &&
	    ((c->command.verb == VERB_GET && t->words.n != 2) ||
		(c->command.verb == VERB_STATUS && t->words.n < 2)))
		return broken(t, "talks nonsense");
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (t->status == known[i])
			return TALK_ANSWER;
	return broken(t, "speaks another version");
}

/* Takes one line, of n bytes. */
static int
line_take(struct talk *t, struct client *c, size_t n, enum talk_state *state)
{
	const char *why;

	if (words_parse(&t->words, buf_head(&t->in), n, &why) == -1) {
		if (errno == ENOMEM)
			return -1;
		*state = broken(t, "talks nonsense");
		return 0;
	}
	if (t->words.n == 0)
		*state = broken(t, "talks nonsense");
	else if (!t->asked && is(&t->words.word[0], "hello"))
		return hello_take(t, c, state);
	else
		*state = answer_take(t, c);
	return 0;
}

int
talk_take(struct talk *t, struct client *c, enum talk_state *state)
{
	const char *newline;
	size_t n;
	int r;

	*state = TALK_MORE;
	if (t->behind_gate && !t->greeted) {
		if (t->in.len == 0)
			return 0;
		r = frame_greeting(buf_head(&t->in), t->in.len, &n);
		if (r == -1)
			*state = broken(t, "does not greet");
		if (r != 1)
			return 0;
		buf_eat(&t->in, n);
		t->greeted = 1;
	}
	while (*state == TALK_MORE && t->looked < t->in.len) {
		newline = memchr(buf_head(&t->in) + t->looked, '\n',
		    t->in.len - t->looked);
		if (newline == NULL) {
			t->looked = t->in.len;
			if (!t->asked && t->in.len > HELLO_WITHIN)
				*state = broken(t, "talks nonsense");
			return 0;
		}
		n = (size_t)(newline - buf_head(&t->in));
		if (line_take(t, c, n, state) == -1)
			return -1;
		buf_eat(&t->in, n + 1);
		t->looked = 0;
	}
	return 0;
}

int
talk_sent(const struct talk *t)
{
	return t->asked && t->out.len == 0;
}

const char *
talk_hint(const struct talk *t)
{
	const struct word *w = t->words.word;

	if (t->status != EXIT_NOLEADER || t->words.n != 3 || !is(&w[1], "not-leader") ||
	    !name_valid(w[2].bytes, w[2].len))
		return NULL;
	return w[2].bytes;
}

int
talk_sentence(const struct talk *t, struct buf *b)
{
	size_t i;

	for (i = 1; i < t->words.n; i++)
		if ((i > 1 && buf_str(b, " ") == -1) ||
		    buf_add(b, t->words.word[i].bytes, t->words.word[i].len) == -1)
			return -1;
	return 0;
}

void
talk_free(struct talk *t)
{
	buf_free(&t->in);
	buf_free(&t->out);
	words_free(&t->words);
	memset(t, 0, sizeof(*t));
}
