/*
 * words - a line of a client's: its words, and what they ask for (F39, F61).
 */
#include "core/words.h"

#include "core/command.h"
#include "fuzz.h"

static void
ask(const struct words *w)
{
	struct request_id id, id_again;
	char printed[REQUEST_ID_SIZE];
	struct buf b = { 0 };
	struct command again, c;
	const char *why = NULL;

	if (w->n > 0 && request_id_parse(w->word[0].bytes, w->word[0].len, &id) == 0) {
		request_id_print(&id, printed);
		MUST(strlen(printed) == w->word[0].len &&
		    memcmp(printed, w->word[0].bytes, w->word[0].len) == 0);
		MUST(request_id_parse(printed, strlen(printed), &id_again) == 0);
	}
	if (command_from_words(&c, w->word, w->n, &why) == -1) {
		MUST(why != NULL && *why != '\0');
		return;
	}
	if (!command_is_write(&c))
		return;
	MUST(command_encode(&c, &b) == 0 && b.len <= COMMAND_MAX);
	MUST(command_decode(&again, buf_head(&b), b.len) == 0);
	MUST(again.verb == c.verb && again.op == c.op);
	MUST(bytes_compare(again.key, c.key) == 0);
	MUST(bytes_compare(again.operand, c.operand) == 0);
	MUST(bytes_compare(again.value, c.value) == 0);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct words again = { 0 }, w = { 0 };
	struct buf line = { 0 };
	const char *why = NULL;
	char *p = exact(data, n);
	size_t i;

	if (words_parse(&w, p, n, &why) == 0) {
		for (i = 0; i < w.n; i++) {
			MUST(i == 0 || buf_str(&line, " ") == 0);
			MUST(words_put(&line, w.word[i].bytes, w.word[i].len) == 0);
		}
		MUST(line.len == 0 || memchr(buf_head(&line), '\n', line.len) == NULL);
		MUST(words_parse(&again, line.len > 0 ? buf_head(&line) : "", line.len,
			 &why) == 0);
		MUST(again.n == w.n);
		for (i = 0; i < w.n; i++)
			MUST(again.word[i].len == w.word[i].len &&
			    memcmp(again.word[i].bytes, w.word[i].bytes,
				w.word[i].len) == 0);
		ask(&w);
	} else
		MUST(why != NULL && *why != '\0');
	buf_free(&line);
	words_free(&again);
	words_free(&w);
	free(p);
	return 0;
}
