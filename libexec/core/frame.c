/*
 * frame.c - frames between peers: see frame.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "crc.h"
#include "frame.h"
#include "num.h"

#define GREETING_WITHIN (64u * 1024) /* bytes of a login shell's chatter */

static const char *const type_names[FRAME_TYPES] = { "vote", "voted", "append",
	"appended", "handover", "snapshot", "snapshot!", "hello", "hello!" };

/* A cursor over the words of a header line. */
struct line {
	const char *at;
	const char *end;
};

static int
next_word(struct line *l, const char **word, size_t *len)
{
	const char *blank;

	if (l->at > l->end)
		return -1;
	blank = memchr(l->at, ' ', (size_t)(l->end - l->at));
	if (blank == NULL)
		blank = l->end;
	*word = l->at;
	*len = (size_t)(blank - l->at);
	l->at = blank + 1;
	return *len > 0 ? 0 : -1;
}

static int
next_number(struct line *l, uint64_t max, uint64_t *out)
{
	const char *word;
	size_t len;

	if (next_word(l, &word, &len) == -1)
		return -1;
	return num_u64(word, len, max, out);
}

/* 16 hexadecimal digits or "-". */
static int
next_id(struct line *l, char id[ID_DIGITS + 1])
{
	const char *word;
	size_t len;
	uint64_t n;

	if (next_word(l, &word, &len) == -1)
		return -1;
	if (!(len == 1 && *word == '-') &&
	    !(len == ID_DIGITS && num_hex(word, len, &n) == 0))
		return -1;
	memcpy(id, word, len);
	id[len] = '\0';
	return 0;
}

static int
next_who(struct line *l, struct who *w)
{
	const char *word;
	size_t len;

	if (next_word(l, &word, &len) == -1 || !name_valid(word, len))
		return -1;
	memcpy(w->name, word, len);
	w->name[len] = '\0';
	return next_id(l, w->id);
}

static int
next_crc(struct line *l, uint32_t *crc)
{
	const char *word;
	size_t len;
	uint64_t n;

	if (next_word(l, &word, &len) == -1 || len != 8 || num_hex(word, len, &n) == -1)
		return -1;
	*crc = (uint32_t)n;
	return 0;
}

static int
next_type(struct line *l, enum frame_type *type)
{
	const char *word;
	size_t i, len;

	if (next_word(l, &word, &len) == -1)
		return -1;
	for (i = 0; i < FRAME_TYPES; i++) {
		if (strlen(type_names[i]) == len &&
		    memcmp(type_names[i], word, len) == 0) {
			*type = (enum frame_type)i;
			return 0;
		}
	}
	return -1;
}

int
frame_encode(const struct frame *f, struct buf *b)
{
	size_t before = b->len;
	int i;

	if (buf_fmt(b, "lr1 %s %s %s %s %s %s %" PRIu64 " %" PRIu64,
		type_names[f->type], f->cluster, f->from.name, f->from.id, f->to.name,
		f->to.id, f->term, f->seq) == -1)
		return -1;
	for (i = 0; i < 6; i++)
		if (buf_fmt(b, " %" PRIu64, f->arg[i]) == -1)
			return -1;
	if (buf_fmt(b, " %zu %08" PRIx32, f->length, crc32c(0, f->body, f->length)) ==
	    -1)
		return -1;
	if (buf_fmt(b, " %08" PRIx32 "\n",
		crc32c(0, buf_head(b) + before, b->len - before)) == -1)
		return -1;
	return buf_add(b, f->body, f->length);
}

/* The header line p[0..n), without its newline. */
static int
header_parse(const char *p, size_t n, struct frame *f, uint32_t *bodycrc,
    const char **why)
{
	struct line l = { p, p + n };
	const char *word;
	size_t len;
	uint64_t crc, length;
	int i;

	*why = "it is no frame of this version";
	if (next_word(&l, &word, &len) == -1 || len != 3 || memcmp(word, "lr1", 3) != 0)
		return -1;
	*why = "the frame's header is damaged";
	if (n < 9 || p[n - 9] != ' ' || num_hex(p + n - 8, 8, &crc) == -1 ||
	    crc != crc32c(0, p, n - 9))
		return -1;
	*why = "the frame's header makes no sense";
	if (next_type(&l, &f->type) == -1 || next_id(&l, f->cluster) == -1 ||
	    next_who(&l, &f->from) == -1 || next_who(&l, &f->to) == -1 ||
	    next_number(&l, NUMBER_MAX, &f->term) == -1 ||
	    next_number(&l, NUMBER_MAX, &f->seq) == -1)
		return -1;
	for (i = 0; i < 6; i++)
		if (next_number(&l, NUMBER_MAX, &f->arg[i]) == -1)
			return -1;
	if (next_number(&l, NUMBER_MAX, &length) == -1 || next_crc(&l, bodycrc) == -1 ||
	    l.at + 8 != l.end)
		return -1;
	*why = "the frame is too long";
	if (length > FRAME_BODY_MAX)
		return -1;
	f->length = (size_t)length;
	return 0;
}

int
frame_parse(const char *p, size_t n, struct frame *f, size_t *used, const char **why)
{
	const char *newline;
	uint32_t bodycrc = 0;
	size_t head;

	newline = memchr(p, '\n', n < FRAME_HEADER_MAX ? n : FRAME_HEADER_MAX);
	if (newline == NULL) {
		*why = "the frame's header has no end";
		*used = n + 1;
		return n < FRAME_HEADER_MAX ? 0 : -1;
	}
	head = (size_t)(newline - p) + 1;
	if (header_parse(p, head - 1, f, &bodycrc, why) == -1)
		return -1;
	*used = head + f->length;
	if (n < *used)
		return 0;
	f->body = p + head;
	if (crc32c(0, f->body, f->length) != bodycrc) {
		*why = "the frame's body is damaged";
		return -1;
	}
	return 1;
}

int
frame_greeting(const char *p, size_t n, size_t *skip)
{
	const size_t len = sizeof(FRAME_GREETING) - 1;
	const char *end = p + n, *newline;
	const char *at;

	for (at = p; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			break;
		if ((size_t)(newline - at) == len &&
		    memcmp(at, FRAME_GREETING, len) == 0) {
			*skip = (size_t)(newline + 1 - p);
			return 1;
		}
	}
	return n > GREETING_WITHIN ? -1 : 0;
}

int
frame_answer(const char *p, size_t n, enum frame_type type, struct frame *f)
{
	const char *why;
	size_t skip, used;

	if (frame_greeting(p, n, &skip) != 1 ||
	    frame_parse(p + skip, n - skip, f, &used, &why) != 1 || f->type != type)
		return -1;
	return 0;
}

int
name_valid(const char *name, size_t n)
{
	size_t i;

	if (n == 0 || n > NAME_LIMIT || name[0] == '-')
		return 0;
	for (i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' ||
			c == '%' || c == '-'))
			return 0;
	}
	return 1;
}
